"""Series of a real Prometheus that are easily added wrongly: by one label, over label sets, twice over."""

import itertools
import time

import pytest

from bizra_load.rehearsal.local_prometheus import local_prometheus
from tests.e2e.remote_write import history, remote_write
from tests.e2e.running import ROOT
from tests.e2e.test_metrics import ask

HOUR, WINDOW = 1200, "18m"
EACH_PER_S = 60_000  # generate and verify each: throughput is twice that


@pytest.fixture(scope="module")
def prometheus():
    with local_prometheus({}, flags=["--web.enable-remote-write-receiver"]) as started:
        yield started.url


def labelled(series, later_s=0.0, **labels):
    """The same series with further labels, their time stamps later by so much."""
    more = tuple(labels.items())
    return {(n, (*own, *more)): [(at_s + later_s, v) for at_s, v in points] for (n, own), points in series.items()}


def asked(folder, url, job, *arguments):
    selector = f'job="{job}"' if "=" not in job else job
    return ask(folder, url, "--prometheus-selector", selector, "--window", WINDOW, *arguments)


def throughput(response):
    return response.metric("poi_throughput")["estimate"]["point"]


def test_two_nodes_that_share_an_address_and_differ_in_their_cluster_are_two(tmp_path, prometheus):
    now = time.time()
    old = {key: [(t, v + 1e9) for t, v in points] for key, points in history(now, HOUR, 15, EACH_PER_S / 2).items()}
    young = history(now - 7, HOUR, 15, EACH_PER_S / 2, seed=2)
    remote_write(prometheus, "clusters", labelled(old, cluster="alpha") | labelled(young, cluster="beta"))
    response = asked(tmp_path, prometheus, "clusters")
    assert response.code == 0, response.out
    assert throughput(response) == pytest.approx(2 * EACH_PER_S, rel=0.001)
    assert (response.report["window"]["instances"], response.report["window"]["restarts"]) == (2, 0)


@pytest.mark.parametrize("later_s", [0.0, 7.3])
def test_a_node_scraped_by_two_replicas_counts_once(tmp_path, prometheus, later_s):
    """What the second replica sees is what the first one sees, at other times and by another clock."""
    node, job = history(time.time() - 10, HOUR, 15, EACH_PER_S), f"replicas{later_s:.0f}"
    second = node if not later_s else {k: _between(points, later_s) for k, points in node.items()}
    remote_write(
        prometheus, job, labelled(node, prometheus_replica="a") | labelled(second, 1.2 * bool(later_s), prometheus_replica="b")
    )
    response = asked(tmp_path, prometheus, job)
    assert response.code == 0, response.out
    assert throughput(response) == pytest.approx(2 * EACH_PER_S, rel=0.001)
    assert response.report["window"]["instances"] == 1
    message = response.out.replace("\n", " ")
    assert 'one node was scraped twice (prometheus_replica="a" and prometheus_replica="b" count the same)' in message


def _between(points, later_s):
    """The counts `later_s` after each scrape."""
    pairs = itertools.pairwise(points)
    return [(t + later_s, round(v + (w - v) * later_s / (u - t))) for (t, v), (u, w) in pairs]


def test_a_node_in_two_jobs_counts_once(tmp_path, prometheus):
    node = history(time.time() - 10, HOUR, 15, EACH_PER_S)
    remote_write(prometheus, "one", node)
    remote_write(prometheus, "other", node)
    response = asked(tmp_path, prometheus, 'job=~"one|other"')
    assert response.code == 0, response.out
    assert throughput(response) == pytest.approx(2 * EACH_PER_S, rel=0.001)
    assert 'one node was scraped twice (job="one" and job="other" count the same)' in response.out.replace("\n", " ")


