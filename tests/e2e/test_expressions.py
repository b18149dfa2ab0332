"""Panels give the right figures on a real Prometheus: alone, with two nodes of which one fails, with a
node in two jobs or seen by two replicas of Prometheus (that write edges in one or in two ways), with a restart in the window,
beside label sets that are NaN, and with each series absent.
"""

import itertools
import re
import time
from dataclasses import replace

import pytest

from bizra_load.judging.agreements import read_agreement
from bizra_load.monitoring.panels import generator_panels, runnable
from bizra_load.poi.panels import node_panels
from bizra_load.rehearsal.local_prometheus import local_prometheus
from tests.e2e.remote_write import remote_write
from tests.e2e.talking import COUNTERS, HISTOGRAMS
from tests.e2e.written_nodes import EDGES_S, OTHER, STEP_S, Node, client, without_numbers

AGREEMENT = read_agreement("v2.2.0-rc1").agreement
PANELS = node_panels(AGREEMENT)


SITUATIONS = {
    "alone": [Node()],
    "two nodes, and one fails": [Node(), OTHER],
    "one address in two clusters": [Node((("instance", "a"), ("cluster", c))) for c in ("x", "y")],
    "two pods on one machine": [Node((("instance", "a"), ("pod", p))) for p in ("x", "y")],
    "a restart": [Node(restarts_s=30)],
    "two nodes, and one restarts": [Node(), replace(OTHER, restarts_s=30)],
} | {f"without {metric}": [Node(absent=metric)] for metric in (*COUNTERS.values(), *HISTOGRAMS.values())}


@pytest.fixture(scope="module")
def prometheus():
    with local_prometheus({}, flags=["--web.enable-remote-write-receiver"]) as started:
        yield started.url


@pytest.fixture(scope="module")
def now():
    """When all histories end."""
    return int(time.time()) - 30


def value(prometheus, now, expression, job=".*"):
    """The single value of an expression; None where it has none."""
    series = client(prometheus).query(runnable(expression, job), now)
    assert len(series) <= 1, series
    figure = float(series[0]["value"][1]) if series else None
    return None if figure != figure else figure


def expected(nodes):
    """{legend: figure} of what these nodes do together, by panel."""
    added = {}
    for key, each in itertools.chain.from_iterable(n.per_s().items() for n in nodes):
        added[key] = added.get(key, 0.0) + each

    def of(*names):
        figures = [added[COUNTERS[n], ()] for n in names if (COUNTERS[n], ()) in added]
        return sum(figures) if figures else None

    def quantile(q, operation):
        buckets = [
            added.get((f"{HISTOGRAMS[operation]}_bucket", (("le", "+Inf" if e == float("inf") else repr(e)),))) for e in EDGES_S
        ]
        if buckets[-1] is None:
            return None
        rank = q * buckets[-1]
        at = next(i for i, count in enumerate(buckets) if count >= rank)
        low, before = (EDGES_S[at - 1], buckets[at - 1]) if at else (0.0, 0.0)
        return low + (EDGES_S[at] - low) * (rank - before) / (buckets[at] - before)

    failed, done = of("generate failed", "verify failed"), of("generate", "verify")
    return {
        "Finality check performance": {f"p{100 * q:g}": quantile(q, "finality") for q in (0.5, 0.9, 0.99)},
        "Finality throughput": {"finality checks": of("finality")},
        "PoI generation performance": {f"p{100 * q:g}": quantile(q, "generate") for q in (0.5, 0.95, 0.99)},
        "PoI verification performance": {f"p{100 * q:g}": quantile(q, "verify") for q in (0.5, 0.95, 0.99)},
        "PoI throughput": {"generate": of("generate"), "verify": of("verify"), "both": done},
        "PoI success rate": {"success rate": 1 - (failed or 0.0) / ((failed or 0.0) + done)},
    }


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize(
    "scraped", ["once", "in two jobs", "by two replicas", "by two replicas that write edges in two ways", "beside NaN"]
)
def test_every_panel_shows_what_the_nodes_do(prometheus, now, situation, scraped):
    nodes, job = SITUATIONS[situation], re.sub(r"\W+", "-", f"{situation} {scraped}")
    for node in nodes:
        remote_write(prometheus, job, (replace(node, labels=(*node.labels, ("prometheus_replica", "a")))).series(now))
        if scraped == "in two jobs":
            remote_write(prometheus, f"{job}-again", node.series(now))
        elif scraped.startswith("by two replicas"):
            form = ".6e" if scraped.endswith("two ways") else ""
            by_b = replace(node, labels=(*node.labels, ("prometheus_replica", "b")), edge_form=form)
            remote_write(prometheus, job, by_b.series(now))
        elif scraped == "beside NaN":
            remote_write(prometheus, job, without_numbers(node, now))
    shown = {p.title: {legend: value(prometheus, now, e, f"{job}(-again)?") for legend, e in p.queries.items()} for p in PANELS}
    right = expected(nodes)
    assert {title: set(legends) for title, legends in shown.items()} == {t: set(legends) for t, legends in right.items()}
    for title, legends in right.items():
        assert shown[title] == {legend: figure and pytest.approx(figure, rel=1e-6) for legend, figure in legends.items()}, title


