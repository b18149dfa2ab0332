"""Reasons of failures: kept in bounds, in one line, without secrets; every failure counts in one of them."""

import base64
import html
import json
from urllib.parse import quote

import pytest

from bizra_load.io.redaction import secret_values
from bizra_load.measure.hdr_codec import WireError
from bizra_load.measure.reasons import (
    MAX_ALIKE,
    MAX_REASON,
    MAX_REASONS,
    NO_REASON,
    OTHER_REASONS,
    Reasons,
    first_line,
    one_line_reason,
)
from bizra_load.measure.recorder import Recorder
from bizra_load.measure.report import decode_report, encode_report
from bizra_load.measure.rows import failure_from_row, failure_row
from sla.values.failure import SHOWN, FailureReason, merge_failures, most_frequent
from tests.cpu_time import cpu_s

S = 1_000_000_000


def test_a_reason_has_its_count_and_its_first_and_last_time_and_is_reported_once():
    recorder = Recorder(5, 100 * S + 5)
    operation = recorder.operation("a")
    for at in (7, 9, 8 * S):
        operation.started(at)
        operation.failed("http_5xx", at, at, at, "status 503: too busy")
    [reason] = recorder.reasons.take(recorder.unix_offset_ns)
    assert reason == FailureReason("a", "http_5xx", "status 503: too busy", 3, 100 * S + 7, 108 * S)
    assert recorder.reasons.take(recorder.unix_offset_ns) == []
    operation.failed("http_5xx", 1, 1, 9 * S, "status 503: too busy")
    [later] = recorder.reasons.take(recorder.unix_offset_ns)
    assert (later.count, later.first_ns) == (1, 109 * S)
    assert merge_failures([later, reason]) == (FailureReason("a", "http_5xx", "status 503: too busy", 4, 100 * S + 7, 109 * S),)


def test_however_many_reasons_there_are_every_failure_is_counted_and_the_memory_is_bounded():
    reasons = Reasons()
    for operation in range(40):
        for n in range(100):
            reasons.add(str(operation), "transport", f"reason {n}", 1)
    failures = reasons.take(0)
    assert sum(f.count for f in failures) == 4000
    assert len(failures) <= MAX_REASONS + 40
    mine = [f for f in failures if f.operation == "0"]
    assert len(mine) == MAX_ALIKE + 1
    assert next(f.count for f in mine if f.reason == OTHER_REASONS) == 100 - MAX_ALIKE


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", NO_REASON),
        ("two\nlines\x1b[31m", "two lines?[31m"),
        ("half a pair \ud800", "half a pair ?"),
        ("<Connection object at 0x7f00aa12>: refused", "<Connection object at ...>: refused"),
        ("request 0b5cf9a8-9b8e-4d6f-8c11-2f6d3f2b1a00 took 1234567 us", "request ... took ... us"),
        ("status 401: Bearer abcdef.ghi-jkl is not valid", "status 401: Bearer *** is not valid"),
        ('status 400: {"api_key": "12ab", "code": 7}', 'status 400: {"api_key": ***, "code": 7}'),
        ("status 302, Location: https://u:p@host/login?next=/a&token=abc", "status 302, Location: https://***@host/login?***"),
        ("status 302, Location: //alice:pass@host/x", "status 302, Location: //***@host/x"),
        ("postgres://alice:p@ss/word@db is down", "postgres://***@db is down"),
        (
            "Max retries exceeded with url: /pay?sig=TOPSECRET0&session=goldfish0 (refused)",
            "Max retries exceeded with url: /pay?*** (refused)",
        ),
        ('{"password":"correct horse battery staple"}', '{"password":***}'),
        (
            "bad key abcdefgTAILSECRET, key abc123, goldfish-session of https://medium.com/@user",
            "bad key ***, key ***, *** of https://medium.com/@user",
        ),
        ("login failed for alice with sw0rdfishes: YWxpY2U6c3cwcmRmaXNoZXM=", "login failed for alice with ***: ***"),
        ("two  spaced  words", "***"),
        ("your header was hunter22-and-more", "your header was ***"),
        ("x" * 500, "x" * (MAX_REASON - 3) + "..."),
    ],
)
def test_a_reason_is_one_printable_line_without_secrets(text, kept):
    headers = [("X-Key", "hunter22-and-more"), ("Accept", "status"), ("X-A", "abcdefg"), ("X-B", "abcdefgTAILSECRET")]
    headers += [("X-C", "abc123"), ("Cookie", "sid=goldfish-session; lang=en"), ("X-D", "two  spaced  words")]
    secrets = secret_values(headers, "http://alice:sw0rdfishes@127.0.0.1:80/x")
    assert one_line_reason(text, secrets) == kept


