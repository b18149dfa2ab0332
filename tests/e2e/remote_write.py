"""Hours of a node's history, written into a real Prometheus at once (prometheus.io/docs/specs/remote_write_spec)."""

from __future__ import annotations

import struct

import cramjam
import numpy as np
import requests
from scipy.special import ndtr

from bizra_load.measure.edges import NODE_EDGES_S
from tests.e2e.talking import COUNTERS, HISTOGRAMS

MEDIANS_S = {"generate": 13e-6, "verify": 26e-6, "finality": 0.8e-6}


def history(
    end_s, length_s, step_s, per_s, medians_s=MEDIANS_S, failing=0.0, restart_at_s=None, without_s=(0, 0), instance="a", seed=1
):
    """{(name, labels): [(time, value)]} of a node that did `per_s` operations of each kind a second, `failing` of generate and
    verify, whose counters start again at `restart_at_s` and that was not scraped between the two times `without_s`.
    """
    rng = np.random.default_rng(seed)
    edges = (*NODE_EDGES_S, float("inf"))
    # lognormal: sigma 0.2
    shares = {o: np.diff((0.0, *ndtr(np.log(np.array(edges) / median) / 0.2))) for o, median in medians_s.items()}
    series = {}
    totals = {o: [0, 0, np.zeros(len(edges))] for o in medians_s}
    for at_s in np.arange(end_s - length_s, end_s + step_s / 2, step_s):
        for o in medians_s:
            counts = totals[o]
            if restart_at_s is not None and at_s - step_s < restart_at_s <= at_s:
                counts[0], counts[1] = 0, 0
                counts[2][:] = 0
            n = int(rng.poisson(per_s * step_s))
            bad = int(rng.binomial(n, failing)) if o != "finality" else 0
            counts[0] += n - bad
            counts[1] += bad
            counts[2] += rng.multinomial(n - bad, shares[o])
            if not without_s[0] < at_s < without_s[1]:
                values = {(COUNTERS[o], ()): counts[0]}
                if f"{o} failed" in COUNTERS:
                    values[COUNTERS[f"{o} failed"], ()] = counts[1]
                for edge, count in zip(edges, np.cumsum(counts[2]), strict=True):
                    values[f"{HISTOGRAMS[o]}_bucket", (("le", "+Inf" if np.isinf(edge) else repr(edge)),)] = count
                for (name, labels), value in values.items():
                    series.setdefault((name, (("instance", instance), *labels)), []).append((float(at_s), float(value)))
    return series


def remote_write(url, job, series):
    """Raises for anything but success."""
    body = b"".join(_field(1, _series(name, (("job", job), *labels), samples)) for (name, labels), samples in series.items())
    headers = {
        "Content-Encoding": "snappy",
        "Content-Type": "application/x-protobuf",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    }
    data = bytes(cramjam.snappy.compress_raw(body))
    response = requests.post(f"{url}/api/v1/write", data=data, headers=headers, timeout=30)
    assert response.status_code == 204, response.text


def _series(name, labels, samples):
    written = [_field(1, _field(1, k.encode()) + _field(2, v.encode())) for k, v in sorted((("__name__", name), *labels))]
    for at_s, value in samples:
        written.append(_field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(round(at_s * 1000))))
    return b"".join(written)


def _field(number, data):
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
