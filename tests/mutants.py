"""Which small changes of sla/ do the tests notice? python -m tests.mutants sla/judgement/status.py ... (all of sla/ without).

Each mutant (tests.mutating) is written into a copy of the packages that is found before the real ones, and a forked process
runs the tests that execute the changed line, quickest first, then the others that touch the module, until one fails. Forks
of one process that has the libraries loaded: a new interpreter would cost more than most tests. A survivor is a change that
no test notices: it wants a test, or a reason in tests/mutants.toml why there can be none.

mutmut and cosmic-ray run the whole of a test command for each mutant, in a new interpreter, and pick no tests by line.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import pickle
import random
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.mutating import Mutant, changes, mutants

ROOT = Path(__file__).parent.parent
PACKAGES = ("sla", "reports", "bizra_load")
TESTS = (
    *("tests/unit/sla", "tests/unit/reports", "tests/unit/judging", "tests/unit/node/test_baseline.py"),
    *("tests/properties", "tests/golden"),
)
# loaded once, before the forks; nothing of this project, which each fork loads from its own copy
LIBRARIES = ("numpy", "scipy.stats", "scipy.special", "scipy.optimize", "hypothesis", "yaml", "jinja2", "orjson", "rich.table")
OF_DEFINITIONS = ("tests/unit/sla/test_limits_page.py", "tests/unit/sla/values/test_defaults.py")
LEAST = 0.9  # of the mutants must be noticed; reasons for others do not count
TIMES, GRACE_S = 4, 30.0  # a mutant may take so many times as long as its tests, and so much longer: endless loops are noticed
NOTICED, SURVIVED, BROKEN = 1, 0, 2
FIRST = 12  # tests of a mutant that are run before the files of the others are loaded


@dataclass
class Coverage:
    """By test: the lines of the project that it executes, (path, line), and how long it takes. `failed`: the one that failed,
    and how.
    """

    lines: dict[str, set[tuple[str, int]]] = field(default_factory=dict)
    took_s: dict[str, float] = field(default_factory=dict)
    failed: str = ""

    def tests_of(self, mutant: Mutant) -> list[str]:
        """Tests that execute the line, quickest first; then all the others of the files whose tests execute any line of the
        module, since what a fixture of a file executes is known of its first test alone. Of a line that is executed when its
        module is loaded, such as a constant or a default, none is known: OF_DEFINITIONS hold those.
        """
        modules = {test for test, lines in self.lines.items() if any(path == mutant.path for path, _ in lines)}
        files = {test.split("::")[0] for test in modules}
        if not any((mutant.path, mutant.line) in lines for lines in self.lines.values()):
            files |= set(OF_DEFINITIONS)
        touching = (test for test in self.took_s if test.split("::")[0] in files)
        return sorted(
            touching, key=lambda t: ((mutant.path, mutant.line) not in self.lines[t], t not in modules, self.took_s[t])
        )


class Recorder:
    """A pytest plugin that records Coverage of the copy in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.coverage = Coverage()
        self._prefix = f"{folder}/"
        self._now: set[tuple[str, int]] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        self._now = self.coverage.lines.setdefault(item.nodeid, set())
        begin_s = time.perf_counter()
        sys.settrace(self._called)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            self.coverage.took_s[item.nodeid] = time.perf_counter() - begin_s

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.coverage.failed = f"{report.nodeid}: {report.longreprtext[-2000:]}"

    def _called(self, frame: FrameType, event: str, arg: object) -> Callable[..., Any] | None:
        path = frame.f_code.co_filename
        if not path.startswith(self._prefix):
            return None
        path = path.removeprefix(self._prefix)

        def executed(inner: FrameType, event: str, arg: object) -> Callable[..., Any]:
            self._now.add((path, inner.f_lineno))
            return executed

        return executed(frame, event, arg)


