"""The pipelines of docs/ci work: their shell steps are carried out as they stand, against a real node, under a short load."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from bizra_load.archive.store import read_run
from bizra_load.cli.main import main
from bizra_load.io.ports import free_port
from bizra_load.judging.junit import read_junit
from tests.e2e.pipelines import Job, Step, agreement, environment_of, github, gitlab, jenkins, pipeline_text
from tests.e2e.running import until
from tests.unit.cli.test_compare import saved
from tests.wheel import built_wheel

PULL_REQUEST = {"github.token": "planted-token", "github.event.pull_request.number": "7"}
SHORT = {"TARGET_OPS_SEC": "80", "RAMP_UP_SEC": "1", "DURATION_SEC": "6", "WORKERS": "1"}
GH = """#!/bin/sh
[ "$1 $2 $3 $4" = "pr comment 7 --body-file" ] && [ "$GH_TOKEN" = planted-token ] && cat "$5" >> "$GH_COMMENTS"
"""


COMMENT = "Comment if the verdict changed"


@pytest.fixture(scope="module")
def baseline(tmp_path_factory):
    """A run of main, simulated."""
    folder = saved(tmp_path_factory.mktemp("main"), "baseline", hold_s=10)
    main(["assess", folder])
    return folder


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return built_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def job(request, tmp_path, wheel):
    """Makes the job of a page: a workspace with the agreement, and the variables that the page sets, but for ports, a short
    load, and what pip installs: the wheel of this tree, whose dependencies are those of this very environment.
    """
    made = []

    def make(page, name="job", **more):
        port, metrics_port = free_port(), free_port()
        workspace = tmp_path / name
        (workspace / "loadtest").mkdir(parents=True)
        (workspace / "loadtest" / "agreement.yaml").write_text(agreement())
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / "python3").unlink(missing_ok=True)
        (tmp_path / "bin" / "python3").symlink_to(sys.executable)
        own = {
            "BIZRA_LOAD": str(wheel),
            "PORT": str(port),
            "METRICS_PORT": str(metrics_port),
            "ENDPOINT": f"http://127.0.0.1:{port}",
            "METRICS_URL": f"http://127.0.0.1:{metrics_port}/metrics",
            **SHORT,
        }
        assert own.keys() - environment_of(page) == {"WORKERS"}
        environment = {
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "PYTHONPATH": sysconfig.get_paths()["purelib"],
            "PIP_NO_DEPS": "1",
            "PIP_NO_INDEX": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            **environment_of(page),
            **own,
            **more,
        }
        made.append(Job(workspace, environment))
        return made[-1]

    yield make
    for one in made:
        one.end()


class Forge(HTTPServer):
    """Takes comments as GitLab and GitHub do: (path, token, body) of each."""

    def __init__(self):
        self.comments = []
        super().__init__(("127.0.0.1", 0), _Notes)
        self.thread = threading.Thread(target=self.serve_forever)
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.thread.join()
        self.server_close()


class _Notes(BaseHTTPRequestHandler):
    def do_POST(self):
        data = self.rfile.read(int(self.headers["Content-Length"])).decode()
        is_json = self.headers["Content-Type"] == "application/json"
        body = json.loads(data)["body"] if is_json else parse_qs(data)["body"][0]
        token = self.headers["PRIVATE-TOKEN"] or self.headers["Authorization"]
        self.server.comments.append((self.path, token, body))
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def forge():
    with Forge() as started:
        yield started


def verdict(job):
    """(code, decision) of the run that a job left; the job's reports agree with it."""
    runs = job.workspace / "runs" / "latest"
    assert (runs / "assessment.json").exists(), job.output
    assessment = json.loads((runs / "assessment.json").read_text())
    assert read_run(runs)[0].windows
    counts = read_junit((job.workspace / "junit.xml").read_bytes())
    assert (counts.failures + counts.errors > 0) >= (assessment["exit_code"] != 0), job.output
    assert (job.workspace / "report.html").read_text().startswith("<!doctype html>")
    assert (runs / "exit-code").read_text() == f"{assessment['exit_code']}\n"
    return assessment["exit_code"], assessment["decision"]


