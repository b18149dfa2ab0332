"""A second product is one folder beside poi/: echo/ is put there as a package would be, and no other file is touched."""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import bizra_load
from bizra_load import products
from bizra_load.archive.names import BASELINE
from bizra_load.cli.main import main, parser
from bizra_load.exit_codes import UsageError
from bizra_load.judging.agreements import keep_agreement, read_agreement
from bizra_load.judging.made import made_monitoring
from bizra_load.launch.request import load_request
from bizra_load.launch.run_baseline import measured_beside
from bizra_load.poi import panels as poi_panels
from bizra_load.poi.product import PRODUCT as POI
from bizra_load.poi.rules import alert_rules
from bizra_load.settings.defaults import DEFAULT_AGREEMENT
from sla.judgement.decision import strategy_for
from sla.values.assessment import Decision
from tests.unit.cli.test_compare import saved
from tests.unit.sla.release.test_evidence import dashboard, drill
from tests.unit.sla.release.test_rules_evidence import rules_check

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
TARGETS = {
    "schema": "bizra-load/agreement/1",
    "name": "echo-1",
    "product": "echo",
    "operations": {"echo": {"histogram": "echo_seconds", "total": "echo_total"}},
    "objectives": {
        "echo_rate": {
            "title": "Echo rate",
            "severity": "WARNING",
            "measure": {"kind": "throughput", "operations": ["echo"]},
            "target": ">= 100 ops/s",
        }
    },
    "evidence": {"alerts": "Alerts fire", "monitoring": "Monitoring works"},
    "process": {"scrape": "2 s"},
}

ANY_FILE = str(Path(__file__).parents[2] / "e2e/any_locustfile/files/fast_http.py")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder that Python looks into for rooms of bizra_load, with echo/ in it."""
    shutil.copytree(HERE / "echo", tmp_path / "rooms" / "echo", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(bizra_load, "__path__", [*bizra_load.__path__, str(tmp_path / "rooms")])
    yield tmp_path / "rooms"
    for name in [name for name in sys.modules if name.startswith(("bizra_load.echo", "bizra_load.zecho"))]:
        del sys.modules[name]
    vars(bizra_load).pop("echo", None)


def agreement_file(folder, **changes):
    path = folder / "echo.yaml"
    path.write_text(yaml.safe_dump(TARGETS | changes))
    return str(path)


def test_its_rules_and_dashboards_are_rendered(place, tmp_path):
    assert products.names() == ("echo", "poi", "service")
    agreement = agreement_file(tmp_path)
    assert main(["alerts", "render", "--agreement", agreement, "--out", str(tmp_path / "out")]) == 0
    [group] = yaml.safe_load((tmp_path / "out/prometheus-rules.yaml").read_text())["groups"]
    assert [r["alert"] for r in group["rules"]] == ["EchoDown", "EchoIdle"]
    assert {r["labels"]["service"] for r in group["rules"]} == {"echo-service"}
    applied = yaml.safe_load((tmp_path / "out/prometheus-alerts.yaml").read_text())
    assert applied["metadata"]["name"] == "echo-service-sla"
    assert main(["alerts", "render", "--agreement", agreement, "--job", "echo.b", "--out", str(tmp_path / "b")]) == 0
    assert 'expr: up{job="echo.b"} == 0\n' in (tmp_path / "b/prometheus-rules.yaml").read_text()
    assert main(["dashboard", "render", "--agreement", agreement, "--out", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out/echo.json").exists()
    ours = (ROOT / "k8s/monitoring/grafana-load-generator.json").read_text()
    assert (tmp_path / "out/grafana-load-generator.json").read_text() == ours  # which no product brings


def test_evidence_and_checklist_of_a_run_are_judged_by_what_it_requires(place, tmp_path):
    run = Path(saved(tmp_path, "20270115T080000Z-echo", hold_s=20))
    file = read_agreement(agreement_file(tmp_path))
    keep_agreement(run, file)
    own, by = made_monitoring(file), {"agreement_sha256": file.sha256}
    (tmp_path / "drill.json").write_text(json.dumps(drill(own, ["EchoDown"]) | by))
    (tmp_path / "panels.json").write_text(json.dumps(dashboard(1, own, scrape_s=3.0) | by))
    (tmp_path / "rules.json").write_text(json.dumps(rules_check(made=own) | by))
    names = {"alerts": "drill.json", "monitoring": "panels.json", "rules": "rules.json"}
    given = [f"--evidence={name}={tmp_path / path}" for name, path in names.items()]
    main(["report", str(run), "--artifacts", str(tmp_path / "out"), *given])
    gates = {g["key"]: (g["status"], g["reason"]) for g in json.loads((run / "assessment.json").read_text())["gates"]}
    assert (gates["alerts"][0], gates["monitoring"][0]) == ("PASS", "FAIL")
    assert gates["alerts"][1].startswith("all 1 critical rules were loaded, fired and resolved; made 20")
    assert gates["monitoring"][1].startswith("all 1 panels return data; a scrape takes 3 s (limit: < 2 s); made 20")
    checklist = (tmp_path / "out/PRODUCTION-READINESS-CHECKLIST.md").read_text()
    assert "- [x] All 2 alert rules are loaded: all 2 rules are loaded in Prometheus at u" in checklist
    assert "A scrape takes less than 2 s" in checklist


def test_what_it_lacks_is_one_line_and_exit_code_6(place, tmp_path, capsys):
    without = agreement_file(tmp_path, operations={"other": {"total": "o"}}, objectives={"o": objective("other")})
    assert main(["alerts", "render", "--agreement", without, "--out", str(tmp_path / "out")]) == 6
    assert f"{without}: operations.echo: is missing" in capsys.readouterr().err
    assert main(["alerts", "drill", "--agreement", agreement_file(tmp_path), "--out", str(tmp_path / "out")]) == 6
    assert capsys.readouterr().err.strip().endswith("alerts drill: echo has none")


def objective(operation):
    return TARGETS["objectives"]["echo_rate"] | {"measure": {"kind": "throughput", "operations": [operation]}}


def test_its_user_class_is_one_of_locusts(place):
    """In a process of its own, since Locust changes the standard library when it is imported."""
    code = f"""
