"""Files and run folders of which each has one thing wrong."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from pathlib import Path
from typing import Any

from bizra_load.archive import checksums
from bizra_load.archive.names import CHECKSUMS
from bizra_load.archive.run_record import AgreementName, RunRecord
from bizra_load.engine.stages import MAX_STAGES
from bizra_load.judging.agreements import keep_agreement, read_agreement
from bizra_load.judging.judge import assess_folder
from sla.values.machine import TARGET, MachineSecond

K6 = "metric_name,timestamp,metric_value\n"
AGREEMENT = (Path(__file__).resolve().parents[3] / "bizra_load/poi/agreements/local.yaml").read_text()
LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
TEXTS = {
    "empty": "",
    "laughs.yaml": LAUGHS,
    "itself.yaml": "stages: &a [*a]\n",
    "deep.yaml": "[" * 1000,  # deeper than the parser goes
    "cut.yaml": "stages: [{ramp: {to: 1",
    "twice.yaml": "stages: [{soak: {for: 1s}}]\nstages: [{soak: {for: 2s}}]\n",
    "list.yaml": "- 1\n- 2\n",
    "empty.yaml": "",
    "stage-unknown.yaml": "stages: [{rampp: {to: 5, over: 1s}}]\n",
    "stage-key.yaml": "stages: [{ramp: {to: 5, ovr: 1s}}]\n",
    "stage-unit.yaml": "stages: [{ramp: {to: 5, over: 1 parsec}}]\n",
    "stage-nan.yaml": "stages: [{ramp: {to: .nan, over: 1s}}]\n",
    "stage-comma.yaml": "stages: [{ramp: {to: '1,5', over: 1s}}]\n",
    "stage-octal.yaml": "stages: [{ramp: {to: 010, over: 1s}}]\n",
    "stage-sixty.yaml": "stages: [{ramp: {to: 5, over: 1:30}}]\n",
    "stage-underscore.yaml": "stages: [{ramp: {to: 1_000, over: 1s}}]\n",
    "stage-huge.yaml": f"stages: [{{ramp: {{to: {10**400}, over: 1s}}}}]\n",
    "stage-many.yaml": "stages:\n" + "- step: {to: 1, for: 1s}\n" * (MAX_STAGES + 1),
    "agreement-unknown-key.yaml": AGREEMENT.replace("severity:", "severty:", 1),
    "agreement-comma.yaml": AGREEMENT.replace('10 x baseline"', '1,5 x baseline"', 1),
    "agreement-plan.yaml": AGREEMENT.replace(">= 98 % of plan", ">= 980 % of plan", 1),
    "agreement-huge.yaml": AGREEMENT.replace("quantile: 0.99", f"quantile: {10**400}", 1),
    "agreement-severity.yaml": AGREEMENT.replace("severity: WARNING", "severity: CRITCAL", 1),
    "agreement-unit.yaml": AGREEMENT.replace('10 x baseline"', '10 parsecs"', 1),
    "agreement-failures.yaml": AGREEMENT + "\nfailures: counted\n",
    "header-colon": "Authorization Bearer x\n",
    "header-space": "Bad Name: x\n",
    "header-length": "Content-Length: 5\n",
    "header-control": "X: a\x00b\n",
    "header-many": "".join(f"X-{n}: 1\n" for n in range(200)),
    "no-hashes": "0x12\n",
    "k6-cut.csv": K6 + "http_req_duration,1600000000\n",
    "k6-nan.csv": K6 + "http_req_duration,1600000000,nan\n",
    "k6-span.csv": K6 + "http_req_duration,1000000000,1\nhttp_req_duration,2000000000,1\n",
    "cut.hlog": "#[StartTime: 1]\n0.1,1.0,2.0,HISTF\n",
    "no-baseline.json": "[1, 2]",
    "nan-baseline.json": '{"poi_generate_p99_us": NaN}',
    "huge-baseline.json": f'{{"poi_generate_p99_us": {10**400}}}',
    "endless-baseline.json": '{"poi_generate_p99_ms": 1e308}',
    "both-baseline.json": '{"poi_generate_p99_us": 5, "not_measured": "no clock"}',
    "n-baseline.json": '{"poi_generate_p99_us": {"value": 1, "low": 1, "high": 1, "n": -4}}',
    "huge-replicas.yaml": f"kind: Deployment\nspec: {{replicas: 0x{'f' * 9000}}}\nstatus: {{}}\n",
    "deep-baseline.json": "[" * 100_000,
}


def make(folder: Path, writer_of: Any, measured: Any, measured_again: Any) -> dict[str, Path]:
    paths = {"missing": folder / "missing", "device": Path("/dev/zero"), "nested": folder / "file" / "below"}
    for name, text in TEXTS.items():
        paths[name] = folder / name
        paths[name].write_text(text)
    paths["file"] = folder / "file"
    paths["file"].write_text("x")
    paths["binary"] = folder / "binary.yaml"
    paths["binary"].write_bytes(bytes(range(256)) * 10)
    paths["huge"] = folder / "huge.yaml"
    with paths["huge"].open("wb") as file:
        file.truncate(1 << 30)  # 1 GiB without a byte on disk
    paths["bomb.csv.gz"] = folder / "bomb.csv.gz"
    paths["bomb.csv.gz"].write_bytes(gzip.compress(b"x" * 100_000_000, 9))
    paths["folder"] = folder / "folder"
    paths["folder"].mkdir()
    paths["fifo"] = folder / "fifo"
    os.mkfifo(paths["fifo"])
    paths["link"] = folder / "link"
    paths["link"].symlink_to(paths["file"])
    good = paths["good"] = folder / "good"
    run(good, writer_of, measured)
    paths["again"] = folder / "again"
    run(paths["again"], writer_of, measured_again)

    def altered(name: str) -> Path:
        shutil.copytree(good, folder / name)
        paths[name] = folder / name
        return paths[name]

    path = altered("altered") / "windows.jsonl"
    path.write_text(path.read_text().replace('"ok":5', '"ok":6', 1))
    path = altered("shortened") / "windows.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    (altered("lost") / "health.jsonl").unlink()
    (altered("unsealed") / CHECKSUMS).unlink()
    with (altered("target") / "target.jsonl").open("a") as file:
        file.write("\n")
    (altered("added") / "baseline.json").write_text("{}")
    linked = altered("linked")
    (linked / "windows.jsonl").unlink()
    (linked / "windows.jsonl").symlink_to(good / "windows.jsonl")
    facts = altered("facts")
    record = json.loads((facts / "run.json").read_text())
    record["facts"]["load_ended_ns"] = "soon"
    (facts / "run.json").write_text(json.dumps(record))
    checksums.seal(facts)
    (altered("unassessed") / "assessment.json").unlink()
    cut = altered("cut-off")
    (cut / CHECKSUMS).unlink()
    record = json.loads((cut / "run.json").read_text())
    del record["sealed"]
    (cut / "run.json").write_text(json.dumps(record))
    (cut / "windows.jsonl").write_bytes((cut / "windows.jsonl").read_bytes()[:-20])
    return paths


def run(folder: Path, writer_of: Any, measured: Any) -> None:
    """A good run folder, assessed."""
    folder.mkdir()
    read = read_agreement("local")
    keep_agreement(folder, read)
    writer = writer_of(folder)
    writer.windows(measured.windows)
    writer.health(measured.health)
    writer.snapshots(measured.snapshots)
    writer.target([MachineSecond(measured.windows[0].second, TARGET, 2, 0.1)])
    writer.close()
    writer.seal(RunRecord(name="x", agreement=AgreementName("local", read.sha256)), measured.facts)
    assess_folder(folder)
