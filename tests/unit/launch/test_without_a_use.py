"""Options that a load has no use for are refused in one line: ignoring them would make another test."""

import dataclasses

import pytest

from bizra_load.cli.main import understood
from bizra_load.exit_codes import UsageError
from bizra_load.io.ports import free_port
from bizra_load.launch import model
from bizra_load.launch.locust_process import command_line
from bizra_load.launch.locustfile import NOTHING_ASKED, Locustfile
from bizra_load.launch.request import load_request
from tests.unit.environment import clear_variables

HOST = "http://127.0.0.1:9"
WEB_UI = {"web_base_path": "", "web_host": "127.0.0.1", "web_port": free_port(), "tls_cert": "", "tls_key": "", "autoquit": -1}
OPTIONS = {**NOTHING_ASKED, **WEB_UI, "expect_workers_max_wait": None}
ORDINARY = Locustfile((), "Visitor", "", "", False, OPTIONS)
OF_OURS = Locustfile((), "", "", "Shape", True, OPTIONS, stages=True, ours=True)
OF_A_PRODUCT = Locustfile((), "", "poi", "Shape", True, OPTIONS, stages=True, ours=True)
BY_OUR_USERS = {
    ("--headers-file", "headers"): "--headers-file: is for users of ours; this locustfile's requests have headers of their own",
    ("--fire-request-events",): "--fire-request-events: is for users of ours; this locustfile's requests fire the event",
    ("--insecure",): "--insecure: is for users of ours; this locustfile's users verify by their own settings",
    ("--ca-file", "ca.pem"): "--ca-file: is for users of ours; this locustfile's users verify by their own settings",
}
BY_PRODUCTS_USERS = [("--base-path", "/v2"), ("--verify-share", "2%"), ("--finality-share", "2%"), ("--block-hashes", "hashes")]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    clear_variables(monkeypatch, "GRAFANA_URL")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").touch()
    (tmp_path / "headers").write_text("X-Tenant: acme\n")


@pytest.fixture
def request_of(monkeypatch):
    def request_of(surveyed, *words):
        monkeypatch.setattr(model, "of_ours", lambda _: None)
        monkeypatch.setattr(model, "survey", lambda *_: surveyed)
        args = understood(["run", "-f", "mine.py", "-H", HOST, *words])
        return load_request(vars(args), args.words)

    return request_of


@pytest.mark.parametrize("plan", [(), ("--target-ops", "10"), ("--web-ui",)])
@pytest.mark.parametrize("words", BY_OUR_USERS)
def test_what_only_our_users_read_is_refused_for_others(request_of, words, plan):
    with pytest.raises(UsageError) as refused:
        request_of(ORDINARY, *words, *plan)
    assert str(refused.value).startswith(BY_OUR_USERS[words])
    assert "(allowed: " in str(refused.value)


@pytest.mark.parametrize("words", BY_PRODUCTS_USERS)
def test_what_only_a_products_users_read_is_refused_for_others(request_of, words):
    for surveyed in (ORDINARY, OF_OURS):
        with pytest.raises(UsageError, match=f"^{words[0]}: is for users of a product, such as PoIUser; "):
            request_of(surveyed, *words)


def test_our_users_take_them(request_of):
    words = ("--headers-file", "headers", "--fire-request-events", "--insecure")
    assert request_of(OF_OURS, *words).settings.headers == (("X-Tenant", "acme"),)
    assert request_of(OF_A_PRODUCT, *words, "--base-path", "/v2").settings.of_products["base_path"] == "/v2"


@pytest.mark.parametrize("option", ["--metrics-url", "--prometheus-url"])
def test_whom_to_trust_is_for_the_servers_metrics_too(request_of, monkeypatch, option):
    assert request_of(ORDINARY, "--insecure", option, HOST).settings.insecure
    monkeypatch.setenv(option[2:].upper().replace("-", "_"), HOST)
    assert request_of(ORDINARY, "--insecure").settings.insecure


def test_what_an_environment_says_is_no_wish_for_this_run(request_of, monkeypatch):
    monkeypatch.setenv("HEADERS_FILE", "headers")
    assert request_of(ORDINARY).settings.headers


@pytest.mark.parametrize("option", ["--abort-on-fail", "--stop-when-decided"])
@pytest.mark.parametrize("surveyed", [ORDINARY, OF_A_PRODUCT])
def test_without_objectives_no_run_ends_by_a_decision(request_of, surveyed, option):
    none = () if surveyed is ORDINARY else ("--agreement", "none")
    with pytest.raises(UsageError, match=f"^{option}: without objectives nothing is decided"):
        request_of(surveyed, option, *none)
    assert request_of(surveyed, option, "--objective", "error rate < 1 %").settings
    assert request_of(surveyed, option, *none, "--web-ui").settings  # the form may bring some


def test_without_objectives_nothing_is_compared_with_a_baseline(request_of, monkeypatch):
    with pytest.raises(UsageError, match=r"^--baseline: without objectives nothing is compared"):
        request_of(ORDINARY, "--baseline", "no-such.json")
    monkeypatch.setenv("BASELINE", "no-such.json")  # of all runs here, as others have objectives
    assert request_of(ORDINARY).settings.baseline == "no-such.json"


@pytest.mark.parametrize("words", [("--exit-code-on-error", "9"), ("--exit-code-on-error=9",)])
def test_the_exit_code_of_failures_is_the_verdicts(request_of, words):
    with pytest.raises(UsageError, match=r"^--exit-code-on-error: the verdict decides the exit code"):
        request_of(ORDINARY, *words)


def test_locusts_table_is_printed_where_it_is_asked_for(request_of, tmp_path):
    silent, printing = (command_line(request_of(ORDINARY, *words), 1, tmp_path)[0] for words in ((), ("--print-stats",)))
    assert "--only-summary" in silent
    assert "--print-stats" in printing
    assert "--only-summary" not in printing


@pytest.mark.parametrize(
    ("words", "run_time_s", "line"),
    [
        (("-t", "1m5s"), 65, "-t: the planned rate begins with all users, and ends with --duration (allowed: --duration 65s)"),
        (("-r", "3"), None, "-r: the planned rate begins with all users, and ends with --duration (allowed: without it)"),
    ],
)
def test_what_a_planned_rate_decides_names_what_to_write(request_of, words, run_time_s, line):
    surveyed = dataclasses.replace(ORDINARY, options={**OPTIONS, "run_time": run_time_s})
    with pytest.raises(UsageError) as refused:
        request_of(surveyed, "--target-ops", "5", *words)
    assert str(refused.value) == line