import bizra_load; bizra_load.__path__.append({str(place)!r})
from bizra_load.echo.user import EchoUser
import locust
print(issubclass(EchoUser, locust.User), EchoUser.abstract)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["True", "True"]


def test_its_options_stand_beside_the_others(place, capsys, monkeypatch):
    monkeypatch.setenv("ECHO_SHARE", "20%")
    assert products.settings_of(None).of_products["echo_share"] == 0.2
    assert products.settings_of(argparse.Namespace(echo_share="30%")).of_products["echo_share"] == 0.3
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    assert "--echo-share" in capsys.readouterr().out
    assert main(["run", "--echo-share", "150%"]) == 6
    assert capsys.readouterr().err.startswith("bizra-load run: --echo-share: a share must be between 0 % and 100 %")


@pytest.mark.parametrize(
    ("flag", "variable", "taken"),
    [
        ("--base-path", "ECHO_PATH", "--base-path is an option of poi already"),
        ("--echo-path", "BASE_PATH", "BASE_PATH is an option of poi already"),
        ("--run-name", "ECHO_NAME", "--run-name is an option of every load already"),
        ("--insecure", "ECHO_INSECURE", "--insecure is an option of every load already"),
    ],
)
def test_an_option_that_is_taken_already_is_named_with_who_has_it(place, capsys, flag, variable, taken):
    product = place / "zecho"  # after poi
    product.mkdir()
    (product / "product.py").touch()
    row = f'Option("{flag}", "{variable}", "", "", str)'
    (product / "options.py").write_text(f"from bizra_load.settings.arguments import Option\nOPTIONS = ({row},)\n")
    assert main(["run", "--help"]) == 6
    assert capsys.readouterr().err.strip().endswith(f"bizra_load/zecho/options.py: {taken}")


