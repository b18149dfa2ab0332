"""What users see, byte for byte. After a wanted change: UPDATE_GOLDEN=1 make test ARGS=tests/golden, then read the diff."""

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest

from bizra_load.judging.github_actions import advice_of
from bizra_load.settings.remedies import WORDS
from reports.documents.next_step import next_step
from reports.formats import github, json_report, junit, markdown, summary, text
from sla.judgement.evaluate import evaluate
from sla.values.histogram import EMPTY, from_values
from sla.values.kinds import ClientLatency
from sla.values.machine import MachineSecond
from sla.values.shown_facts import ShownFacts
from tests.unit.sla.lagging import client, late, with_objectives
from tests.unit.sla.synthetic import LOCAL, measurements

HERE = Path(__file__).parent
RUN = ShownFacts(
    folder="20261124T100000Z-poi",
    measured_sha256="5e" * 32,
    started="2026-11-24T10:00:00Z",
    target="http://127.0.0.1:8080",
    workers=2,
    seed=0,
    arrivals="constant",
)
RUNS = {
    "go": {},
    "no-go": {"failures": {"generate": 0.03, "verify": 0.03}},
    "inconclusive": {"rate": 30, "hold_s": 10},
    "invalid": {"lost_workers": ("w2",)},
    "caution": {"server_us": {"generate": 150.0}},
    "decided": {"interrupted": True, "decided": True, "looked": True},
}
DECISIONS = {"decided": "go", "late": "inconclusive", "rehearsal": "go", "slow-failures": "no-go"}
RENDERERS = {
    "screen": lambda a: summary.render(a, next_step(a, WORDS, a.run.folder), f"runs/{a.run.folder}") + "\n",
    "txt": lambda a: text.render(a, 160, named=True) + "\n",
    "md": lambda a: markdown.render(a, next_step(a, WORDS, a.run.folder)),
    "json": json_report.render,
    "junit": junit.render,
    "github": lambda a: github.render(a, advice_of(a)),
}


def slow_failures():
    """Five in a thousand failed after 10 s, which one objective counts and its twin does not."""
    run = measurements(hold_s=120, failures={"generate": 0.005})
    took = {n: from_values(np.full(n, 10_000_000_000)) for n in range(100)}
    windows = [
        dataclasses.replace(w, failed_response=took[w.failures], failed_service=took[w.failures] if w.second % 2 else EMPTY)
        for w in run.windows
    ]
    mine = client("generate_response_p99", 5e6)
    kind = ClientLatency(0.999, "response", "included")
    counted = client("all", 5e6, kind=kind, title=f"Mine p99.9{kind.suffix}")
    left_out = client("successful", 5e6, kind=ClientLatency(0.999, "response"), title="Mine p99.9")
    agreement = with_objectives(LOCAL.agreement, mine, counted, left_out)
    return evaluate(dataclasses.replace(run, windows=tuple(windows)), agreement, LOCAL.baseline, words=WORDS)


def judged(name):
    if name == "slow-failures":
        return slow_failures()
    if name != "late":
        return evaluate(measurements(**RUNS.get(name, {})), LOCAL.agreement, LOCAL.baseline, words=WORDS)
    machine = MachineSecond(0, "w", 2, 0.2, 0.06, 0.09, 0.3, 0.0)
    run = late(measurements(hold_s=30), 9_000_000, 0.05, machine=machine, own_lag=from_values(np.full(20, 200_000)))
    mine = client("generate_response_p99", 250e3)
    return evaluate(run, with_objectives(LOCAL.agreement, mine), LOCAL.baseline, words=WORDS)


@pytest.mark.parametrize("form", RENDERERS)
@pytest.mark.parametrize("name", sorted({*RUNS, *DECISIONS}))
def test_a_report_looks_as_it_did(name, form):
    assessment = judged(name).of_run(dataclasses.replace(RUN, rehearsal=name == "rehearsal" or None))
    assert assessment.decision.value.split()[-1].lower() == DECISIONS.get(name, name)
    shown = RENDERERS[form](assessment)
    path = HERE / f"{name}.{form}"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(shown, encoding="utf-8")
    expected = path.read_text(encoding="utf-8")
    if form == "json":  # the last binary digits of a float depend on the processor
        assert _rounded(json.loads(shown)) == _rounded(json.loads(expected))
    else:
        assert shown == expected


@pytest.mark.parametrize("name", sorted({*RUNS, *DECISIONS}))
def test_a_summary_fits_a_terminal_of_80_columns_and_24_lines(name):
    lines = (HERE / f"{name}.screen").read_text(encoding="utf-8").splitlines()
    assert len(lines) < 24  # the last one is the shell's
    assert max(map(len, lines)) <= 80


def _rounded(value):
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_rounded(v) for v in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value