def commented(job, decision, compared, text, before=""):
    """Whether a comment says the verdict, what it was before, and how the run compares with that of main."""
    assert text.startswith(f"The decision was {before}, and is {decision} now.\n") == bool(before)
    assert f"## Load test: {decision} (agreement pull-request)" in text
    assert compared == ("compare.md" in os.listdir(job.workspace)), job.output
    if compared:
        assert text.endswith((job.workspace / "compare.md").read_text())


def rewrite(job, decision):
    """What the run before had decided, other than this one."""
    other = "NO-GO" if decision != "NO-GO" else "GO"
    (job.workspace / "verdict" / "decision").write_text(f"{other}\n")
    return other


def newest(job):
    return (job.workspace / "runs" / "latest" / "run.json").read_bytes()


def trusted(code):
    """Whether a run is kept, and can be compared: 5 is what a busy machine makes of it."""
    return code < 5


def ended_service(job):
    pid = int((job.workspace / "service.pid").read_text())
    return not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]


def of_github(job, name="job"):
    """A job, with what GitHub's runner sets, and a stand-in for its command `gh`, which would ask GitHub itself."""
    made = job("github-actions.md", name, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY="summary.md", GH_COMMENTS="comments.md")
    gh = made.workspace.parent / "bin" / "gh"
    gh.write_text(GH)
    gh.chmod(0o755)
    return made


def wrong(job):
    """From now on the agreement of the repository is none, and no run is there."""
    (job.workspace / "loadtest" / "agreement.yaml").write_text("schema: nonesuch\n")
    shutil.rmtree(job.workspace / "runs")
    (job.workspace / "junit.xml").unlink()
    job.output = ""


def refused(job, code):
    """Whether a wrong agreement ended the job with 6, and without reports."""
    assert code == 6, job.output
    assert "agreement.yaml: schema: " in job.output
    assert not (job.workspace / "junit.xml").exists()


def without(steps, *names):
    return [s for s in steps if s.name not in names]


def only(steps, name):
    [step] = [s for s in steps if s.name == name]
    return step


@pytest.mark.slow
def test_github_on_main_keeps_the_run_and_a_pull_request_is_compared_with_it_by_a_stand_in_of_gh(job):
    kept = of_github(job, "main")
    code = kept.run(github("push", {}))
    was, _ = verdict(kept)
    assert code == (0 if was == 4 else was), kept.output
    until(lambda: ended_service(kept), "the service has ended")
    assert (kept.workspace / "baseline" / "run.json").exists() == trusted(was)
    assert not (kept.workspace / "comments.md").exists()

    pull, steps = of_github(job, "pull"), github("pull_request", PULL_REQUEST)
    if trusted(was):
        shutil.move(kept.workspace / "baseline", pull.workspace / "baseline")  # what the cache does
    code = pull.run(steps)
    now, decision = verdict(pull)
    assert code == (0 if now == 4 else now), pull.output
    assert f"## Load test: {decision} (agreement pull-request)" in (pull.workspace / "summary.md").read_text()
    assert (f"::error title=bizra-load%3A {decision}::" in pull.output) == (now != 0)
    comments, compared = pull.workspace / "comments.md", trusted(was) and trusted(now)
    commented(pull, decision, compared, comments.read_text())  # the first run of the pull request

    comments.unlink()
    assert pull.step(only(steps, COMMENT)) == 0, pull.output
    assert not comments.exists()  # the same verdict
    before = rewrite(pull, decision)
    assert pull.step(only(steps, COMMENT)) == 0, pull.output
    commented(pull, decision, compared, comments.read_text(), before)  # a changed one

    comments.unlink()
    wrong(pull)
    refused(pull, pull.run(without(steps, "Install", "Start the service", "Stop the service")))
    assert not comments.exists()