@pytest.mark.parametrize(
    ("part", "content", "message"),
    [
        ("product", "", "PRODUCT: is missing or something else (allowed: a Product named 'zecho')"),
        ("product", "PRODUCT = 3", "PRODUCT: is missing or something else (allowed: a Product named 'zecho')"),
        ("product", "from bizra_load.echo.product import PRODUCT", "PRODUCT: is missing or something else (allowed: a Product"),
        ("product", "def", "can't be imported: SyntaxError: "),
        ("product", "import nothere", "can't be imported: ModuleNotFoundError: "),
        ("options", "", "OPTIONS: is missing or something else (allowed: a tuple of Option)"),
        ("options", "OPTIONS = [3]", "OPTIONS: is missing or something else (allowed: a tuple of Option)"),
        ("options", "1 / 0", "can't be imported: ZeroDivisionError: "),
    ],
)
def test_a_product_whose_code_is_broken_is_one_line(place, tmp_path, capsys, part, content, message):
    product = place / "zecho"
    product.mkdir()
    (product / "product.py").touch()
    (product / f"{part}.py").write_text(content)
    words = (
        ["run", "--help"]
        if part == "options"
        else ["alerts", "render", "--agreement", agreement_file(tmp_path, product="zecho")]
    )
    assert main([*words]) == 6
    assert capsys.readouterr().err.strip().partition(": ")[2].startswith(f"bizra_load/zecho/{part}.py: {message}")


def test_options_of_a_folder_that_is_no_product_are_none(place, capsys):
    (place / "zecho").mkdir()
    (place / "zecho" / "options.py").write_text("1 / 0")
    with pytest.raises(SystemExit) as end:
        main(["run", "--help"])
    assert end.value.code == 0


def test_two_products_with_an_agreement_of_one_name_are_refused_with_both(place, tmp_path):
    folder = place / "echo" / "agreements"
    folder.mkdir()
    agreement_file(folder)
    (folder / "echo.yaml").rename(folder / "local.yaml")
    with pytest.raises(UsageError, match=r"poi/agreements/local\.yaml: .*/echo/agreements/local\.yaml has its name already"):
        read_agreement("v2.2.0-rc1")


@pytest.mark.parametrize("name", ["ecko", "../echo", "poi.rules", "os", "monitoring"])
def test_a_product_that_is_not_there_is_refused_by_its_key(place, tmp_path, name):
    with pytest.raises(UsageError, match=r"echo.yaml: product: .*(did you mean|allowed)"):
        read_agreement(agreement_file(tmp_path, product=name))


def test_a_run_on_this_machine_does_not_measure_another_products_node_for_its_baseline(place, tmp_path, capsys):
    file = agreement_file(tmp_path, baseline="measured")
    settings = products.settings_of(argparse.Namespace(agreement=file))
    with measured_beside(tmp_path, settings, "http://127.0.0.1:9"):
        pass
    why = "echo has no reference node that could be measured"
    assert capsys.readouterr().err.strip() == f"Baseline: not measured, {why} (--baseline FILE gives one)"
    assert why in (tmp_path / BASELINE).read_text()


def test_its_rollback_names_no_other_products_deployment(place, tmp_path):
    judged = read_agreement(agreement_file(tmp_path)).judged
    assert (judged.deployment, read_agreement("v2.2.0-rc1").judged.deployment) == ("my-service", "bizra-node")
    [names] = [c.command for c in strategy_for(Decision.GO, judged, ()).commands if c.kind == "names"]
    assert names == "export DEPLOYMENT=my-service NAMESPACE=default"