def test_a_label_set_that_ends_is_no_restart_and_one_that_begins_counts_from_zero(tmp_path, prometheus):
    now = time.time()
    middle = now - HOUR / 2
    first = history(now, HOUR, 15, EACH_PER_S)
    parted = {}
    for (name, labels), points in first.items():
        before = [p for p in points if p[0] < middle]
        after = [(t, v - before[-1][1]) for t, v in points if t >= middle]
        parted[name, (*labels, ("version", "1"))] = before
        parted[name, (*labels, ("version", "2"))] = after
    process = {("process_start_time_seconds", (("instance", "a"),)): [(t, 1.7e9) for t, _ in next(iter(first.values()))]}
    remote_write(prometheus, "versions", parted | process)
    response = asked(tmp_path, prometheus, "versions")
    assert response.code == 0, response.out
    assert throughput(response) == pytest.approx(2 * EACH_PER_S, rel=0.001)
    assert (response.report["window"]["instances"], response.report["window"]["restarts"]) == (1, 0)


def test_a_pod_that_begins_when_another_ends_is_counted_too(tmp_path, prometheus):
    now = time.time()
    old = history(now - HOUR / 2, HOUR / 2, 15, EACH_PER_S, instance="a")
    new = history(now, HOUR / 2 - 20, 15, EACH_PER_S, instance="b", seed=2)
    remote_write(prometheus, "update", old | new)
    response = asked(tmp_path, prometheus, "update")
    assert throughput(response) == pytest.approx(2 * EACH_PER_S, rel=0.02)
    assert response.report["window"]["restarts"] == 0
    assert response.metric("poi_generate_p99")["estimate"]["n"] == pytest.approx(EACH_PER_S * 18 * 60, rel=0.05)


def test_a_counter_of_failures_that_was_never_needed_is_read_as_none_and_said(tmp_path, prometheus):
    node = {k: points for k, points in history(time.time(), HOUR, 15, EACH_PER_S).items() if "fail" not in k[0]}
    remote_write(prometheus, "lazy", node)
    response = asked(tmp_path, prometheus, "lazy")
    assert response.code == 0, response.out
    assert response.metric("poi_success_rate")["estimate"]["point"] == 1.0
    assert "no series of bizra_poi_generate_fail_total, bizra_poi_verify_fail_total" in response.out.replace("\n", " ")


def test_metrics_of_any_name_are_asked_for_when_the_agreement_names_them(tmp_path, prometheus):
    agreement = tmp_path / "shop.yaml"
    agreement.write_text((ROOT / "bizra_load/poi/agreements/v2.2.0-rc1.yaml").read_text().replace("bizra_", "shop_"))
    node = history(time.time(), HOUR, 15, EACH_PER_S)
    renamed = {(name.replace("bizra_", "shop_"), labels): points for (name, labels), points in node.items()}
    remote_write(prometheus, "shop", renamed)
    response = asked(tmp_path, prometheus, "shop", "--agreement", str(agreement))
    assert response.code == 0, response.out
    assert throughput(response) == pytest.approx(2 * EACH_PER_S, rel=0.001)
    assert {m["status"] for m in response.report["metrics"]} == {"PASS"}


@pytest.mark.parametrize("with_count", [True, False])
def test_a_histogram_without_its_last_bucket_has_it_from_its_count_or_is_not_judged(tmp_path, prometheus, with_count):
    job = f"noinf{with_count}"
    node = history(time.time(), HOUR, 15, EACH_PER_S)
    counts = {(name.replace("_bucket", "_count"), labels[:1]): [(t, 2 * v) for t, v in points]
              for (name, labels), points in node.items() if ("le", "+Inf") in labels}  # fmt: skip
    node = {k: points for k, points in node.items() if ("le", "+Inf") not in k[1]} | (counts if with_count else {})
    remote_write(prometheus, job, node)
    response = asked(tmp_path, prometheus, job)
    generate = response.metric("poi_generate_p99")
    if with_count:  # half of all lie beyond the last edge of 10 s
        assert (response.code, generate["status"]) == (3, "FAIL"), response.out
    else:
        assert (response.code, generate["status"], generate["estimate"]) == (4, "INCONCLUSIVE", None), response.out
