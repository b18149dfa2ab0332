"""Windows as an HdrHistogram log (version 1.3, encoding V2), which HdrHistogram's own tools and our import read.

Format: https://github.com/HdrHistogram/HdrHistogram, HistogramLogWriter.java and HistogramLogReader.java.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import numpy as np

from bizra_load.measure.hdr_codec import encode_histograms, encoded
from sla.values.assessment import Steady
from sla.values.histogram import COUNTS_LENGTH, Histogram, bucket_high_ns
from sla.values.window import Window, merge_windows

QUOTED_TAGS = "#[bizra-load: response times in ns (over 60 s: or timed out); tags are percent-encoded names of operations]"
_LEGEND = '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"'
_LAST_BUCKET = COUNTS_LENGTH - 1  # 68.7 s, beyond the 60 s that are told apart
_NS_PER_MS = 1e6  # in which a log says the maximum of an interval
_PLAIN = "!\"#$&'()*+-./:;<=>?@[\\]^_`{|}~"  # in a tag as they are: all but the comma, and the % of the others


def hlog_text(windows: Sequence[Window], steady: Steady | None) -> str:
    """Response times of the operations that ended successfully in the judged part, one interval for each second and operation,
    by second; of a run of which nothing is judged, in all of it. Those that are known only to be longer than 60 s, or timed
    out, lie in the last bucket. An empty interval stands before and after the judged part: an import leaves the first and the
    last second of a log out, which are seldom whole ones.
    """
    filled = [w for w in merge_windows(windows) if w.response.total and (steady is None or steady.holds(w.second))]
    filled.sort(key=lambda w: (w.second, w.operation))
    histograms = [_with_last_bucket(w.response) for w in filled]
    lines = [
        _line(w.operation, w.second, bucket_high_ns(int(h.indices[-1])) / _NS_PER_MS, text)
        for w, h, text in zip(filled, histograms, encode_histograms(histograms), strict=True)
    ]
    first = filled[0].second if filled else 0
    if filled and steady:
        first = steady.from_second - 1
        edges = [_line(filled[0].operation, second, 0.0, encoded(b"")) for second in (first, steady.to_second)]
        lines = [edges[0], *lines, edges[1]]
    start = f"#[StartTime: {first}.000 (seconds since epoch)]"
    return "\n".join(["#[Histogram log format version 1.3]", QUOTED_TAGS, start, _LEGEND, *lines]) + "\n"


def _line(operation: str, second: int, longest_ms: float, text: str) -> str:
    return f"Tag={quote(operation, safe=_PLAIN)},{second}.000,1.000,{longest_ms:.3f},{text}"


def _with_last_bucket(h: Histogram) -> Histogram:
    """With what is over range in a bucket: a log has no other place for it."""
    if not h.over_range:
        return h
    rest = h.indices < _LAST_BUCKET
    last = int(h.counts[~rest].sum()) + h.over_range
    return Histogram(np.append(h.indices[rest], _LAST_BUCKET), np.append(h.counts[rest], last))
