"""What a load is asked for -> Locust's command line: passwords stay out of it, and a request never changes."""

import dataclasses
import json

import pytest

from bizra_load.cli.main import parser
from bizra_load.exit_codes import UsageError
from bizra_load.io.this_machine import usable_cores
from bizra_load.launch.locust_process import command_line, ignored_variables
from bizra_load.launch.request import LoadRequest, load_request
from bizra_load.products import all_options
from tests.unit.environment import clear_variables

SECRET = "http://user:hunter2@127.0.0.1:9"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    clear_variables(monkeypatch)


def request_of(*words):
    return load_request(vars(parser(["run"]).parse_args(["run", *words])))


def test_a_request_does_not_change():
    request = request_of("-H", "http://127.0.0.1:9")
    with pytest.raises(dataclasses.FrozenInstanceError):
        request.host = "http://127.0.0.1:10"
    with pytest.raises(dataclasses.FrozenInstanceError):
        request.settings.metrics_url = "http://127.0.0.1:10"


def test_all_options_are_handed_on_and_of_the_switches_those_that_were_given(tmp_path):
    report = tmp_path / "junit.xml"
    report.write_text('<testsuite tests="1"><testcase name="a"/></testsuite>')
    given = ["--target-ops", "20", "--ramp", "1s", "--insecure", "--evidence", f"tests={report}", "--stop-timeout", "3"]
    words, environment = command_line(request_of("-H", "http://127.0.0.1:9", *given), 2, tmp_path)
    assert words[-4:] == ["--loglevel", "WARNING", "--stop-timeout", "3"]
    assert words[words.index("-H") + 1] == "http://127.0.0.1:9"
    options = json.loads(environment["BIZRA_LOAD_OPTIONS"])
    given_options = {"target_ops": "20", "ramp": "1s", "insecure": True, "evidence": [f"tests={report}"]}
    assert {name: options[name] for name in given_options} == given_options
    assert set(options) == {option.name for option in all_options()} | {*given_options, "objective"}
    assert words[words.index("--processes") + 1] == "2"
    assert environment["BIZRA_LOAD_RUN_FOLDER"] == str(tmp_path)


@pytest.mark.parametrize("place", [LoadRequest.on_node, LoadRequest.in_rehearsal])
def test_only_a_load_on_a_node_of_our_own_is_recorded_as_a_rehearsal(tmp_path, monkeypatch, place):
    monkeypatch.setenv("BIZRA_LOAD_REHEARSAL", "1")  # left over from elsewhere
    own = place(request_of(), "http://127.0.0.1:8", "http://127.0.0.1:8/metrics")
    for request in (own, request_of("-H", "http://127.0.0.1:9")):
        _, environment = command_line(request, 1, tmp_path)
        assert bool(environment["BIZRA_LOAD_REHEARSAL"]) is request.rehearsal is (request is own)


def test_without_a_target_the_agreement_is_local_unless_one_is_named(monkeypatch):
    assert request_of().settings.agreement == "local"
    assert request_of().options["agreement"] == "local"
    assert request_of("--agreement", "v2.2.0-rc1").settings.agreement == "v2.2.0-rc1"
    assert request_of("-H", "http://127.0.0.1:9").settings.agreement == "v2.2.0-rc1"
    monkeypatch.setenv("AGREEMENT", "v2.2.0-rc1")
    assert request_of().settings.agreement == "v2.2.0-rc1"


def test_minus_one_process_is_locusts_word_for_one_for_each_core(monkeypatch):
    assert request_of("-H", "http://127.0.0.1:9", "--processes", "-1").processes == usable_cores()
    monkeypatch.setenv("WORKERS", "-1")
    assert request_of("-H", "http://127.0.0.1:9").processes == usable_cores()


def test_passwords_go_to_locust_by_its_environment(tmp_path):
    request = request_of("-H", SECRET, "--metrics-url", SECRET)
    words, environment = command_line(request, 2, tmp_path)
    assert "hunter2" not in " ".join(words)
    assert environment["LOCUST_HOST"] == json.loads(environment["BIZRA_LOAD_OPTIONS"])["metrics_url"] == SECRET
    assert request.exposed == ("-H", "--metrics-url")


def test_a_password_of_the_environment_is_exposed_nowhere(monkeypatch):
    monkeypatch.setenv("ENDPOINT", SECRET)
    monkeypatch.setenv("METRICS_URL", SECRET)
    request = request_of()
    assert (request.host, request.settings.metrics_url, request.exposed) == (SECRET, SECRET, ())


def test_on_a_reference_node_its_metrics_are_read_unless_others_were_asked_for():
    node = ("http://127.0.0.1:1", "http://127.0.0.1:2/metrics")
    request = request_of().on_node(*node)
    assert (request.host, request.settings.metrics_url) == node
    assert (request.options["agreement"], request.options["metrics_url"]) == ("local", node[1])
    other = request_of("--prometheus-url", "http://127.0.0.1:3").on_node(*node)
    assert (other.host, other.settings.metrics_url, other.settings.prometheus_url) == (node[0], "", "http://127.0.0.1:3")


def test_in_a_rehearsal_they_are_read_whatever_was_asked_for():
    request = request_of("--prometheus-url", "http://127.0.0.1:3").in_rehearsal("http://127.0.0.1:1", "http://127.0.0.1:2")
    assert (request.settings.metrics_url, request.settings.prometheus_url) == ("http://127.0.0.1:2", "")
    assert (request.options["metrics_url"], request.options["prometheus_url"]) == ("http://127.0.0.1:2", "")


def test_a_wrong_target_is_refused():
    with pytest.raises(UsageError, match="-H/--host: not a URL"):
        request_of("-H", "ftp://x")


def test_variables_of_locusts_own_options_are_not_handed_on_and_named(monkeypatch, tmp_path):
    for name, value in (("LOCUST_TAGS", "smoke"), ("LOCUST_USERS", "7"), ("OF_THE_SCENARIO", "kept")):
        monkeypatch.setenv(name, value)
    _, environment = command_line(request_of("-H", "http://127.0.0.1:9"), 2, tmp_path)
    assert {name for name in environment if name.startswith("LOCUST_")} == {"LOCUST_HOST"}
    assert environment["OF_THE_SCENARIO"] == "kept"
    assert ignored_variables({"LOCUST_USERS": "7", "LOCUST_TAGS": "smoke", "A": ""}) == (
        "LOCUST_TAGS, LOCUST_USERS: not handed on to Locust (allowed: the options of bizra-load run)"
    )
    assert ignored_variables({"A": ""}) == ""
