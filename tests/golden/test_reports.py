"""What users see, byte for byte. After a wanted change: UPDATE_GOLDEN=1 make test ARGS=tests/golden, then read the diff."""

import dataclasses
import json
import os
from pathlib import Path

import pytest

from reports import json_report, markdown, text
from sla.evaluate import evaluate
from tests.unit.sla.synthetic import LOCAL, measurements

HERE = Path(__file__).parent
RUN = {"started": "2026-11-24T10:00:00Z", "target": "http://127.0.0.1:8080", "workers": 2, "seed": 0}
RUNS = {
    "go": {},
    "no-go": {"failures": {"generate": 0.03, "verify": 0.03}},
    "inconclusive": {"rate": 30, "hold_s": 10},
    "invalid": {"lost_workers": ("w2",)},
    "caution": {"server_us": {"generate": 150.0}},
}
RENDERERS = {"txt": lambda a: text.render(a, 160) + "\n", "md": markdown.render, "json": json_report.render}


@pytest.mark.parametrize("form", RENDERERS)
@pytest.mark.parametrize("name", RUNS)
def test_a_report_looks_as_it_did(name, form):
    assessment = dataclasses.replace(evaluate(measurements(**RUNS[name]), LOCAL.agreement, LOCAL.baseline), run=RUN)
    assert assessment.decision.value.split()[-1].lower() == name
    shown = RENDERERS[form](assessment)
    path = HERE / f"{name}.{form}"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(shown, encoding="utf-8")
    expected = path.read_text(encoding="utf-8")
    if form == "json":  # the last binary digits of a float depend on the processor
        assert _rounded(json.loads(shown)) == _rounded(json.loads(expected))
    else:
        assert shown == expected


def _rounded(value):
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_rounded(v) for v in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value