GENERATOR = {
    ("bizra_load_planned_rate_per_second", ()): 1000.0,
    ("bizra_load_workers", ()): 2.0,
    ("bizra_load_worker_cpu_ratio", (("worker", "w1"),)): 0.5,
    ("bizra_load_check_passed", (("check", "unsent"),)): 1.0,
    ("bizra_load_operations_started_total", (("operation", "generate"),)): 900.0,
    ("bizra_load_operations_finished_total", (("operation", "generate"), ("outcome", "ok"))): 890.0,
    ("bizra_load_operations_finished_total", (("operation", "generate"), ("outcome", "timeout"))): 10.0,
    ("bizra_load_operations_unsent_total", ()): 100.0,
    **{
        (f"bizra_load_{name}_seconds_bucket", (*of, ("le", le))): count
        for name, of in (
            ("schedule_lag", ()),
            ("response", (("operation", "generate"),)),
            ("service", (("operation", "generate"),)),
        )
        for le, count in (("0.001", 0.0), ("0.002", 900.0), ("+Inf", 900.0))
    },
}
SHOWN = {
    "Arrival rate: planned against achieved": {"planned": 1000.0, "started": 900.0, "successful": 890.0},
    "Schedule lag": {"p50": 0.0015, "p99": 0.00199},
    "Response time by operation": {"{{operation}} p50": 0.0015, "{{operation}} p99": 0.00199},
    "Service time by operation": {"{{operation}} p50": 0.0015, "{{operation}} p99": 0.00199},
    "Failed and unsent": {"{{outcome}}": 10.0, "unsent": 100.0},
    "Workers": {"CPU {{worker}}": 0.5, "workers": 2.0},
    "Checks of the run": {"{{check}}": 1.0},
}
METRICS = sorted({name.removesuffix("_bucket") for name, _ in GENERATOR})


@pytest.mark.parametrize("absent", ["", "successful", *METRICS])
@pytest.mark.parametrize("scraped", ["once", "in two jobs", "by two replicas"])
def test_every_panel_of_the_generator_holds_after_a_restart_and_with_each_series_absent(prometheus, now, absent, scraped):
    def points(name, figure):
        if name.endswith(("_total", "_bucket")):  # it restarted half a minute ago
            return [(now - t, figure * (1000 - t) if t > 30 else figure * (45 - t)) for t in range(600, -1, -STEP_S)]
        return [(now - t, figure) for t in range(600, -1, -STEP_S)]

    job = re.sub(r"\W+", "-", f"generator-{absent} {scraped}")
    series = {
        (name, (("instance", "master:9646"), ("prometheus_replica", "a"), *of)): points(name, figure)
        for (name, of), figure in GENERATOR.items()
        if not (absent and name.startswith(absent)) and not (absent == "successful" and ("outcome", "ok") in of)
    }
    remote_write(prometheus, job, series)
    if scraped == "in two jobs":
        remote_write(prometheus, f"{job}-again", series)
    elif scraped == "by two replicas":
        by_b = {(name, tuple((k, "b" if v == "a" else v) for k, v in of)): p for (name, of), p in series.items()}
        remote_write(prometheus, job, by_b)
    for panel in generator_panels():
        for legend, expression in panel.queries.items():
            right = SHOWN[panel.title][legend]
            if absent and (f"{absent}{{" in expression or f"{absent}_bucket" in expression):
                right = None
            if legend == "successful" and absent in ("successful", "bizra_load_operations_finished_total"):
                right = 0.0
            if legend == "successful" and absent == "bizra_load_operations_started_total":
                right = 890.0
            shown = value(prometheus, now, expression, f"{job}(-again)?")
            assert shown == (right and pytest.approx(right, rel=1e-6)), (panel.title, legend)
