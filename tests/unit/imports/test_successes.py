"""What counts as a success in other tools' files, and why a request failed."""

import pytest

from bizra_load.cli.main import main
from bizra_load.exit_codes import UsageError
from bizra_load.imports.read import read_import
from tests.unit.imports.test_imports import (
    AGREEMENT,
    JMETER_HEADER,
    K6_HEADER,
    START,
    imported,
    jmeter_row,
    k6_row,
    written,
)


def test_a_grpc_call_of_k6_succeeded_when_its_status_is_0_and_only_then(tmp_path):
    rows = [k6_row(START, 2.0, expected="", status=status, metric="grpc_req_duration") for status in (0, 14, 0, 4, 13)]
    [window] = imported(tmp_path, "k6.csv", K6_HEADER, *rows)
    assert (window.ok, window.failed) == (2, {"grpc": 2, "timeout": 1})
    assert window.response.over_range == 1


@pytest.mark.parametrize(
    ("status", "failed"), [(200, {}), (399, {}), (404, {"http_4xx": 1}), (503, {"http_5xx": 1}), ("2xx", {"transport": 1})]
)
def test_a_row_of_k6_without_expected_response_is_judged_by_its_status(tmp_path, status, failed):
    [window] = imported(tmp_path, "k6.csv", K6_HEADER, k6_row(START, 2.0, expected="", status=status))
    assert window.failed == failed
    assert window.ok == 1 - len(failed)


@pytest.mark.parametrize(
    ("status", "code", "error", "failed"),
    [
        (404, "1404", "", {}),  # http.setResponseCallback(http.expectedStatuses(200, 404))
        (401, "1401", "", {}),  # the first of digest's two requests
        (200, "1050", "request timeout", {"timeout": 1}),  # of the body
        (200, "1220", "connection reset by peer", {"bad_json": 1}),  # a response, and no whole one
        (503, "1404", "", {"http_5xx": 1}),  # no code of that status
    ],
)
def test_a_response_that_the_script_of_k6_expects_is_a_success_whatever_its_status(tmp_path, status, code, error, failed):
    row = k6_row(START, 2.0, error=error, code=code, expected="true", status=status)
    [window] = imported(tmp_path, "k6.csv", K6_HEADER, row)
    assert (window.failed, window.ok) == (failed, 1 - len(failed))


@pytest.mark.parametrize("metric", ["http_req_duration", "grpc_req_duration"])
def test_a_row_of_k6_that_does_not_say_whether_it_succeeded_is_no_success(tmp_path, metric):
    with pytest.raises(UsageError, match="line 2: neither expected_response nor status says whether it succeeded"):
        imported(tmp_path, "k6.csv", K6_HEADER, k6_row(START, 2.0, expected="", status="", metric=metric))


@pytest.mark.parametrize("port", ["dial: cannot assign requested address", "dial: can't assign requested address"])
def test_why_requests_failed_is_kept_and_what_failed_on_the_generator_is_not_the_services(tmp_path, capsys, port):
    k6 = [k6_row(START + n / 10, 1.0) for n in range(200)]
    k6 += [k6_row(START + n, 0.0, error=port, code="1210", expected="false", status=0) for n in range(2, 12)]
    k6 += [k6_row(START + n, 0.0, error="lookup: no such host", code="1101", expected="false", status=0) for n in range(3)]
    k6 += [k6_row(START + 5, 2.0, expected="false", status=503)]
    measured = read_import(written(tmp_path, "k6.csv", K6_HEADER, *k6)).measurements
    assert [(f.category, f.count, f.reason) for f in measured.failures] == [
        ("generator", 10, f"status 0, {port}, 1210"),
        ("generator", 3, "status 0, lookup: no such host, 1101"),
        ("http_5xx", 1, "status 503"),
    ]
    assert (measured.failures[0].first_ns, measured.failures[0].last_ns) == ((START + 2) * 10**9, (START + 11) * 10**9)
    jmeter = [jmeter_row((START + n) * 1000, 3) for n in range(20)]
    bind = "Non HTTP response code: java.net.BindException"
    jmeter += [jmeter_row((START + 4) * 1000, 3, code=bind, success="false").replace(",OK,", ",Address already in use,")]
    path = written(tmp_path, "jmeter.jtl", JMETER_HEADER, *jmeter)
    [one] = read_import(path).measurements.failures
    assert (one.category, one.reason) == ("generator", f"{bind}, Address already in use")
    (tmp_path / "agreement.yaml").write_text("\n".join(AGREEMENT))
    arguments = ["--agreement", str(tmp_path / "agreement.yaml"), "--out", str(tmp_path / "runs")]
    main(["assess", "-v", "--import", str(path), *arguments])
    assert "Address already in use" in capsys.readouterr().out


def test_a_redirect_that_was_not_followed_has_a_category_of_its_own(tmp_path):
    k6 = imported(tmp_path, "k6.csv", K6_HEADER, k6_row(START, 1.0), k6_row(START, 1.0, expected="false", status=302))
    jmeter = jmeter_row(START * 1000, 1, code="304", success="false")
    jtl = imported(tmp_path, "r.jtl", JMETER_HEADER, jmeter_row(START * 1000, 1), jmeter)
    assert [(w.ok, w.failed) for w in (*k6, *jtl)] == [(1, {"http_3xx": 1})] * 2


def test_what_a_server_ran_out_of_is_the_servers_failure(tmp_path):
    message = ",ERROR: could not open relation file: Too many open files,"
    rows = [jmeter_row((START + n) * 1000, 3, code="53000 0", success="false").replace(",OK,", message) for n in range(3)]
    path = written(tmp_path, "jdbc.jtl", JMETER_HEADER, *[jmeter_row((START + n) * 1000, 3) for n in range(9)], *rows)
    assert [f.category for f in read_import(path).measurements.failures] == ["transport"]
