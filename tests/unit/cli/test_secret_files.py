"""A file of secrets that is given by mistake, to any option that reads files: no byte of it is in what is printed."""

import contextlib
import json

import pytest

from bizra_load.archive.store import RunWriter
from bizra_load.cli import main as cli
from bizra_load.launch import load
from bizra_load.products import all_options
from tests.unit.cli.wrong_values import WRONG
from tests.unit.sla.synthetic import measurements

SECRET = "planted-4711-secret"  # which nothing may show
FILES = {
    "password": f"{SECRET}\n",
    "environment": f"# {SECRET}\nAPI_TOKEN={SECRET}\n",
    "netrc": f"machine a login b password {SECRET}\n",
    "shadow": f"root:$6${SECRET}$x:19000:0:99999:7:::\n",
    "key": f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n",
    "credentials.yaml": f"token: {SECRET}\n{SECRET}: 1\n",
    "sequence.yaml": f"- {SECRET}\n",
    "scalar.yaml": f"'{SECRET}'\n",
    "tag.yaml": f"a: !{SECRET} x\n",
    "number.yaml": f"a: !!int {SECRET}\n",
    "alias.yaml": f"a: *{SECRET}\n",
    "broken.yaml": f"{SECRET}: [\n",
    "twice.yaml": f"{SECRET}: 1\n{SECRET}: 2\n",
    "stages.yaml": f"stages: [{SECRET}]\n{SECRET}: 1\n",
    "Secret.yaml": f"apiVersion: v1\nkind: Secret\nmetadata: {{name: x}}\nstringData: {{{SECRET}: {SECRET}}}\n",
    "credentials.json": json.dumps({"token": SECRET, SECRET: 1}),
    "docker.json": json.dumps({"auths": {SECRET: {"auth": SECRET}}}),
    "text.json": json.dumps(SECRET),
    "list.json": json.dumps([SECRET]),
    "schema.json": json.dumps({"schema": SECRET}),
    "broken.json": f'{{"{SECRET}": ',
    "settings.xml": f"<{SECRET}>{SECRET}</{SECRET}>",
    "entity.xml": f"<testsuite>&{SECRET};</testsuite>",
    "encoding.xml": f'<?xml version="1.0" encoding="{SECRET}"?><testsuite/>',
    "history.csv": f"user,{SECRET}\na,{SECRET}\n",
    "comment.hlog": f"#{SECRET}\n{SECRET}\n",
}
FLAGS = ("agreement", "baseline", "block-hashes", "ca-file", "evidence", "fold-names", "headers-file", "import", "openapi")
FLAGS += ("spool", "stages")
# other verbs read the same options by the same code, and then ask a server
VERBS = ("run", "assess", "report", "alerts render", "dashboard render", "init")
READING = sorted(f"{verb} --{flag}" for verb in VERBS for flag in FLAGS if f"{verb} --{flag}" in WRONG)
EVIDENCE = ("tests", "alerts", "monitoring", "deployment", "rules")


def test_every_option_that_reads_files_is_tried():
    paths = {f"run {option.flag}" for option in all_options() if option.path != "no"} - {"run --out"}
    assert paths | {"run --evidence", "assess --import", "assess --spool"} <= set(READING)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    from tests.unit.cli.bad_files import make

    measured = measurements(rate=5, hold_s=6)
    return make(tmp_path_factory.mktemp("runs"), RunWriter, measured, measured)["good"]


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch):
    """What is no mistake for an option goes on to here."""

    def reached(*_: object, **__: object) -> None:
        raise SystemExit(0)

    for module, name in ((load, "start_node"), (load, "supervise")):
        monkeypatch.setattr(module, name, reached)


@pytest.mark.parametrize("option", READING)
def test_no_byte_of_a_secret_file_is_shown(option, run, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    verb, _, flag = option.rpartition(" ")
    positional = [str(run)] if verb in ("assess", "report") and flag != "--import" else []
    positional += ["--artifacts", "out"] if option == "report --evidence" else []
    (tmp_path / "files").mkdir()
    for name, text in FILES.items():
        path = tmp_path / "files" / name
        path.write_text(text)
        values = [f"{kind}={path}" for kind in EVIDENCE] if flag == "--evidence" else [str(path)]
        for value in values:
            with contextlib.suppress(SystemExit):
                cli.main([*verb.split(), *positional, f"{flag}={value}"])
            shown = capsys.readouterr()
            assert SECRET not in shown.out + shown.err, (name, value)
            assert "Traceback" not in shown.err
            assert shown.err.count("\n") <= 1, shown.err
    kept = [p for place in (run, tmp_path / "out") for p in place.rglob("*") if p.is_file() and "evidence" not in p.parts]
    assert kept
    assert not [p for p in kept if SECRET in p.read_text()]
