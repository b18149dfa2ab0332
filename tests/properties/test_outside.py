"""Whatever comes from outside is understood or refused in one line: agreements, stages, run folders, metrics, messages."""

import contextlib
import copy
import json
import shutil
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bizra_load.archive import checksums
from bizra_load.archive.names import CHECKSUMS
from bizra_load.archive.store import RunWriter, read_run
from bizra_load.engine.stages import curve_from_stages
from bizra_load.exit_codes import UsageError
from bizra_load.io import yaml_text
from bizra_load.io.units import duration_s, rate_per_s
from bizra_load.judging.agreements import read_agreement
from bizra_load.judging.judge import judge_folder
from bizra_load.measure.cluster_key import ClusterKey
from bizra_load.measure.exchange import REPORT, Receiver, Sender
from bizra_load.server_metrics.exposition import ScrapeError, parse
from reports.formats import json_report
from sla.judgement.evaluate import evaluate
from sla.values.agreement_parser import agreement_from_mapping
from tests.unit.cli.bad_files import AGREEMENT, run
from tests.unit.sla.synthetic import measurements

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from([10**400, -(10**400)])  # JSON and YAML know integers that no float holds
    | st.sampled_from(["", "< 200 us", ">= 99 %", "nan", "1e999 us", "\x1b[31m", "10s", "9" * 400])
    | st.text(max_size=8)
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(scalars, inner, max_size=3), max_leaves=6
)


def paths(value, at=()):
    """Where every value of a document is."""
    yield at
    if isinstance(value, dict):
        for key in value:
            yield from paths(value[key], (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from paths(item, (*at, index))


def mutated(draw, document):
    """A copy of a right document with one to three values replaced, taken out, or added."""
    copied = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        places = [p for p in paths(copied) if p]
        if not places:
            break
        *way, last = draw(st.sampled_from(places))
        place = copied
        for step in way:
            place = place[step]
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "remove":
                del place[last]
            case "add" if isinstance(place, dict):
                place[draw(st.text(max_size=5))] = draw(anything)
            case _:
                place[last] = draw(anything)
    return copied


def one_line_or_fine(error_type, call):
    try:
        return call()
    except error_type as error:
        refusal = str(error)
    assert len(refusal) < 5000
    assert error_type is not UsageError or refusal.isprintable()
    return None


RIGHT = yaml.safe_load(AGREEMENT)
agreements = st.composite(lambda draw: mutated(draw, RIGHT))()
STAGES = {"stages": [{"ramp": {"to": 10, "over": "1s"}}, {"soak": {"for": "2s"}}, {"spike": {"to": 50, "for": "500ms"}}]}
stages = st.composite(lambda draw: mutated(draw, STAGES))()


@given(agreements | anything)
def test_an_agreement_is_understood_or_refused(document):
    one_line_or_fine(ValueError, lambda: agreement_from_mapping(document))


@given(stages | anything)
def test_a_stage_file_is_understood_or_refused(document):
    curve = one_line_or_fine(ValueError, lambda: curve_from_stages(document))
    assert curve is None or curve.peak_per_s > 0


@given(st.text() | st.text("0123456789smh.e+-%_ ", max_size=8))
def test_a_duration_or_a_rate_is_a_number_or_refused(text):
    for convert in (duration_s, rate_per_s):
        value = one_line_or_fine(ValueError, lambda convert=convert: convert(text))
        assert value is None or 0 <= value < float("inf")


@given(st.text(max_size=60) | st.text("[]{}:,&*a-? \n'\"!|>#%", max_size=40))
def test_any_text_is_yaml_or_refused_in_one_line(text):
    one_line_or_fine(ValueError, lambda: yaml_text.load(text))


def damaged(draw, text):
    """Bytes of a right text with some of them replaced, taken out or put in."""
    data = bytearray(text)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 20))] = draw(
            st.binary(max_size=6) | st.sampled_from([b'"', b"\n", b"{", b"}", b"NaN", b"-1"])
        )
    return bytes(data)


METRICS = b"""# HELP a_seconds x
# TYPE a_seconds histogram
a_seconds_bucket{le="0.1"} 3
a_seconds_bucket{le="+Inf"} 5
a_seconds_sum 1.5
a_seconds_count 5
# TYPE b_total counter
b_total{x="y \\"z\\""} 7
process_resident_memory_bytes 1e6
"""


