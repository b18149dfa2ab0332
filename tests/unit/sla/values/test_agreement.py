"""A wrong agreement is refused with key, reason and what is allowed."""

import copy

import pytest
import yaml

from bizra_load.exit_codes import UsageError
from bizra_load.judging.agreements import read_agreement
from sla.values.agreement import ProcessLimits
from sla.values.agreement_parser import agreement_from_mapping
from sla.values.kinds import ClientLatency, ServerLatency
from sla.values.section import AgreementError

GOOD = {
    "schema": "bizra-load/agreement/1",
    "name": "mine",
    "operations": {"a": {"histogram": "a_seconds", "total": "a_total"}},
    "objectives": {
        "a_p99": {
            "title": "A p99",
            "severity": "CRITICAL",
            "measure": {"kind": "client_quantile", "operations": ["a"], "quantile": 0.99, "latency": "response"},
            "target": "< 1.5 ms",
        }
    },
}


def test_units_are_converted_once():
    agreement = agreement_from_mapping(GOOD)
    assert agreement.objectives[0].target.value == 1.5e6


def test_what_the_process_may_use_has_defaults_and_units():
    assert agreement_from_mapping(GOOD).process == ProcessLimits(2 * 1024**3, 3.6, 4.0)
    given = {"process": {"memory": "512 MiB", "cpu": "2 cores", "scrape": "500 ms"}}
    assert agreement_from_mapping(GOOD | given).process == ProcessLimits(512 * 1024**2, 2.0, 0.5)
    assert agreement_from_mapping(GOOD | {"process": {"memory": "3 GiB"}}).process.memory_bytes == 3 * 1024**3
    assert agreement_from_mapping(GOOD | {"process": {"scrape": "2 s"}}).process == ProcessLimits(2 * 1024**3, 3.6, 2.0)


def test_a_rehearsal_asks_no_more_of_a_finality_check_than_the_release_does():
    """What a wake-up of the other core costs a lookup of 1 us is 0.2 ms on some virtual machines."""
    local, release = (
        next(o for o in read_agreement(name).agreement.objectives if o.key == "finality_p99")
        for name in ("local", "v2.2.0-rc1")
    )
    assert local.target.at_least == release.target.value == 1e6


@pytest.mark.parametrize("name", ["v2.2.0-rc1", "local"])
def test_the_packaged_agreements_hold_the_five_metrics_and_their_baselines(name):
    read = read_agreement(name)
    keys = {o.key for o in read.agreement.objectives}
    assert {"finality_p99", "poi_generate_p99", "poi_verify_p99", "poi_throughput", "poi_success_rate"} <= keys
    if name == "local":  # measured when a run starts
        assert (read.agreement.baseline, read.baseline) == ("measured", None)
    else:
        assert all(o.baseline_key in read.baseline.values for o in read.agreement.objectives if o.baseline_key)
    assert bool(read.agreement.evidence) == (name == "v2.2.0-rc1")


