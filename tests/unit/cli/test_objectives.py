"""--objective, repeatable: alone it is the agreement, beside --agreement it is added to that one."""

import json
from pathlib import Path

import pytest
import yaml

from bizra_load.archive.names import AGREEMENT
from bizra_load.cli.main import main, parser
from bizra_load.judging.agreements import read_agreement
from bizra_load.launch.load import command_line
from bizra_load.launch.request import load_request, scenario
from sla.values.agreement_parser import agreement_from_mapping
from tests.unit.cli.test_compare import saved

WORDS = ("generate p95 < 100 ms", "error rate < 1 %", "throughput >= 95 % of plan, warning")
GIVEN = [word for words in WORDS for word in ("--objective", words)]
TARGET = ["-H", "http://127.0.0.1:9", "-f", str(scenario("poi.py"))]
MINE = {
    "schema": "bizra-load/agreement/1", "name": "mine", "operations": {"generate": {}},
    "objectives": {"quick": "generate p99 < 1 s"}, "environments": {"test": {"accepted": ["quick"]}},
}  # fmt: skip


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    for variable in ("ENDPOINT", "AGREEMENT", "RUN_NAME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(MINE))
    return str(path)


def request(*words):
    return load_request(vars(parser(["run"]).parse_args(["run", *words])))


def judged(folder):
    return {o["title"]: (o["status"], o["target"]) for o in json.loads((folder / "assessment.json").read_text())["objectives"]}


def test_alone_they_are_the_agreement_of_any_service():
    settings = request(*TARGET, *GIVEN).settings
    assert (settings.agreement, settings.objectives, settings.run_name) == ("", WORDS, "poi")  # the locustfile's name
    file = read_agreement("", objectives=settings.objectives)
    assert yaml.safe_load(file.text)["objectives"] == list(WORDS)
    assert (file.agreement.product, len(file.agreement.objectives)) == ("service", 3)


def test_without_them_and_without_an_agreement_it_is_the_default_one():
    assert request(*TARGET).settings.agreement == "v2.2.0-rc1"
    assert request().settings.agreement == "local"


def test_beside_an_agreement_they_are_added_to_it(mine):
    file = read_agreement(mine, objectives=["checkout p95 < 1 s", "error rate < 1 %, warning"])
    assert [o.key for o in file.agreement.objectives] == ["quick", "checkout p95 < 1 s", "error rate < 1 %"]
    assert set(file.agreement.operations) == {"generate", "checkout"}
    assert file.agreement.name == "mine, and --objective"
    assert agreement_from_mapping(yaml.safe_load(file.text)).accepted == {"test": frozenset({"quick"})}
    release = read_agreement("v2.2.0-rc1", objectives=["p99 < 1 s"])
    assert (release.agreement.product, len(release.agreement.objectives)) == ("poi", 7)
    assert release.baseline is not None


def test_those_of_a_list_go_on_as_a_list(tmp_path):
    (tmp_path / "list.yaml").write_text("schema: bizra-load/agreement/1\nname: l\nobjectives: [a p50 < 1 s]\n")
    file = read_agreement("list.yaml", objectives=["b p50 < 1 s"])
    assert [o.title for o in file.agreement.objectives] == ["a p50", "b p50"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--objective", "p95 < 1 s", "--objective", "p95 < 1 s"], "--objective: 'p95 < 1 s' is given twice (allowed: once)"),
        (["--agreement", "MINE", "--objective", "p9 5 < 1 s"], "--objective: 'p9 5 < 1 s': '5' is unknown"),
        ([*GIVEN, "--environment-name", "prod"], "--environment-name: 'prod' is unknown (allowed: default)"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_6(given, message, mine, capsys):
    words = [mine if word == "MINE" else word for word in given]
    assert main(["run", *TARGET, *words]) == 6
    shown = capsys.readouterr()
    assert shown.err.startswith(f"bizra-load run: {message}")
    assert shown.err.count("\n") == 1


def test_the_same_words_as_a_key_of_the_agreement_are_refused(tmp_path, capsys):
    MINE_TOO = MINE | {"objectives": {"p95 < 1 s": "p95 < 1 s"}, "environments": {}}
    (tmp_path / "too.yaml").write_text(yaml.safe_dump(MINE_TOO))
    assert main(["run", *TARGET, "--agreement", "too.yaml", "--objective", "p95 < 1 s"]) == 6
    assert "--objective: 'p95 < 1 s' is an objective of the agreement already" in capsys.readouterr().err


def test_locusts_processes_get_each_of_them(tmp_path):
    _, environment = command_line(request(*TARGET, *GIVEN), 1, tmp_path)
    options = json.loads(environment["BIZRA_LOAD_OPTIONS"])
    assert (options["objective"], options["agreement"]) == (list(WORDS), "")


def test_without_a_target_they_are_rehearsed_on_the_reference_node():
    rehearsed = request(*GIVEN)
    assert (rehearsed.host, Path(rehearsed.locustfile).name, rehearsed.settings.agreement) == ("", "mixed.py", "")
    assert not rehearsed.server_objectives


def test_a_target_without_a_locustfile_is_refused_by_what_asks_for_it(capsys):
    assert main(["run", *TARGET[:2], *GIVEN]) == 6
    expected = (
        "-f: is not given, and the agreement of --objective is on service, which brings no locustfile of its own: give one"
    )
    assert capsys.readouterr().err.strip() == f"bizra-load run: {expected}"


def test_a_saved_run_is_judged_by_them_alone_or_by_its_own_agreement_with_them(tmp_path, capsys):
    run = tmp_path / saved(tmp_path, "20270115T080000Z-run", hold_s=20)
    assert main(["assess", str(run), *GIVEN]) == 0
    assert judged(run) == {
        "generate p95": ("PASS", 1e8), "error rate": ("PASS", 0.01), "throughput": ("PASS", pytest.approx(285)),
    }  # fmt: skip
    main(["assess", str(run), "--agreement", str(run / AGREEMENT), *GIVEN])
    assert {"Finality p99", "generate p95"} <= judged(run).keys()
    assert main(["assess", str(run)]) == 0  # the folder's own again
    assert "generate p95" not in judged(run)


def test_another_tools_results_are_judged_by_them_and_again_by_the_folders_copy(tmp_path, capsys):
    lines = [f"http_req_duration,{1_800_000_000 + i // 20},{5 + i % 7 + i / 1e4},true,GET /,200,,,,,,," for i in range(1200)]
    header = "metric_name,timestamp,metric_value,expected_response,name,status,check,error,error_code,group,method,scenario,url"
    (tmp_path / "k6.csv").write_text("\n".join([header, *lines]) + "\n")
    assert main(["assess", "--import", "k6.csv", "--objective", "GET / p95 < 100 ms", "--objective", "all p90 < 1 s"]) == 0
    [folder] = (tmp_path / "runs").iterdir()
    assert {title: status for title, (status, _) in judged(folder).items()} == {"GET / p95": "PASS", "all p90": "PASS"}
    assert main(["assess", str(folder)]) == 0
    assert yaml.safe_load((folder / AGREEMENT).read_text())["objectives"] == ["GET / p95 < 100 ms", "all p90 < 1 s"]


def test_nothing_of_such_a_judgement_speaks_of_poi(tmp_path, capsys):
    run = tmp_path / saved(tmp_path, "20270115T080000Z-run", hold_s=20)
    main(["assess", str(run), *GIVEN])
    main(["report", str(run), "--artifacts", "out"])
    own = json.loads((run / "assessment.json").read_text())
    texts = [json.dumps(own["strategy"]), json.dumps(own["gates"]), (run / "assessment.md").read_text()]
    assert own["strategy"]["commands"]
    for text in texts:
        assert not [word for word in ("poi", "PoI", "bizra-node", "Finality") if word in text]
