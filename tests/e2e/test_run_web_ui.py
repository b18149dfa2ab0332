"""`bizra-load run --web-ui` in a real browser: any locustfile's test is started from Locust's form, and its verdict is read."""

import json
import os
import re

import pytest

from bizra_load.archive.latest import LATEST, run_folders
from sla.judgement.checks.allowable import ALLOWABLE
from tests.e2e.any_locustfile.shop import serving
from tests.e2e.browser import chromium
from tests.e2e.running import until
from tests.e2e.web_ui import RunWebUI, WebUI

SHOPPER = """
from locust import HttpUser, between, events, task

@events.init_command_line_parser.add_listener
def more(parser):
    parser.add_argument("--duration", type=int, default=7, help="of a purchase")

class Shopper(HttpUser):
    wait_time = between(0.05, 0.1)

    @task
    def items(self):
        self.client.get("/items", name=f"items for {self.environment.parsed_options.duration}")

class Payer(HttpUser):
    wait_time = between(0.05, 0.1)

    @task
    def pay(self):
        self.client.post("/login", name="pay")
"""
ANYHOW = ("--allow", ",".join(ALLOWABLE))  # what a busy machine does to a load is not what these tests are on


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser):
    opened = browser.new_page()
    opened.trouble = []
    opened.on("pageerror", lambda error: opened.trouble.append(str(error)))
    yield opened
    opened.close()


@pytest.fixture
def shop():
    with serving() as shop:
        yield shop


def write(folder, text=SHOPPER):
    (folder / "shopper.py").write_text(text)
    return folder / "shopper.py"


def open_form(page, ui, again=False):
    until(lambda: ui.state in ("ready", "stopped"), "the end of the test before")
    page.goto(ui.url + "/")
    if again:
        page.get_by_role("button", name="New", exact=True).click()
    page.locator(".bizra-load-group", has_text="Planned load").wait_for()


def start(page, **fields):
    """Fill these in, by their names in Locust's form, and start."""
    for name, value in fields.items():
        field = page.locator(f"form [name={name}]")
        if field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.get_by_role("button", name="Start", exact=True).click()


def run_of(out, number=1):
    return until(lambda: len(run_folders(out)) == number and run_folders(out)[-1], "a run")


def facts(folder):
    return json.loads(until(lambda: (folder / "run.json").exists() and (folder / "run.json").read_text(), "a record"))["facts"]


def verdict(page, ui):
    """(decision, exit code) on our page."""
    page.goto(f"{ui.url}/bizra-load")
    page.locator("#decision", has_text="exit code").wait_for(timeout=60_000)
    decision, code = re.fullmatch(r"(.+) \(exit code (\d)\)", page.locator("#decision").inner_text()).groups()
    return decision, int(code)


def finished(ui, folder):
    """Right operations of this run so far."""
    data = ui.get("/bizra-load/data").json()
    return sum(one["ok"] for one in data["operations"]) if data["run"] == folder.name else 0


@pytest.mark.browser
def test_a_run_with_its_own_rate_stages_and_agreement_by_name_and_its_verdict(tmp_path, page, calm_node):
    out = tmp_path / "runs"
    with RunWebUI("", out, "--metrics-url", calm_node.metrics_url, "--processes", "2", *ANYHOW, target=calm_node.url) as ui:
        open_form(page, ui)
        assert page.locator("form .bizra-load-note").first.inner_text().startswith("The planned load decides how many users")
        assert not page.locator("[name=userCount]").is_visible()
        assert page.locator("[name=agreement] option").all_inner_texts() == ["none", "local", "v2.2.0-rc1"]
        start(page, targetOps="a lot")
        page.get_by_text("--target-ops: not a rate in ops/s: 'a lot'").wait_for()
        assert not out.exists()
        start(page, targetOps="40", stages="spike", agreement="local")
        first = run_of(out)
        until(lambda: finished(ui, first) > 50, "operations")
        ui.post("/stop")
        assert verdict(page, ui)[1] in (3, 4, 5)
        plan = facts(first)["plan"]
        assert [(s["duration_s"], s["to_per_s"]) for s in plan] == [(10, 40), (50, 40), (10, 120), (50, 40)]
        assert json.loads((first / "assessment.json").read_text())["agreement"] == "local"

        open_form(page, ui, again=True)
        start(page, stages="", ramp="1s", duration="6s", agreement="none")
        second = run_of(out, 2)
        until(lambda: (second / "exit-code").exists() and (second / "assessment.json").exists(), "its end", 60)
        assert verdict(page, ui) == ("NOT JUDGED", 0)
        assert [s["to_per_s"] for s in facts(second)["plan"]] == [40, 40]
        assert len(facts(second)["workers"]) == 2
    assert page.trouble == []
    assert ui.code == 0, ui.lines
    assert os.readlink(out / LATEST) == second.name
    assert "Traceback" not in ui.lines