def changed(path, value):
    document = copy.deepcopy(GOOD)
    *parents, last = path.split("/")
    place = document
    for key in parents:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("objectives/a_p99/measure/latency", "respons", "a_p99.measure.latency: 'respons' is unknown, did you mean"),
        (
            "objectives/a_p99/measure/failures",
            "exclude",
            "a_p99.measure.failures: 'exclude' is unknown, did you mean 'excluded'?",
        ),
        ("objectives/a_p99/measure/failures", True, "objectives.a_p99.measure.failures: must be text, not True"),
        ("failures", "all", "failures: 'all' is unknown (allowed: excluded, included)"),
        ("failures", ["included"], "failures: must be text"),
        ("schema", "other/1", "schema: is unknown (allowed: bizra-load/agreement/1)"),
        ("schema", "bizra-load/agreement/2", "schema: 'bizra-load/agreement/2' is unknown"),
        ("schema", None, "schema: is missing"),
        ("name", None, "name: is missing"),
        ("objectivs", {}, "did you mean 'objectives'"),
        ("objectives", {}, "at least one"),
        ("objectives/a_p99/severity", "CRITCAL", "did you mean 'CRITICAL'"),
        ("objectives/a_p99/measure/kind", "percentile", "kind: 'percentile' is unknown"),
        ("objectives/a_p99/measure/quantile", 99, "between 0 and 1"),
        ("objectives/a_p99/measure/quantile", 1.5, "between 0 and 1"),
        ("objectives/a_p99/measure/quantile", 1, "between 0 and 1"),
        ("objectives/a_p99/measure/quantile", 0, "between 0 and 1"),
        ("objectives/a_p99/measure/quantile", None, "between 0 and 1"),
        ("objectives/a_p99/measure/quantile", float("nan"), "must be a number"),
        ("objectives/a_p99/measure/quantile", 10**400, "must be a number"),
        pytest.param("objectives/a_p99/measure/quantile", 1 << 100_000, "must be a number", id="more than Python writes"),
        ("objectives/a_p99/measure/operations", ["b"], "'b' is unknown"),
        ("objectives/a_p99/measure/operations", [], "needs at least one"),
        ("objectives/a_p99/measure/operations", ["a", "a"], "one is there twice"),
        ("objectives/a_p99/measure", {"kind": "throughput", "operations": []}, "needs at least one"),
        ("objectives/a_p99/target", "< 200 parsecs", "not a limit of this kind"),
        ("objectives/a_p99/target", "> 200 us", "not a limit"),
        ("objectives/a_p99/target", ">= 200 us", "points the wrong way"),
        ("objectives/a_p99/target", 200, "must be text"),
        ("objectives/a_p99/target", "< 10 x baseline", "objectives.a_p99.target: a multiple of the baseline needs"),
        ("objectives/a_p99/acceptable", "< 20 x baseline", "objectives.a_p99.acceptable: a multiple of the baseline needs"),
        ("objectives/a_p99/target", "< 10 x basline", 'not a limit of this kind (allowed: "< 200 us" or "< 10 x baseline'),
        ("objectives/a_p99/target", "< 10 x baseline, at least 3", "not a limit of this kind"),
        ("objectives/a_p99/target", ">= 10 x baseline", "not a limit of this kind"),
        ("objectives/a_p99/target", "< 0 x baseline", "can't be kept"),
        ("objectives/a_p99/target", f"< {'9' * 400} x baseline", "can't be kept"),
        ("environments", {"prod": {"accepted": ["a_p9"]}}, "did you mean 'a_p99'"),
        ("environments", {"prod": {"accepted": [{"a_p99": 1}]}}, "is unknown"),
        ("environments", {"prod": {"accepted": [["a_p99"]]}}, "is unknown"),
        ("validity", {"unsent": "1 parsec"}, "validity.unsent"),
        ("validity", {"unsent": "0,5 %"}, "validity.unsent"),
        ("validity", {"unsent": "5 ms"}, "validity.unsent: '5 ms' (allowed: such as 1 %; "),
        ("validity", {"clock_skew": "1 %"}, "validity.clock_skew: '1 %' (allowed: such as 5 ms; "),
        ("validity", {"lag_p99": f"{'9' * 305} s"}, "validity.lag_p99"),
        ("evidence", {"tests": "The node's own tests"}, "evidence.'tests': is no name for a gate (allowed: letters, digits"),
        ("evidence", {"rules": "Rules"}, "evidence.'rules': is no name for a gate"),
        ("evidence", {"evidence": "Evidence"}, "evidence.'evidence': is no name for a gate"),
        ("evidence", {"a=b": "A"}, "evidence.'a=b': is no name for a gate"),
        ("evidence", {" a": "A"}, "evidence.' a': is no name for a gate"),
        ("evidence", {"": "A"}, "evidence.'': is no name for a gate"),
        ("evidence", {"a" * 61: "A"}, "is no name for a gate"),
        ("process", {"memory": "1,5 GiB"}, "process.memory"),
        ("process", {"cpu": "0 cores"}, "process.cpu: '0 cores' (allowed: more than 0"),
        ("process", {"memory": f"{'9' * 305} GiB"}, "process.memory"),
        ("process", {"scrape": "0 ms"}, "process.scrape: '0 ms' (allowed: more than 0, such as 4 s)"),
        ("objectives/a_p99", [], "must be a mapping"),
        ("objectives", 3, "objectives: must be a mapping, or a list of words"),
        ("operations", ["a"], "operations: must be a mapping"),
        ("objectives/a_p99/measure/operations", "a", "objectives.a_p99.measure.operations: must be a list"),
        ("environments", {"prod": {"accepted": "a_p99"}}, "environments.prod.accepted: must be a list"),
        ("environments", {"prod": ["a_p99"]}, "environments.prod: must be a mapping with accepted"),
    ],
)
def test_each_mistake_is_named_with_its_key(path, value, message):
    with pytest.raises(AgreementError) as caught:
        agreement_from_mapping(changed(path, value))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("document", [None, [], "text", 3])
def test_what_is_no_mapping_is_refused(document):
    with pytest.raises(AgreementError):
        agreement_from_mapping(document)