def test_its_agreements_lie_in_its_own_folder(place, tmp_path):
    folder = place / "echo" / "agreements"
    folder.mkdir()
    agreement_file(folder)
    assert read_agreement("echo").agreement.name == "echo-1"
    with pytest.raises(UsageError, match=r"ecko.*did you mean 'echo'.*v2\.2\.0-rc1"):
        read_agreement("ecko")


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ([], "-f: is not given, and {file} is on echo, which brings no locustfile of its own: give one"),
        (
            ["-H", "http://127.0.0.1:9"],
            "-f: is not given, and {file} is on echo, which brings no locustfile of its own: give one",
        ),
        (["-f", ANY_FILE], "-H/--host: is not given, and Visitor names no host (allowed: a URL such as http://127.0.0.1:8080)"),
    ],
)
@pytest.mark.processes
def test_without_a_target_or_a_scenario_no_other_product_is_loaded_in_its_place(
    place, tmp_path, capsys, monkeypatch, given, refused
):
    monkeypatch.delenv("ENDPOINT", raising=False)
    file = agreement_file(tmp_path)
    for verb in (["run"], ["validate", "--artifacts", str(tmp_path / "made")]):
        assert main([*verb, "--agreement", file, "--out", str(tmp_path / "runs"), *given]) == 6
        assert capsys.readouterr().err.strip() == f"bizra-load {verb[0]}: {refused.format(file=file)}"
    assert not (tmp_path / "runs").exists()


@pytest.mark.processes
def test_its_runs_have_its_name(place, tmp_path, monkeypatch):
    monkeypatch.delenv("RUN_NAME", raising=False)
    words = ["run", "-H", "http://127.0.0.1:9", "-f", ANY_FILE, "--agreement", agreement_file(tmp_path)]
    names = [
        load_request(vars(parser(["run"]).parse_args(w))).settings.run_name for w in (words, [*words, "--run-name", "mine"])
    ]
    assert names == ["echo", "mine"]


def test_what_poi_requires_is_what_its_agreement_gives():
    agreement = read_agreement(DEFAULT_AGREEMENT).agreement
    assert agreement.monitoring == POI.required
    rules = {r.name: r for r in alert_rules(agreement)}
    assert len(rules) == POI.required.rules
    assert {name for name, r in rules.items() if r.severity == "critical"} == set(POI.required.critical_rules)
    assert len(poi_panels.node_panels(agreement)) == POI.required.panels


def test_the_default_agreement_is_one_of_the_default_product(monkeypatch):
    monkeypatch.delenv("AGREEMENT", raising=False)
    assert products.settings_of(None).agreement == ""
    default = products.default_agreement(products.reference_product().name)
    assert read_agreement(default).agreement.product == products.reference_product().name == "poi"
    assert products.default_agreement("") == "none"


def test_an_agreement_that_names_no_product_is_on_the_one_whose_metrics_it_names_else_on_any_service(place, tmp_path):
    without = {key: value for key, value in TARGETS.items() if key != "product"}

    def on(**changes):
        path = tmp_path / "x.yaml"
        path.write_text(yaml.safe_dump(without | changes))
        return read_agreement(str(path)).agreement

    words = {"objectives": ["verify p95 < 1 s"], "evidence": {}}
    metrics = {"histogram": "bizra_poi_verify_seconds", "total": "bizra_poi_verify_total"}
    assert on(**words, operations={"verify": metrics}).product == "poi"
    assert on(**words, operations={"verify": {}}).product == "service"  # nothing that poi makes rules of
    assert on().product == "service"  # echo claims no operations


def test_of_any_service_there_are_no_rules_panels_or_names_of_another_product(tmp_path, capsys):
    file = agreement_file(tmp_path, product="service")
    judged = read_agreement(file).judged
    assert (judged.deployment, judged.monitoring.rules, judged.monitoring.panels) == ("my-service", 0, 0)
    made = made_monitoring(read_agreement(file))
    assert (made.rules, made.panels) == ((), {})
    assert main(["alerts", "render", "--agreement", file, "--out", str(tmp_path / "out")]) == 6
    assert f"{file}: product: service has no alert rules (allowed: a product that brings its own" in capsys.readouterr().err
    assert main(["alerts", "drill", "--agreement", file, "--out", str(tmp_path / "out")]) == 6
    assert main(["dashboard", "render", "--agreement", file, "--out", str(tmp_path / "out")]) == 0
    assert [path.name for path in (tmp_path / "out").glob("*.json")] == ["grafana-load-generator.json"]
    texts = [str(strategy_for(decision, judged, ())) for decision in Decision]
    assert not [text for text in texts if "poi" in text.lower() or "bizra-node" in text]