@pytest.mark.slow
def test_gitlab_compares_a_merge_request_with_the_run_that_main_keeps(job, forge, baseline):
    api = {
        "CI_API_V4_URL": f"{forge.url}/api/v4",
        "CI_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_IID": "7",
        "GITLAB_TOKEN": "planted",
    }
    merge = job("gitlab-ci.md", **api)
    shutil.copytree(baseline, merge.workspace / "baseline")  # what the cache does
    code = merge.run(gitlab())
    now, decision = verdict(merge)
    assert code == now, merge.output
    until(lambda: ended_service(merge), "the service has ended")
    [(path, token, text)] = forge.comments
    assert (path, token) == ("/api/v4/projects/42/merge_requests/7/notes", "planted")
    commented(merge, decision, trusted(now), text)  # the first run of the merge request

    script, _ = gitlab()
    [part] = [part for part in script.script.split("\nif ") if "--if-changed" in part]
    last = dataclasses.replace(script, script=f"code={now}\nif {part}")
    assert merge.step(last) == now, merge.output
    assert len(forge.comments) == 1  # the same verdict
    before = rewrite(merge, decision)
    assert merge.step(last) == now, merge.output
    commented(merge, decision, trusted(now), forge.comments[1][2], before)  # a changed one

    assert merge.step(dataclasses.replace(last, environment={"CI_MERGE_REQUEST_IID": ""})) == now  # on main
    assert ((merge.workspace / "baseline" / "run.json").read_bytes() == newest(merge)) == trusted(now)
    assert len(forge.comments) == 2

    wrong(merge)
    refused(merge, merge.run(gitlab()))
    assert len(forge.comments) == 2


@pytest.mark.slow
def test_jenkins_compares_a_pull_request_with_the_run_that_main_keeps(job, forge, baseline):
    comments = f"{forge.url}/repos/example/service/issues/7/comments"
    pull, steps = job("jenkins.md", COMMENTS_URL=comments, GITHUB_TOKEN="planted"), jenkins()
    assert pull.run([only(steps, "Install")]) == 0, pull.output
    shutil.copytree(baseline, pull.workspace / "baseline")  # what copyArtifacts does
    assert pull.run(without(steps, "Install", "Keep the run")) == 0, pull.output
    now, decision = verdict(pull)
    assert f"--- Load test: {now}\n" in pull.output  # what returnStatus returns
    until(lambda: ended_service(pull), "the service has ended")
    [(path, token, text)] = forge.comments
    assert (path, token) == ("/repos/example/service/issues/7/comments", "Bearer planted")
    commented(pull, decision, trusted(now), text)  # the first build of the pull request

    assert pull.step(only(steps, COMMENT)) == 0, pull.output
    assert len(forge.comments) == 1  # the same verdict
    before = rewrite(pull, decision)
    assert pull.step(only(steps, COMMENT)) == 0, pull.output
    commented(pull, decision, trusted(now), forge.comments[1][2], before)  # a changed one

    assert pull.step(only(steps, "Keep the run")) == 0
    assert (pull.workspace / "baseline" / "run.json").read_bytes() == newest(pull)

    wrong(pull)
    refused(pull, pull.step(only(steps, "Load test")))


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("github-actions.md", ["vendor.github-workflows"]),
        ("gitlab-ci.md", ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]),
    ],
)
def test_a_pipeline_is_valid_by_the_schema_of_those_who_read_it(page, words, tmp_path):
    (tmp_path / "pipeline.yaml").write_text(pipeline_text(page))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", *words, str(tmp_path / "pipeline.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_end_of_a_jenkins_build_stops_the_service_whatever_failed_before():
    assert jenkins()[-1] == Step("post", 'kill "$(cat service.pid)"\n', jenkins()[0].shell, always=True)
