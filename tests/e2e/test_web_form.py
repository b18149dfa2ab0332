"""What is posted to a real web UI: a wrong value starts nothing, a path opens nothing, a secret goes where it was given for."""

import html
import json
import os
import subprocess
import sys

import pytest
import requests

from bizra_load.io.ports import free_port
from bizra_load.products import all_options
from bizra_load.settings.arguments import SWITCHES
from tests.e2e.plain_http import listening
from tests.e2e.running import ROOT, until
from tests.e2e.web_ui import NOWHERE, WebUI
from tests.unit.cli.wrong_values import WRONG

SECRET = "planted-secret-4711"
OPTIONS = {option.name: option for option in all_options() if option.on_the_web_form}
PATHS = [name for name, option in OPTIONS.items() if option.path == "yes"]
ANY_TEXT = (
    "run_name",
    "allow",
    "environment_name",
    "baseline",
    "prometheus_selector",
    "metrics_url",
    "prometheus_url",
    "base_path",
)
EVERY_KIND = ("9" * 5000, "\u2603 \u0663", "[1, 2]", "\x00\x1b[31m")
COMMON = [("user_count", v) for v in ("", "-1", "1.5", "abc", "9" * 400, "\u0663\u2603")]
COMMON += [("spawn_rate", v) for v in ("", "-1", "nan", "inf", "1e999", "abc", "\u0663")]
COMMON += [("run_time", v) for v in ("abc", "0", "9" * 400, f"{'9' * 40}h", "1e5", "-5s", "\u0663")]
COMMON += [("host", v) for v in ("", "nope", "ftp://x", "http://", "http://a b", "http://a:99999", "http://a\n", "\u2603")]
COMMON += [("profile", "a\x00"), ("profile", "x" * 3000), ("user_classes", "Nobody"), ("shape_class", "Nobody")]
OFF = (
    "evidence",
    "generator_metrics_port",
    "insecure",
    "web_files",
    "web_names",
    "html_file",
    "json_file",
    "csv_prefix",
    "logfile",
)
OFF += ("locustfile", "headless", "processes", "loglevel", "target_ops[]", "no_such", "__class__", "")


def wrong():
    yield from COMMON
    for key in OFF:
        yield key, "x"
    for name, option in OPTIONS.items():
        values = [v for v in WRONG.get(f"run {option.flag}", ()) if name not in PATHS or "{" in v][:8]
        values += EVERY_KIND if name not in ANY_TEXT else ()
        yield from ((name, value) for value in values if not (value == "" and name in ANY_TEXT))
    for switch in SWITCHES:
        yield from ((switch.name, value) for value in ("", "yes", "1", "True", "\u2603"))


@pytest.fixture(scope="module")
def ui(tmp_path_factory):
    out = tmp_path_factory.mktemp("web") / "runs"
    with WebUI("locustfiles/poi.py", out) as started:
        started.out = out
        yield started


def refused(response):
    """The line, in Locust's own form of a refusal, which its page shows."""
    assert response.status_code == 200, response.text
    content = response.json()
    assert content["success"] is False, content
    line = content["message"]
    assert line.strip()
    assert line.isprintable()
    assert len(line) < 700
    return line


def nothing_was_started(ui):
    assert not ui.out.exists()
    assert ui.get("/bizra-load/data").json()["run"] == ""
    assert '"state": "ready"' in html.unescape(ui.get("/").text)


def test_a_wrong_value_is_one_line_and_starts_nothing(ui):
    """Every option of the form, the form's own fields, and what is not on it."""
    tried = set()
    for key, value in wrong():
        line = refused(ui.post("/swarm", {key: value}))
        assert line
        tried.add(key)
    assert tried >= {*OPTIONS, *(s.name for s in SWITCHES)}
    nothing_was_started(ui)


def test_an_option_that_is_given_twice_or_in_another_form_starts_nothing(ui):
    for name, option in OPTIONS.items():
        assert "2 times" in refused(ui.post("/swarm", [(name, option.default), (name, option.default)]))
    for content in (b"[1]", b'{"target_ops": 5}', b"\xff" * 100):
        refused(ui.post("/swarm", content, Content_Type="application/json"))
        refused(ui.post("/swarm", content))
    for kind in ("multipart/form-data", "multipart/form-data; boundary=other"):
        refused(
            ui.post("/swarm", b'--b\r\nContent-Disposition: form-data; name="user_count"\r\n\r\n5\r\n--b--', Content_Type=kind)
        )
    refused(requests.post(ui.url + "/swarm", files={"stages": b"stages: []"}, timeout=10))
    refused(ui.post("/swarm", iter([b"target_ops=5"]), Content_Type="text/plain"))
    nothing_was_started(ui)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"[]",
        b'"x"',
        b'{"user_class_name": "Nobody"}',
        b'{"user_class_name": ["x"]}',
        b'{"user_class_name": "GenerateThenVerify", "abstract": true}',
        b'{"user_class_name": "GenerateThenVerify", "weight": "x"}',
        b'{"user_class_name": "GenerateThenVerify", "weight": -1}',
        b'{"user_class_name": "GenerateThenVerify", "weight": 1e400}',
        b'{"user_class_name": "GenerateThenVerify", "tasks": [1]}',
        b'{"user_class_name": "GenerateThenVerify", "host": "nope"}',
        b'{"user_class_name": "GenerateThenVerify", "__init__": "x"}',
    ],
)
def test_a_wrong_user_class_is_one_line(ui, content):
    refused(ui.post("/user", content))