def test_the_file_is_named_at_the_edge(tmp_path):
    path = tmp_path / "mine.yaml"
    for content, message in (("a: [", "not YAML"), (yaml.safe_dump(changed("name", None)), "name: is missing")):
        path.write_text(content)
        with pytest.raises(UsageError, match=r"mine\.yaml") as caught:
            read_agreement(str(path))
        assert message in str(caught.value)


def test_yaml_runs_nothing(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(f"!!python/object/apply:os.mkdir ['{tmp_path / 'made'}']")
    with pytest.raises(UsageError, match="not YAML"):
        read_agreement(str(path))
    assert not (tmp_path / "made").exists()


def test_a_timer_is_inside_its_operation_or_includes_queueing():
    document = {
        "schema": "bizra-load/agreement/1",
        "name": "x",
        "operations": {"a": {"histogram": "h", "timer": "queueing"}, "b": {"histogram": "h"}},
        "objectives": {
            "o": {
                "title": "O",
                "severity": "CRITICAL",
                "measure": {"kind": "server_quantile", "operations": ["a"], "quantile": 0.99},
                "target": "< 1 ms",
            }
        },
    }
    agreement = agreement_from_mapping(document)
    assert [agreement.operations[o].timer for o in "ab"] == ["queueing", "inside"]
    document["operations"]["a"]["timer"] = "outside"
    with pytest.raises(ValueError, match=r"operations.a.timer: 'outside' is unknown.*\(allowed: inside, queueing\)"):
        agreement_from_mapping(document)


def test_a_quantile_of_the_server_needs_the_histogram_that_it_is_read_from():
    measure = {"kind": "server_quantile", "operations": ["a"], "quantile": 0.99}
    document = changed("objectives/a_p99/measure", measure)
    assert agreement_from_mapping(document).server_metrics == {"a_seconds", "a_total"}
    del document["operations"]["a"]["histogram"]
    with pytest.raises(AgreementError, match=r"operations\.a\.histogram: is missing, and objectives\.a_p99 is read from it"):
        agreement_from_mapping(document)
    document["objectives"]["a_p99"]["measure"]["kind"] = "client_quantile"
    assert agreement_from_mapping(document).server_metrics == {"a_total"}


def test_a_throughput_is_of_several_operations_and_no_quantile():
    document = changed("objectives/a_p99/measure", {"kind": "throughput", "operations": ["a", "b"]})
    document["operations"]["b"] = {"total": "b_total"}
    document["objectives"]["a_p99"]["target"] = ">= 10 ops/s"
    [objective] = agreement_from_mapping(document).objectives
    assert (objective.operations, objective.quantile, objective.unit) == (("a", "b"), 0, "ops/s")


@pytest.mark.parametrize(
    ("words", "failures"),
    [
        ((None, None), "excluded"),
        (("excluded", None), "excluded"),
        (("included", None), "included"),
        (("included", "excluded"), "excluded"),
        (("excluded", "included"), "included"),
        ((None, "included"), "included"),
    ],
)
def test_failed_requests_are_left_out_of_latencies_unless_the_agreement_or_an_objective_says_otherwise(words, failures):
    document = copy.deepcopy(GOOD)
    of_agreement, of_objective = words
    if of_agreement:
        document["failures"] = of_agreement
    if of_objective:
        document["objectives"]["a_p99"]["measure"]["failures"] = of_objective
    [objective] = agreement_from_mapping(document).objectives
    assert objective.kind == ClientLatency(0.99, "response", failures)
    assert objective.title == ("A p99, failed requests included" if failures == "included" else "A p99")


@pytest.mark.parametrize("word", ["included", "excluded"])
def test_failed_requests_are_a_matter_of_the_clients_latencies_alone(word):
    document = changed("failures", "included")
    objective = document["objectives"]["a_p99"]
    objective["measure"] = {"kind": "server_quantile", "operations": ["a"], "quantile": 0.99}
    [read] = agreement_from_mapping(document).objectives
    assert (read.kind, read.title) == (ServerLatency(0.99), "A p99")
    objective["measure"]["failures"] = word
    with pytest.raises(
        AgreementError, match=r"^objectives\.a_p99\.measure\.failures: is for client_quantile alone, and the kind"
    ):
        agreement_from_mapping(document)


@pytest.mark.parametrize("given", [{}, {"environments": {}}])
def test_without_any_environment_there_is_the_one_that_accepts_nothing(given):
    agreement = agreement_from_mapping(GOOD | given)
    assert (agreement.accepted, agreement.default_environment) == ({"default": frozenset()}, "default")


def test_an_operation_may_be_called_by_a_number():
    document = changed("objectives/a_p99/measure/operations", [7]) | {"operations": {7: {"histogram": "a_seconds"}}}
    assert agreement_from_mapping(document).objectives[0].operations == ("7",)
