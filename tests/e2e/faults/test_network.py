"""The network between worker and master, and between worker and node: cut, slow, half-closed."""

import time
from contextlib import contextmanager

import pytest

from bizra_load.rehearsal.node_process import start_node
from tests.e2e.faults.cluster import (
    SHORT,
    Cluster,
    assert_counted,
    assess,
    counted,
    failed_checks,
    missing_from_reports,
    reported,
    sequences,
    target,
    unknown,
)
from tests.e2e.faults.namespaces import HERE, linked_namespace
from tests.e2e.faults.proxy import Proxy
from tests.e2e.running import kept, until


@pytest.fixture
def link():
    with linked_namespace() as made:
        yield made


@pytest.fixture
def reachable_node():
    """A node that a namespace reaches too."""
    with start_node(["--seed", "test", "--host", "0.0.0.0"]) as node:
        yield node


def on_the_link(node):
    return node.url.replace("0.0.0.0", HERE), node.metrics_url.replace("0.0.0.0", "127.0.0.1")


def here(node):
    """The same node as this process reaches it."""
    node.metrics_url = node.metrics_url.replace("0.0.0.0", "127.0.0.1")
    return node


@contextmanager
def far_worker(tmp_path, node, link, *options):
    """A master and one worker here, another worker behind the link."""
    with Cluster(tmp_path, *target(here(node), on_the_link(node)[0]), *SHORT, *options, host="0.0.0.0") as cluster:
        cluster.worker()
        cluster.host = HERE
        far = cluster.worker(prefix=link.prefix, TMPDIR=str(tmp_path.parent))
        yield cluster, far


@pytest.mark.slow
@pytest.mark.xdist_group("link")  # which has one address
def test_a_short_cut_between_worker_and_node_loses_nothing_that_was_measured(tmp_path, reachable_node, link):
    """Four seconds without a link: operations time out, connections are opened again, both sides' counters agree."""
    with far_worker(tmp_path, reachable_node, link, "--duration", "14s") as (cluster, _):
        folder = cluster.wait_for(400)
        link.down()
        begin = max(sequences(folder).values())
        until(lambda: max(sequences(folder).values()) >= begin + 4, "four reports of the near worker")
        link.up()
        ended = cluster.end()
    timeouts = sum(w.failed.get("timeout", 0) + w.failed.get("transport", 0) for w in ended.measurements.windows)
    assert timeouts >= 2
    assert ended.check("workers")["status"] == "PASS", ended.out
    assert ended.check("reports")["status"] == "PASS"
    sure = sum(ended.finished().values()) - timeouts
    assert sure <= sum(counted(here(reachable_node)).values()) <= sure + timeouts
    assert {ended.check(f"counters_{o}")["status"] for o in ("generate", "verify")} == {"PASS"}


@pytest.mark.slow
@pytest.mark.xdist_group("link")  # which has one address
def test_a_worker_cut_off_for_good_stops_by_itself_and_its_spool_completes_the_run(tmp_path, reachable_node, link):
    with far_worker(tmp_path / "runs", reachable_node, link, "--duration", "30s") as (cluster, far):
        cluster.wait_for(300)
        link.down()
        cut = time.monotonic()
        _, err = far.communicate(timeout=45)
        assert far.returncode == 5
        assert time.monotonic() - cut < 30  # eight seconds of silence, then it finishes, tries to hand over for ten, and ends
        ended = cluster.end()
    assert ended.code == 5
    assert failed_checks(ended) >= {"workers"}
    [worker] = ended.measurements.facts.lost_workers
    assert "left early" in ended.check("workers")["reason"]
    assert "everything that it measured is here" in ended.check("workers")["reason"]
    [line] = [text for text in err.splitlines() if text.startswith("bizra-load")]
    assert line.endswith("they are kept: bizra-load assess RUN")  # it found the run folder, and so does whoever judges
    assert ended.measurements.facts.spools == (f"spool-{worker}.jsonl",)
    assert_counted(ended, here(reachable_node))
    # without its spool the run says how much is missing, and is right
    (ended.folder / f"spool-{worker}.jsonl").unlink()
    sums = ended.folder / "SHA256SUMS"
    sums.write_text("".join(line for line in sums.read_text().splitlines(keepends=True) if "spool-" not in line))
    without = assess(ended.folder)
    figure = without.check("workers_operations")["figure"]
    missing = missing_from_reports(without, here(reachable_node))
    assert figure <= missing
    assert missing - unknown(without) <= without.measurements.facts.losses[0].at_most


@pytest.mark.parametrize("how", ["50 ms delay", "throttled"])
def test_a_slow_network_to_the_master_delays_reports_and_changes_no_count(tmp_path, node, how):
    with Cluster(tmp_path, *target(node), *SHORT) as cluster, Proxy("127.0.0.1", cluster.port) as proxy:
        if how == "throttled":
            proxy.bytes_per_s = 30_000.0
        else:
            proxy.delay_s = 0.05
        cluster.worker(), cluster.worker(proxy.port)
        ended = cluster.end()
    assert_counted(ended, node)
    assert ended.check("workers")["status"] == "PASS"
    assert ended.check("clock_skew")["status"] == "PASS"
    assert {ended.check(f"counters_{o}")["status"] for o in ("generate", "verify")} == {"PASS"}
    assert reported(ended) == []
    if how == "50 ms delay":
        least = {}  # by worker: half the round trip, as measured with every report
        for h in ended.measurements.health:
            if h.clock_error_ns >= 0:
                least[h.worker] = min(h.clock_error_ns, least.get(h.worker, h.clock_error_ns))
        assert min(least.values()) < 40e6 < max(least.values()), least


@pytest.mark.slow
def test_half_closed_and_reset_connections_to_the_master_are_opened_again_and_nothing_is_lost(tmp_path, node):
    with Cluster(tmp_path, *target(node), *SHORT, "--duration", "12s") as cluster, Proxy("127.0.0.1", cluster.port) as proxy:
        cluster.worker(), cluster.worker(proxy.port)
        folder = cluster.wait_for(300)
        assert proxy.half_close() == 1
        cluster.wait_for(kept(folder) + 400)
        assert proxy.cut() >= 1
        ended = cluster.end()
    assert_counted(ended, node)
    assert ended.check("workers")["status"] == "PASS", ended.out
    assert ended.check("reports")["status"] == "PASS"