def test_the_words_of_a_header_are_secret_too_but_not_what_it_accepts():
    secrets = secret_values([("Authorization", "Bearer abcdefgh"), ("Content-Type", "application/json")])
    assert secrets == ["Bearer abcdefgh", "abcdefgh"]


SECRET = 'p/a+s "w<rd"-é'


@pytest.mark.parametrize(
    "written_back",
    [
        quote(SECRET), quote(SECRET, safe=""), json.dumps(SECRET)[1:-1], json.dumps(SECRET)[1:-1].replace("/", "\\/"),
        html.escape(SECRET), base64.b64encode(SECRET.encode()).decode(), base64.urlsafe_b64encode(SECRET.encode()).decode(),
        SECRET.upper(),
    ],
)  # fmt: skip
def test_a_secret_is_hidden_in_whatever_form_a_server_writes_it_back(written_back):
    kept = one_line_reason(f"refused: {written_back}.", secret_values([("X-Key", SECRET)]))
    assert kept.rstrip("=.") == "refused: ***"


@pytest.mark.parametrize("length", [4, 5, 30, 249])
@pytest.mark.parametrize("form", [str, str.upper, quote])
def test_a_text_that_was_cut_within_a_secret_shows_no_part_of_it(form, length):
    """Of an error that repeats a long header twice so much was kept as fits."""
    secret = "".join(chr(ord("a") + (7 * i + i // 26) % 26) for i in range(250))
    secrets = secret_values([("X-Session", secret)])
    assert one_line_reason(f"not {form(secret)} but {form(secret)[:length]}", secrets) == "not *** but ***"
    assert one_line_reason(f"no session {secret[:3]}", secrets) == f"no session {secret[:3]}"
    assert secret[:4] not in one_line_reason(f"{secret} is unknown, {'y' * 130}, {secret}", secrets)


@pytest.mark.parametrize(
    "text", ["token" * 400, "secret" * 330, "-" * 2000, "0a" * 1000, "//" * 1000, "Aa0_" * 500, "?a" * 999]
)
def test_no_text_of_a_target_keeps_a_worker_busy(text):
    """Each look is bounded; so is what is kept of a text, however long it is."""

    def taken_s(line):
        return cpu_s(lambda: [one_line_reason(f"{n} {line}", ["goldfish"]) for n in range(20)])

    assert taken_s(text) < 20 * taken_s("words of a body " * 125)  # "token" * 400 took ten thousand times as much
    reasons = Reasons()
    for n in range(50):
        reasons.add("a", "http_5xx", f"{n}{text * 500}", 1)
    assert sum(len(key[2]) for key in reasons._by_text) <= 50 * 2 * MAX_REASON


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", ""),
        (b"\r\n\n  too busy  \nmore", "too busy"),
        (b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>", "502 Bad Gateway"),
        (b'{"error": "no"}', '{"error": "no"}'),
        (b"\xff\xfe", "��"),
    ],
)
def test_the_first_line_of_an_error_is_what_it_says_first(body, message):
    assert first_line(body) == message


def test_reasons_travel_with_the_report_and_what_no_worker_sends_is_refused():
    reason = FailureReason("a", "transport", "connecting failed: Connection refused (ECONNREFUSED)", 3, 1, 2)
    assert decode_report("w", 0, True, encode_report([], [], [reason])).failures == (reason,)
    for key, wrong in (("count", -1), ("reason", ""), ("category", None), ("first_ns", "1"), ("operation", "x" * 300)):
        with pytest.raises(WireError):
            failure_from_row({**failure_row(reason), key: wrong})
    with pytest.raises(WireError):
        failure_from_row([])


def test_the_most_frequent_are_shown_and_the_others_are_counted():
    many = merge_failures(FailureReason("a", "transport", str(n), n + 1, n, n + 5) for n in range(SHOWN + 3))
    shown = most_frequent(many)
    assert len(shown) == SHOWN + 1
    assert shown[0].count == SHOWN + 3
    assert (shown[-1].reason, shown[-1].count) == ("(3 other reasons)", 1 + 2 + 3)
    assert (shown[-1].first_ns, shown[-1].last_ns) == (0, 7)
    assert most_frequent(many[:SHOWN]) == many[:SHOWN]