@pytest.mark.browser
@pytest.mark.parametrize("processes", ["1", "2"])
def test_an_ordinary_locustfile_with_an_option_of_the_name_of_ours(tmp_path, page, shop, processes):
    """First its users work as they please, then its tasks are due at a rate."""
    out = tmp_path / "runs"
    with RunWebUI(write(tmp_path), out, "--processes", processes, *ANYHOW, target=shop.url) as ui:
        open_form(page, ui)
        assert page.locator("[name=duration]").input_value() == "7"  # the locustfile's own
        assert page.locator("[name=bizraLoadDuration]").input_value() == "60s"
        assert "an option --duration of its own" in page.locator("form").inner_text()
        assert page.locator("[name=userCount]").is_visible()
        assert page.locator("[name=verifyShare]").count() == 0  # of another product
        start(page, userCount="4", spawnRate="4", duration="9", objective="all p99 < 30 s; error rate < 50 %")
        first = run_of(out)
        until(lambda: finished(ui, first) > 450, "requests")
        ui.post("/stop")
        assert verdict(page, ui)[1] in (0, 4)
        assert facts(first)["plan"] == []
        objectives = json.loads((first / "assessment.json").read_text())["objectives"]
        assert len(objectives) == 2
        assert {one["name"] for one in ui.get("/bizra-load/data").json()["operations"]} == {"GET items for 9", "POST pay"}

        open_form(page, ui, again=True)
        page.locator("form [name=targetOps]").fill("30")
        page.locator("[name=userCount]").wait_for(state="hidden")
        start(page, ramp="0s", bizraLoadDuration="6s", objective="throughput >= 50 % of plan")
        second = run_of(out, 2)
        until(lambda: (second / "assessment.json").exists(), "its end", 60)
        decision, code = verdict(page, ui)
        assert [(s["duration_s"], s["to_per_s"]) for s in facts(second)["plan"]] == [(6, 30)]
        names = {one["name"] for one in ui.get("/bizra-load/data").json()["operations"]}
        assert names == {"GET items for 7", "POST pay", "task items", "task pay"}  # Locust's page begins anew

        # and as they please again
        assert ui.post("/swarm", {"user_count": "2", "spawn_rate": "2", "target_ops": "", "objective": ""}).json()["success"]
        third = run_of(out, 3)
        until(lambda: finished(ui, third) > 20, "requests")
        ui.post("/stop")
        until(lambda: (third / "assessment.json").exists(), "its end", 60)
        assert facts(third)["plan"] == []
        assert not any(one["name"].startswith("task") for one in ui.get("/bizra-load/data").json()["operations"])
    assert page.trouble == []
    assert decision
    assert code in (0, 3, 4)
    assert ui.code == int((third / "exit-code").read_text())  # of the last run, which may have been too short for a verdict
    assert ui.code in (0, 5)
    assert "Traceback" not in ui.lines


@pytest.mark.browser
def test_the_class_picker_keeps_the_plan(tmp_path, page, calm_node):
    out = tmp_path / "runs"
    words = ("--class-picker", "--metrics-url", calm_node.metrics_url, "--agreement", "local", *ANYHOW)
    with WebUI("locustfiles/mixed.py", out, *words, target=calm_node.url) as ui:
        open_form(page, ui)
        assert page.locator("[name=shapeClass] option").all_inner_texts() == ["Shape"]
        assert not page.locator("[name=userCount]").is_visible()
        start(page, targetOps="40", ramp="0s", duration="8s")
        folder = run_of(out)
        until(lambda: (folder / "assessment.json").exists(), "its end", 60)
        assert verdict(page, ui)[1] in (0, 3, 4)
        assessment = json.loads((folder / "assessment.json").read_text())
        done = sum(one["ok"] for one in ui.get("/bizra-load/data").json()["operations"])
        assert assessment["objectives"]
        assert 250 <= done <= 320  # today it was as much as the node can