@given(st.composite(lambda draw: damaged(draw, METRICS))() | st.binary(max_size=60))
def test_metrics_are_understood_or_refused(data):
    with contextlib.suppress(ScrapeError):
        parse(data, "http://x/metrics", 1, 1)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "good"
    run(folder, RunWriter, measurements(rate=5, hold_s=4))
    return {p.name: p.read_bytes() for p in folder.iterdir()}


@settings(deadline=None)
@given(data=st.data())
def test_a_damaged_run_folder_is_judged_or_refused_in_one_line(saved, data):
    """Without its checksums, which would refuse all of these: a run that was cut off has none."""
    name = data.draw(st.sampled_from(["run.json", "windows.jsonl", "health.jsonl", "server.jsonl"]))
    if name == "run.json":
        text = json.dumps(mutated(data.draw, json.loads(saved[name])))
    elif data.draw(st.booleans()):
        lines = saved[name].splitlines()
        at = data.draw(st.integers(0, len(lines) - 1))
        lines[at] = json.dumps(mutated(data.draw, json.loads(lines[at]))).encode()
        text = b"\n".join(lines).decode() + "\n"
    else:
        text = damaged(data.draw, saved[name]).decode("latin-1")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for other, content in saved.items():
            if other != CHECKSUMS:
                (folder / other).write_bytes(content)
        record = json.loads(saved["run.json"]) | {"sealed": False}
        (folder / "run.json").write_text(json.dumps(record))
        (folder / name).write_text(text.replace('"sealed": true', '"sealed": false'), encoding="utf-8")
        one_line_or_fine(UsageError, lambda: judge_folder(folder))


@given(data=st.data())
def test_any_byte_of_a_sealed_run_that_changes_is_found(saved, data):
    name = data.draw(st.sampled_from([n for n in checksums.COVERED if saved.get(n)]))
    at = data.draw(st.integers(0, len(saved[name]) - 1))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for other, content in saved.items():
            (folder / other).write_bytes(content)
        changed = bytearray(saved[name])
        changed[at] ^= data.draw(st.integers(1, 255))
        (folder / name).write_bytes(bytes(changed))
        with pytest.raises(UsageError, match=name.replace(".", r"\.")):
            read_run(folder)
        shutil.rmtree(folder / "x", ignore_errors=True)


MESSAGE = {"run": "r", "worker": "w", "sequence": 0, "final": False, "data": b"1", "mac": b""}
messages = st.composite(lambda draw: mutated(draw, MESSAGE))() | anything


@given(st.lists(messages, max_size=6), st.booleans())
def test_any_message_is_stored_once_or_refused(received, signed):
    kept = []
    key = ClusterKey(b"k" * 32) if signed else ClusterKey()
    receiver = Receiver("r", lambda *report: kept.append(report), key)
    for message in received:
        receiver.receive(message)
    assert not (signed and kept)
    assert receiver.missing() >= 0
    assert len(kept) <= len(received)
    sender = Sender("r", "w", lambda _: None, key)
    for message in received:
        sender.acknowledged(message)


@given(st.lists(st.integers(0, 40), max_size=60))
def test_numbers_in_any_order_are_kept_once_each_and_gaps_are_counted(numbers):
    kept = []
    key = ClusterKey(b"k" * 32)
    receiver = Receiver("r", lambda *_: kept.append(1), key)
    for n in numbers:
        mac = key.sign(REPORT, "r", "w", n, False, b"1")
        assert receiver.receive({**MESSAGE, "sequence": n, "mac": mac}) is not None
    assert len(kept) == len(set(numbers))
    assert receiver.missing() == max(numbers, default=-1) + 1 - len(set(numbers))


@given(st.composite(lambda draw: damaged(draw, json_report.render(_assessment()).encode()))())
def test_an_assessment_is_read_or_refused(data):
    one_line_or_fine(ValueError, lambda: json_report.parse(data.decode("utf-8", "replace")))


def _assessment(cache=[]):  # noqa: B006  # made once
    if not cache:
        local = read_agreement("local")
        cache.append(evaluate(measurements(rate=5, hold_s=4), local.agreement, local.baseline))
    return cache[0]
