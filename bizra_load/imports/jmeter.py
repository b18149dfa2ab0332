"""JMeter's CSV (JTL): JMeter manual, "Listeners", CSV log format."""

from __future__ import annotations

from collections.abc import Mapping

from bizra_load.imports.fields import LOCAL_TIME, category_of_failure, latency_ns, time_ns
from bizra_load.imports.samples import ImportedSample, ImportedSamples
from sla.values.number import whole_in

TITLE = "JMeter CSV"
TICK_NS = 1_000_000  # JMeter writes whole milliseconds: both ends of `elapsed` are cut off
COLUMNS = ("timeStamp", "elapsed", "label", "success")


def take(samples: ImportedSamples, row: Mapping[str, str]) -> None:
    """One row. Raises ValueError where it does not say whether it succeeded. A sampler that threw has the time 0 (JMeter up to
    5.4): it counts beside its neighbours, as does a row whose time is none.
    """
    if (samples_in_row := row.get("SampleCount") or "1") != "1":  # of mode=Statistical: elapsed is their sum
        raise ValueError(f"SampleCount: {samples_in_row[:50]!r} (allowed: 1; JMeter's mode=Statistical keeps no single times)")
    latency, category, reason = samples.value(lambda: _elapsed_ns(row["elapsed"])), "", ""
    if row["success"].lower() not in ("true", "false"):
        raise ValueError(f"success: {row['success'][:50]!r} (allowed: true, false)")
    if row["success"].lower() == "false" or (row.get("ErrorCount") or "0") != "0":
        code, message = row.get("responseCode") or "", row.get("responseMessage") or ""
        category = "timeout" if "timeout" in code.lower() else category_of_failure(code, message)
        reason = ", ".join(text for text in (code, message, row.get("failureMessage") or "") if text)
    if row["timeStamp"] == "0" and category:
        begun = None
    elif (begun := samples.value(lambda: time_ns(row["timeStamp"]))) and begun[1]:
        samples.notes.add(LOCAL_TIME)
    sample = ImportedSample(row["label"], category, begun[0] + (latency or 0) if begun else None, latency, reason)
    if not samples.threads.leaves_out(row, begun[0] if begun else None, latency):
        samples.add(sample)


def _elapsed_ns(text: str) -> int:
    """Raises ValueError, also for a fraction: JMeter writes none, so it may be of seconds."""
    if whole_in(text) is None:
        raise ValueError(f"elapsed: {text[:50]!r} (allowed: whole milliseconds, not negative, as JMeter writes them)")
    return latency_ns(text, "elapsed")