@pytest.mark.browser
def test_classes_of_an_ordinary_locustfile_are_picked(tmp_path, page, shop):
    out = tmp_path / "runs"
    with RunWebUI(write(tmp_path), out, "--class-picker", *ANYHOW, target=shop.url) as ui:
        open_form(page, ui)
        page.get_by_role("row", name="Payer").get_by_role("checkbox").click()
        start(page, targetOps="20", ramp="0s", bizraLoadDuration="6s")
        folder = run_of(out)
        until(lambda: (folder / "assessment.json").exists(), "its end", 60)
        assert verdict(page, ui) == ("NOT JUDGED", 0)
        assert {one["name"] for one in ui.get("/bizra-load/data").json()["operations"]} == {"GET items for 7", "task items"}
    assert ui.code == 0


LOGIN = """
from flask import redirect, request
from flask_login import UserMixin, login_user
from locust import events

class Somebody(UserMixin):
    id = "somebody"

@events.init.add_listener
def login(environment, **_):
    if environment.web_ui is not None:
        environment.web_ui.app.secret_key = "test"
        environment.web_ui.login_manager.user_loader(lambda _: Somebody())
        base = environment.parsed_options.web_base_path or ""
        environment.web_ui.auth_args = {"username_password_callback": f"{base}/enter"}

        @environment.web_ui.app.route(f"{base}/enter", methods=["POST"])
        def enter():
            if request.form["password"] == "right":
                login_user(Somebody())
            return redirect(f"{base}/")
"""
PATHS = ("/", "/bizra-load", "/bizra-load/data", "/bizra-load/metrics", "/bizra-load/form.js", "/bizra-load/form.css",
         "/bizra-load/page.js", "/bizra-load/page.css")  # fmt: skip


@pytest.mark.browser
def test_below_a_base_path_and_behind_a_login_nothing_is_shown_without_it(tmp_path, page, shop):
    out = tmp_path / "runs"
    file = write(tmp_path, SHOPPER + LOGIN)
    with RunWebUI(file, out, "--web-login", "--web-base-path", "/load", *ANYHOW, target=shop.url) as ui:
        for path in PATHS:
            response = ui.get(path)
            assert response.url.startswith(f"{ui.url}/login"), path  # where it leads
            assert "target_ops" not in response.text
            assert "bizra_load_" not in response.text
        for path in ("/swarm", "/user", "/stop"):
            assert "rate" not in ui.post(path, {"target_ops": "abc"}).text
        assert not out.exists()
        page.goto(ui.url + "/")
        page.locator("[name=username]").fill("somebody")
        page.locator("[name=password]").fill("right")
        page.get_by_role("button", name="Login").click()
        page.locator(".bizra-load-group", has_text="Planned load").wait_for()
        start(page, targetOps="20", ramp="0s", bizraLoadDuration="6s")
        folder = run_of(out)
        until(lambda: (folder / "assessment.json").exists(), "its end", 60)
        assert verdict(page, ui) == ("NOT JUDGED", 0)
        for path in PATHS:
            assert page.request.get(ui.url + path).url == ui.url + path
        assert "bizra_load_" in page.request.get(f"{ui.url}/bizra-load/metrics").text()
        page.goto(ui.url + "/")
        page.get_by_role("tab", name="Download Data").click()
        link = page.get_by_role("link", name="Live page and verdict of bizra-load")
        assert link.get_attribute("href") == "/load/bizra-load"
    assert page.trouble == []


def test_the_variables_of_locusts_web_ui_count_for_our_scenarios_too(tmp_path, calm_node):
    with RunWebUI("", tmp_path, target=calm_node.url, LOCUST_WEB_BASE_PATH="/load", LOCUST_USERS="7") as ui:
        until(lambda: ui.get("/load/bizra-load/metrics").status_code == 200, "our pages")
        assert ui.get("/bizra-load/metrics").status_code == 404
    assert ui.code == 0  # no run, nothing to judge
    assert "LOCUST_USERS: not handed on" in ui.lines
    assert "/load/bizra-load); Ctrl+C ends it" in ui.lines
