"""The baseline of a run: what the reference node's operations take alone, on this machine and in the minute of the run.

It is measured while Locust starts up, and kept in the run folder before anything is judged. A run that can't have one goes on:
its relative objectives stay open, and say why.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bizra_load.archive.names import BASELINE, CHECKSUMS
from bizra_load.exit_codes import one_line
from bizra_load.io.files import write_atomically
from bizra_load.io.terminal import tell
from bizra_load.io.this_machine import is_this_machine
from bizra_load.io.urls import host_and_port
from bizra_load.judging.agreements import read_agreement
from bizra_load.node.baseline import measure
from bizra_load.products import product_of
from bizra_load.settings.settings import Settings
from sla.estimators.node_baseline import not_measured
from sla.values.baseline import is_measured

MEASURE_S = 1.0
_ENDS_WITHIN_S = 10.0


@contextmanager
def measured_beside(folder: Path, settings: Settings, host: str) -> Iterator[None]:
    """While the block runs, the run's baseline is measured into `folder`, if the agreement asks for one and none is named.

    Only for a target on this machine: what another one does alone can't be measured from here. And only where the product has
    a reference node: that is what is measured.
    """
    agreement = read_agreement(settings.agreement, objectives=settings.objectives).agreement
    if settings.baseline or not is_measured(agreement):
        yield
        return
    reason = ""
    if not product_of(agreement).reference_node:
        reason = f"{product_of(agreement).name} has no reference node that could be measured"
    elif not is_this_machine(host_and_port(host)[0]):
        reason = "the target is on another machine than the generator"
    if reason:
        _store(folder, not_measured(reason))
        tell(f"Baseline: not measured, {reason} (--baseline FILE gives one)")
        yield
        return
    thread = threading.Thread(target=_measure, args=(folder, settings.seed), name="baseline", daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(_ENDS_WITHIN_S)


def _measure(folder: Path, seed: int) -> None:
    try:
        baseline = measure(MEASURE_S, seed)
        _store(folder, baseline.as_json())
        from reports.results.baseline import one_line_of  # beside the start of the load, not before it

        tell(f"Baseline, measured on this machine for {baseline.took_s:.1f} s: {one_line_of(baseline)}")
    except Exception as error:  # whatever it is, the load goes on, and the assessment says that there is no baseline
        reason = one_line(f"{type(error).__name__}: {error}")
        _store(folder, not_measured(reason))
        tell(f"Baseline: not measured: {reason}")


def _store(folder: Path, text: str) -> None:
    """Not into a folder that is sealed already, or was sealed without it meanwhile: it would count as added later on."""
    try:
        if not (folder / CHECKSUMS).exists():
            write_atomically(folder / BASELINE, text)
            with suppress(FileNotFoundError):
                if BASELINE not in (folder / CHECKSUMS).read_text(encoding="utf-8"):
                    (folder / BASELINE).unlink()
    except OSError as error:
        tell(f"Baseline: {error.filename or folder}: {error.strerror}")
