"""What a validation says at its end."""

import io
from pathlib import Path

import pytest

from bizra_load.validation.log import Log
from reports.results.validated import ValidationReport
from sla.judgement.decision import STRATEGY
from sla.values.assessment import Decision


def reported(rehearsal):
    strategy, no_files = STRATEGY[Decision.GO], [""] * 5
    report = ValidationReport(
        Decision.GO, 0, "every step passes", rehearsal, "", "http://x", "local", "local", strategy, *no_files, ()
    )
    out = io.StringIO()
    Log(out, 120).summary(report, Path("validated.json"))
    return out.getvalue()


@pytest.mark.parametrize("rehearsal", [True, False])
def test_only_the_go_of_a_release_names_a_rollout(rehearsal):
    shown = reported(rehearsal)
    assert ("judged the reference node and not your service" in shown) is rehearsal
    assert ("bizra-load validate -H URL --metrics-url URL" in shown) is rehearsal
    assert ("canary" in shown.split("Rollout: ")[1].splitlines()[0]) is not rehearsal