class Chosen:
    """A pytest plugin that runs these tests, in this order."""

    def __init__(self, tests: Sequence[str]) -> None:
        self._place = {test: i for i, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((i for i in items if i.nodeid in self._place), key=lambda i: self._place[i.nodeid])


def copy_packages(folder: Path, mutant: Mutant | None = None) -> None:
    """The packages as they are, with their compiled files, which hold as long as times of change do; but for the mutant."""
    for package in PACKAGES:
        if mutant is None or mutant.path.startswith(f"{package}/"):
            shutil.copytree(ROOT / package, folder / package)
    if mutant is not None:
        target = folder / mutant.path
        target.write_text(mutant.source)
        for compiled in (target.parent / "__pycache__").glob(f"{target.stem}.*"):
            compiled.unlink()


def forked(job: Callable[[], int]) -> int:
    """The pid of a process, leader of a group of its own, that ends with what `job` returns; it writes nowhere."""
    if pid := os.fork():
        return pid
    code = BROKEN
    with contextlib.suppress(BaseException):
        os.setpgid(0, 0)
        out = os.open(os.devnull, os.O_WRONLY)
        os.dup2(out, 1)
        os.dup2(out, 2)
        code = job()
    os._exit(code)


def load_packages(folder: Path) -> None:
    """This process has the project's packages from `folder`, and settings for tests beside others."""
    from hypothesis import HealthCheck, settings

    slow = (HealthCheck.too_slow,)  # it traces each line, beside other processes
    settings.register_profile("mutants", deadline=None, derandomize=True, database=None, suppress_health_check=slow)
    settings.load_profile("mutants")
    for name in [n for n in sys.modules if n.partition(".")[0] in PACKAGES]:
        del sys.modules[name]
    sys.path.insert(0, str(folder))
    os.environ["PYTHONPATH"] = str(folder)
    for package in PACKAGES:
        importlib.import_module(package)


def run_tests(tests: Sequence[str], plugin: object) -> int:
    """pytest's exit code, in this process."""
    files = list(dict.fromkeys(test.split("::")[0] for test in tests))
    loaded = "ignore::pytest.PytestAssertRewriteWarning"  # before pytest began, once for all forks
    return int(pytest.main(["-x", "-W", loaded, "-p", "no:cacheprovider", "-p", "no:locust", *files], plugins=[plugin]))


def record() -> Coverage:
    """Coverage of the tests as the project stands. Raises SystemExit where one fails already."""
    with tempfile.TemporaryDirectory() as name:
        folder, result = Path(name), Path(name) / "coverage"
        copy_packages(folder)

        def job() -> int:
            recorder = Recorder(folder)
            load_packages(folder)
            code = run_tests(TESTS, recorder)
            result.write_bytes(pickle.dumps(recorder.coverage))
            return code

        _, status = os.waitpid(forked(job), 0)
        coverage = pickle.loads(result.read_bytes()) if result.exists() else Coverage()  # noqa: S301, our own file of a moment ago
        assert isinstance(coverage, Coverage)
        if status:
            raise SystemExit(f"the tests fail without any change: python -m pytest {' '.join(TESTS)}\n{coverage.failed}")
        return coverage


def notices(folder: Path, tests: Sequence[str]) -> int:
    """Most mutants are noticed by one of the first tests; then come the files of all others, half a minute of imports."""
    load_packages(folder)
    for some in (tests[:FIRST], tests[FIRST:]):
        if some and run_tests(some, Chosen(some)):
            return NOTICED
    return SURVIVED


class Running:
    """One mutant under its tests."""

    def __init__(self, mutant: Mutant, coverage: Coverage) -> None:
        self.mutant = mutant
        self._folder = tempfile.TemporaryDirectory()
        folder, tests = Path(self._folder.name), coverage.tests_of(mutant)
        self._until_s = time.monotonic() + GRACE_S + TIMES * sum(coverage.took_s[t] for t in tests)
        copy_packages(folder, mutant)
        self._pid = forked(lambda: notices(folder, tests)) if tests else 0

    def noticed(self) -> bool | None:
        """Whether a test failed, or none came to an end in time; None while it runs."""
        if not self._pid:
            return False
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if not pid:
            if time.monotonic() < self._until_s:
                return None
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        self._folder.cleanup()
        return not pid or status != 0


def try_all(chosen: Sequence[Mutant], coverage: Coverage, jobs: int) -> list[Mutant]:
    """The survivors, in order."""
    waiting, running, survivors = list(reversed(chosen)), list[Running](), []
    while waiting or running:
        while waiting and len(running) < jobs:
            running.append(Running(waiting.pop(), coverage))
        for r in list(running):
            if (noticed := r.noticed()) is not None:
                running.remove(r)
                if not noticed:
                    survivors.append(r.mutant)
        time.sleep(0.02)
    return sorted(survivors, key=lambda m: (m.path, m.line, m.change))


def reasons(path: Path = ROOT / "tests" / "mutants.toml") -> dict[tuple[str, str, str], str]:
    """(path, text of the line, change) -> why no test can notice it. Raises SystemExit for one that is no mutant any more."""
    known = {(e["path"], e["text"], e["change"]): e["reason"] for e in tomllib.loads(path.read_text()).get("explained", [])}
    for module in {p for p, _, _ in known}:
        real = changes((ROOT / module).read_text())
        if gone := [key for key in known if key[0] == module and key[1:] not in real]:
            raise SystemExit(f"{path}: no such mutant: {gone[0]}")
    return known


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Which small changes of sla/ do tests notice?")
    parser.add_argument("modules", nargs="*", help="paths of modules; all of sla/ without any")
    parser.add_argument("--sample", type=int, default=20, help="so many mutants of each module, drawn by the seed (20)")
    parser.add_argument("--all", action="store_true", help="every mutant")
    parser.add_argument("--seed", default="1", help="of the sample (1)")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time (1)")
    args = parser.parse_args()
    modules = args.modules or sorted(str(p.relative_to(ROOT)) for p in (ROOT / "sla").rglob("*.py") if p.name != "__init__.py")
    for library in LIBRARIES:
        importlib.import_module(library)
    explained, begin_s = reasons(), time.monotonic()
    coverage = record()
    if try_all([Mutant(modules[0], 0, "", "unchanged", (ROOT / modules[0]).read_text())], coverage, 1) == []:
        raise SystemExit(f"{modules[0]}: its tests fail in a fork without any change: nothing can be concluded from failures")
    print(f"{len(coverage.took_s)} tests, recorded in {time.monotonic() - begin_s:.0f} s", flush=True)
    tried = noticed = with_reason = 0
    for module in modules:
        every = mutants(module, (ROOT / module).read_text())
        chosen = every if args.all else random.Random(f"{args.seed}:{module}").sample(every, min(args.sample, len(every)))
        survivors = try_all(chosen, coverage, args.jobs)
        why = {m: explained.get((m.path, m.text, m.change)) for m in survivors}
        known = sum(reason is not None for reason in why.values())
        killed = len(chosen) - len(survivors)
        tried, noticed, with_reason = tried + len(chosen), noticed + killed, with_reason + known
        print(f"{module}: {killed} of {len(chosen)} killed ({len(every)} in all), {known} explained", flush=True)
        for m, reason in why.items():
            print(f"  {'explained' if reason else 'SURVIVED'} {m}{f'  ({reason})' if reason else ''}", flush=True)
    share = noticed / tried if tried else 1.0
    print(
        f"{noticed} of {tried} killed: {share:.1%}, at least {LEAST:.0%}; {with_reason} more explained,"
        f" {tried - noticed - with_reason} survived; {time.monotonic() - begin_s:.0f} s"
    )
    return int(share < LEAST)


if __name__ == "__main__":
    sys.exit(main())
