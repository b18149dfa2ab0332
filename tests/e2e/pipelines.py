"""The pipelines of docs/ci, read from their pages as GitHub Actions, GitLab's runner and Jenkins read them, and carried out."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import textwrap
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bizra_load.io import yaml_text
from tests.architecture.markdown import ROOT, blocks

PAGES = ROOT / "docs/ci"
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")  # of GitHub's `shell: bash`, and of GitLab's runner
OUTPUT = re.compile(r"\$\{\{ steps\.load\.outputs\.(\w+) \}\}")
SH = ("sh", "-xe", "-c")  # of Jenkins' step `sh`


@dataclass(frozen=True)
class Step:
    """`goes_on`: the job goes on where it failed; `always`: it is carried out where another one has failed."""

    name: str
    script: str
    shell: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    goes_on: bool = False
    always: bool = False


@dataclass
class Job:
    """A job in a workspace of its own."""

    workspace: Path
    environment: Mapping[str, str]
    output: str = ""

    def run(self, steps: list[Step]) -> int:
        """The exit code of the first step that ended the job, else 0."""
        code = 0
        for step in steps:
            if code == 0 or step.always:
                ended = self.step(step)
                code = code or (0 if step.goes_on else ended)
        return code

    def step(self, step: Step) -> int:
        """The exit code of one step; what it printed is added to the output."""
        outputs = self.workspace.with_suffix(".outputs")
        outputs.touch()
        known = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
        own = {k: OUTPUT.sub(lambda match: known[match[1]], v) for k, v in step.environment.items()}
        environment = {**self.environment, **own, "GITHUB_OUTPUT": str(outputs)}
        log = self.workspace.with_suffix(".log")
        with log.open("wb") as file:  # no pipe: what a step leaves in the background would hold it open
            done = subprocess.run(
                [*step.shell, step.script], cwd=self.workspace, env=environment,
                stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=500, check=False,
            )  # fmt: skip
        self.output += f"--- {step.name}: {done.returncode}\n{log.read_text()}"
        return done.returncode

    def end(self) -> None:
        """Ends the service where the pipeline has not."""
        with suppress(FileNotFoundError, ProcessLookupError, ValueError):
            os.kill(int((self.workspace / "service.pid").read_text()), signal.SIGTERM)


def agreement() -> str:
    """loadtest/agreement.yaml of the page that all pipelines have in common."""
    [text] = [b.text for b in blocks((PAGES / "index.md").read_text()) if b.language == "yaml"]
    return text + "\n"


def pipeline_text(page: str) -> str:
    [text] = [b.text for b in blocks((PAGES / page).read_text()) if b.language in ("yaml", "groovy")]
    return text


def environment_of(page: str) -> dict[str, str]:
    """The variables that a pipeline sets."""
    text = pipeline_text(page)
    if page == "jenkins.md":
        block = re.search(r"\n  environment \{\n(.*?)\n  \}", text, re.DOTALL)
        assert block
        return dict(re.findall(r"^    (\w+) = ['\"](.*)['\"]$", block[1], re.MULTILINE))
    document = yaml_text.load(text)
    return dict(document["env"] if page == "github-actions.md" else document["load-test"]["variables"])


def github(event: str, values: Mapping[str, str]) -> list[Step]:
    """Steps with a script, of a run for this event; `values` of expressions. One that is not known fails."""
    holds = {f"github.event_name == '{e}'": e == event for e in ("pull_request", "push")} | {"always()": True}
    steps = []
    for step in yaml_text.load(pipeline_text("github-actions.md"))["jobs"]["load-test"]["steps"]:
        condition = step.get("if", "always()")
        if "run" in step and holds[condition]:
            environment = {k: _filled(v, values) for k, v in step.get("env", {}).items()}
            goes_on = step.get("continue-on-error", False)
            steps.append(Step(step["name"], step["run"], BASH, environment, goes_on, "if" in step and condition == "always()"))
    return steps


def _filled(text: str, values: Mapping[str, str]) -> str:
    """With expressions filled in, but for outputs of steps: those are known when the step begins."""
    return text if OUTPUT.fullmatch(text) else re.sub(r"\$\{\{ (.*?) \}\}", lambda match: values[match[1]], text)


def gitlab() -> list[Step]:
    """The script, whose lines are one shell's, and what comes after it in one of its own."""
    job: dict[str, Any] = yaml_text.load(pipeline_text("gitlab-ci.md"))["load-test"]
    after = Step("after_script", "\n".join(job["after_script"]), BASH, goes_on=True, always=True)
    return [Step("script", "\n".join(job["script"]), BASH), after]


def jenkins() -> list[Step]:
    """Each `sh`, named by its stage; one with returnStatus lets the build go on."""
    steps, stage = [], ""
    pattern = r"stage\('([^']*)'\)|(post) \{|sh(\(returnStatus: true, script:)? '''\n(.*?)'''"
    for match in re.finditer(pattern, pipeline_text("jenkins.md"), re.DOTALL):
        if match[4] is None:
            stage = match[1] or match[2]
        else:
            # Groovy: a backslash at the end of a line joins it with the next
            script = textwrap.dedent(match[4]).replace("\\\n", "")
            steps.append(Step(stage, script, SH, goes_on=bool(match[3]), always=stage == "post"))
    return steps
