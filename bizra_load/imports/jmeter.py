"""JMeter's CSV (JTL): JMeter manual, "Listeners", CSV log format."""

from __future__ import annotations

from collections.abc import Mapping

from bizra_load.imports.fields import LOCAL_TIME, category_of_code, latency_ns, time_ns
from bizra_load.imports.samples import Sample, Samples

TITLE = "JMeter CSV"
COLUMNS = ("timeStamp", "elapsed", "label", "success")


def take(samples: Samples, row: Mapping[str, str]) -> None:
    """One row. Raises ValueError. A sampler that threw has the time 0 (JMeter up to 5.4): it counts beside its neighbours."""
    latency, category = latency_ns(row["elapsed"], "elapsed"), ""
    if row["success"].lower() != "true":
        code = row.get("responseCode") or ""
        category = "timeout" if "timeout" in code.lower() else category_of_code(code)
    if row["timeStamp"] == "0" and category:
        samples.add_without_time(row["label"], category, latency)
        return
    begun_ns, local = time_ns(row["timeStamp"])
    if local:
        samples.notes.add(LOCAL_TIME)
    samples.add(Sample(row["label"], category, begun_ns + latency, latency))
