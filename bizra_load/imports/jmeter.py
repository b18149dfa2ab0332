"""JMeter's CSV (JTL): JMeter manual, "Listeners", CSV log format."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bizra_load.imports.fields import LOCAL_TIME, category_of_failure, latency_ns, time_ns
from bizra_load.imports.samples import Sample, Samples

TITLE = "JMeter CSV"
COLUMNS = ("timeStamp", "elapsed", "label", "success")
# what a Transaction Controller writes after the samples that it holds, or in their place ("Generate parent sample")
_TRANSACTION = re.compile(r"Number of samples in transaction : (\d+), number of failing samples : \d+")
MOST_THREADS = 100_000  # whose requests are known apart


def take(samples: Samples, row: Mapping[str, str]) -> None:
    """One row. Raises ValueError where it does not say whether it succeeded. A sampler that threw has the time 0 (JMeter up to
    5.4): it counts beside its neighbours, as does a row whose time is none.
    """
    if (samples_in_row := row.get("SampleCount") or "1") != "1":  # of mode=Statistical: elapsed is their sum
        raise ValueError(f"SampleCount: {samples_in_row[:50]!r} (allowed: 1; JMeter's mode=Statistical keeps no single times)")
    latency, category, reason = samples.value(lambda: latency_ns(row["elapsed"], "elapsed")), "", ""
    if row["success"].lower() not in ("true", "false"):
        raise ValueError(f"success: {row['success'][:50]!r} (allowed: true, false)")
    if row["success"].lower() == "false" or (row.get("ErrorCount") or "0") != "0":
        code, said = row.get("responseCode") or "", row.get("responseMessage") or ""
        category = "timeout" if "timeout" in code.lower() else category_of_failure(code, said)
        reason = ", ".join(text for text in (code, said, row.get("failureMessage") or "") if text)
    if row["timeStamp"] == "0" and category:
        begun = None
    elif (begun := samples.value(lambda: time_ns(row["timeStamp"]))) and begun[1]:
        samples.notes.add(LOCAL_TIME)
    if _holds_other_rows(samples, row, begun[0] if begun else None):
        samples.transactions += 1
        return
    samples.add(Sample(row["label"], category, begun[0] + (latency or 0) if begun else None, latency, reason))


def _holds_other_rows(samples: Samples, row: Mapping[str, str], begun_ns: int | None) -> bool:
    """Whether a row is a transaction of requests that have rows of their own: then the last one before it in its thread began
    within it. A response can't say so of itself: a request has a URL and a data type, where there are such columns.
    """
    thread = row.get("threadName") or ""
    if thread not in samples.begun_ns and len(samples.begun_ns) >= MOST_THREADS:
        thread = ""
    found = _TRANSACTION.fullmatch((row.get("responseMessage") or "").strip())
    if found is None or (row.get("URL") or "null") != "null" or row.get("dataType"):
        if begun_ns is not None:
            samples.begun_ns[thread] = begun_ns
        return False
    last_ns = samples.begun_ns.get(thread)
    return not int(found[1][:9]) or begun_ns is None or (last_ns is not None and last_ns >= begun_ns)