def test_no_path_is_taken_from_the_form_and_no_file_is_shown(ui, tmp_path):
    for name, option in OPTIONS.items():
        if option.path == "no":
            continue
        for suffix in ("", ".yaml", ".json", ".yml"):
            path = tmp_path / f"secret{suffix}"
            path.write_text(f"{SECRET}: {SECRET}\n")
            line = refused(ui.post("/swarm", {name: str(path)}))
            assert "which the web form may not name" in line or "is unknown (allowed: a ." in line
            assert SECRET not in line
    shown = ui.get("/").text
    assert "target_ops" in shown
    assert not [name for name in (*PATHS, "insecure") if f'"{name}"' in shown or f"&#34;{name}&#34;" in shown]
    nothing_was_started(ui)


def test_with_web_files_a_path_is_taken_and_still_no_file_is_shown(tmp_path):
    path = tmp_path / "secret.yaml"
    path.write_text(f"{SECRET}: {SECRET}\n")
    stages = tmp_path / "stages.yaml"
    stages.write_text("stages: [{step: {to: 5, for: 60s}}]\n")
    with WebUI("locustfiles/poi.py", tmp_path / "runs", "--web-files") as ui:
        for name in ("stages", "block_hashes", "agreement", "ca_file"):
            assert SECRET not in refused(ui.post("/swarm", {name: str(path)})).replace(str(path), "")
        assert ui.post("/swarm", {"stages": str(stages), "agreement": "local"}).json()["success"]
        until(lambda: list((tmp_path / "runs").glob("*/run.json")), "a run")
        assert "a test is running" in refused(ui.post("/swarm", {"agreement": "local"}))
        ui.post("/stop")
    assert SECRET not in ui.lines


PICKED = """
from locust import User, constant, events, task
from bizra_load import PoIUser, StagesShape, register
register()

@events.init_command_line_parser.add_listener
def more(parser):
    parser.add_argument("--depth", type=int, default=3)
    parser.add_argument("--words", nargs="*", default=[])

class Shape(StagesShape):
    pass

class Open(PoIUser):
    @task
    def go(self):
        self.generate()

class Plain(User):
    wait_time = constant(0.05)

    @task
    def go(self):
        self.environment.events.request.fire(
            request_type="X", name="n", response_time=1.0, response_length=0, exception=None, context={})
"""


def test_picked_classes_and_a_locustfiles_own_options_are_checked_too(tmp_path):
    (tmp_path / "picked.py").write_text(PICKED)
    out = tmp_path / "runs"
    with WebUI(tmp_path / "picked.py", out, "--class-picker", "--agreement", "local") as ui:
        ui.out = out
        for fields, message in (
            ({"user_classes": "Plain", "spawn_rate": "0"}, "spawn_rate: '0'"),
            ({"user_classes": "Nobody"}, "allowed: Open, Plain"),
            ({"user_classes": "Open", "shape_class": "None"}, "allowed: Default, Shape"),
            ({"depth": "abc"}, "depth: 'abc'"),
            ({"depth": ""}, "depth: ''"),
            ({"depth": "9" * 5000}, "depth: "),
            ({"words": "abc"}, "words: 'abc'"),
            (
                {"user_classes": "Plain", "user_count": "9" * 30, "spawn_rate": "1"},
                "allowed: a whole number, from 0 to 100,000",
            ),
        ):
            assert message in refused(ui.post("/swarm", fields))
        nothing_was_started(ui)  # next a closed model, then an open one, which goes on as the shape says
        fields = {"user_classes": "Plain", "shape_class": "Default", "user_count": "2", "spawn_rate": "2", "depth": "5"}
        for number, chosen in enumerate(
            (fields, {"user_classes": "Open", "shape_class": "Default", "target_ops": "10"}), start=1
        ):
            assert ui.post("/swarm", chosen).json()["success"]
            until(lambda n=number: len(list(out.glob("*/run.json"))) == n, "a run")
            ui.post("/stop")
            until(lambda n=number: len(list(out.glob("*/assessment.json"))) == n, "its assessment")
    models = [json.loads(path.read_text())["facts"]["plan"] != [] for path in sorted(out.glob("*/run.json"))]
    assert models == [False, True]


def test_a_secret_goes_to_the_address_that_it_was_given_for_and_to_no_other(tmp_path):
    (tmp_path / "headers").write_text(f"X-Key: {SECRET}\n")
    secrets = {"BIZRA_LOAD_TOKEN": SECRET, "METRICS_TOKEN": SECRET, "PROMETHEUS_TOKEN": SECRET}
    secrets["HEADERS_FILE"] = str(tmp_path / "headers")
    short = ("--target-ops", "20", "--ramp", "0", "--duration", "60s", "--agreement", "local")
    asked, stolen = [], []
    with listening(asked) as given, listening(stolen) as other:
        with WebUI("locustfiles/poi.py", tmp_path / "runs", *short, target=given, **secrets) as ui:
            for fields in (
                {"host": other},
                {"metrics_url": other},
                {"prometheus_url": other},
                {"host": f"{given}@{other[7:]}"},
            ):
                assert "is for" in refused(ui.post("/swarm", fields))
            assert "is for" in refused(ui.post("/user", json.dumps({"user_class_name": "GenerateThenVerify", "host": other})))
            assert ui.post("/swarm", {"host": given}).json()["success"]
            until(lambda: asked, "a request")
            ui.post("/stop")
        with WebUI("locustfiles/poi.py", tmp_path / "runs", *short, target="", **secrets) as ui:
            assert "is for no address" in refused(ui.post("/swarm", {"host": other}))
        plain = dict.fromkeys(secrets, "")
        with WebUI(
            "locustfiles/poi.py", tmp_path / "runs", *short, target=given, **plain
        ) as ui:  # without any it may go anywhere
            assert stolen == []
            assert ui.post("/swarm", {"host": other}).json()["success"]
            until(lambda: stolen, "a request")
            ui.post("/stop")
    assert {(authorization, key) for _, _, authorization, key in asked} == {(f"Bearer {SECRET}", SECRET)}
    assert SECRET not in str(stolen) + ui.lines


def test_a_password_of_an_address_that_was_posted_is_shown_to_nobody_and_kept(tmp_path):
    """The form shows the address without it; posted like that, it is the one that was posted before."""
    asked: list[tuple[str, str, str | None, str | None]] = []
    short = ("--target-ops", "20", "--ramp", "0", "--duration", "60s", "--agreement", "local")
    with listening(asked) as url, WebUI("locustfiles/poi.py", tmp_path / "runs", *short, target=url) as ui:
        page, with_password = f"{url}/metrics", f"{url}/metrics".replace("//", f"//me:{SECRET}@")
        for posted in (with_password, page, page):
            asked.clear()
            assert ui.post("/swarm", {"metrics_url": posted}).json()["success"]
            until(lambda: [one for one in asked if one[1] == "/metrics"], "a reading")
            assert all(authorization for _, path, authorization, _ in asked if path == "/metrics")
            assert ui.post("/stop").json()["success"]
            shown = html.unescape(ui.get("/").text)
            assert SECRET not in shown
            assert f'"{page}"' in shown
        asked.clear()
        assert ui.post("/swarm", {"metrics_url": page + "?all"}).json()["success"]
        until(lambda: [one for one in asked if one[1] == "/metrics?all"], "a reading without it")
        assert not [authorization for _, _, authorization, _ in asked if authorization]
    assert SECRET not in ui.lines


def test_a_worker_keeps_its_secrets_for_the_target_that_it_was_given(tmp_path):
    """Its master names another."""
    port, asked = str(free_port()), []
    base = [sys.executable, "-m", "locust", "-f", "locustfiles/poi.py"]
    with listening(asked) as other:
        master = [*base, "--master", "--headless", "--expect-workers", "1", "-H", other, "--only-summary"]
        master += [
            "--master-bind-host",
            "127.0.0.1",
            "--master-bind-port",
            port,
            "--out",
            str(tmp_path),
            "--agreement",
            "local",
        ]
        master += ["--target-ops", "20", "--ramp", "0", "--duration", "2s"]
        worker = [*base, "--worker", "--master-host", "127.0.0.1", "--master-port", port, "-H", NOWHERE]
        own = {**os.environ, "BIZRA_LOAD_TOKEN": SECRET}
        quiet = {"cwd": ROOT, "stdout": subprocess.DEVNULL, "text": True}
        started = subprocess.Popen(worker, stderr=subprocess.PIPE, env=own, **quiet)
        try:
            subprocess.run(master, stderr=subprocess.DEVNULL, timeout=60, check=False, **quiet)
            message = started.communicate(timeout=20)[1]
        finally:
            started.kill()
    assert asked
    assert not [authorization for _, _, authorization, _ in asked if authorization]
    assert f"this worker's token and headers are for {NOWHERE}, and not sent to {other}" in message
    assert SECRET not in message
