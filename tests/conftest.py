"""What every test shares: markers, the order of tests, and which of them run beside others.

`make test` runs several pytest processes at a time (pytest-xdist). Most end-to-end tests wait far more than they compute, so
several run side by side. Tests marked `quiet` judge latency or lag and run alone.
"""

from __future__ import annotations

import fcntl
import gc
import os
import signal
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

TESTS = Path(__file__).resolve().parent
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line does: several processes compute here as it is
# argparse looks for translations of each of its texts in every folder of locales, and tests know the English ones
os.environ["LANGUAGE"] = "C"
os.environ.pop("COLUMNS", None)  # pytest-xdist gives its processes one, which would be the width of all that tests print
# A shell starts background jobs with SIGINT ignored, nohup with SIGHUP, and our processes would inherit that: the tests press
# Ctrl+C and close terminals.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
# how long inputs take is this machine's matter
settings.register_profile("suite", deadline=None, suppress_health_check=(HealthCheck.too_slow,))
settings.load_profile("suite")
MACHINE = pytest.StashKey["SharedMachine"]()
STARTERS = ("processes", "e2e", "slow")  # markers of tests that may start processes; not in test-fast


class SharedMachine:
    """A lock over all pytest processes of this session: many tests share the machine, or one has it alone.

    Two locked files: the room is held while a test runs, shared or exclusively; the door is held while waiting for the room, so
    that a test which wants to be alone is not overtaken for ever by ones that share.
    """

    def __init__(self, folder: Path, session: str) -> None:
        self._door, self._room = (folder / f"bizra-load-tests-{session}-{name}" for name in ("door", "room"))

    @contextmanager
    def held(self, *, alone: bool) -> Iterator[None]:
        with self._room.open("w") as room:
            with self._door.open("w") as door:
                fcntl.flock(door, fcntl.LOCK_EX)
                fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            yield

    def remove(self) -> None:
        for path in (self._door, self._room):
            path.unlink(missing_ok=True)


def pytest_configure(config: pytest.Config) -> None:
    session = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    config.stash[MACHINE] = SharedMachine(Path(tempfile.gettempdir()), session)
    sys.addaudithook(_note_start)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):  # where this is a step of a job, its summary is not the tests'
        os.environ.pop(name, None)


STARTS = {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "os.spawn"}
STARTED: list[str] = []  # what has been started since the running test began


def _note_start(event: str, arguments: tuple[object, ...]) -> None:
    if event in STARTS:
        STARTED.append(f"{event}{arguments[:2]}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """A test of the fast suite that starts a process fails: each costs as much as a thousand tests that start none."""
    STARTED.clear()
    done = yield
    if STARTED and not any(item.get_closest_marker(name) for name in STARTERS):
        pytest.fail(f"has none of the markers {', '.join(STARTERS)}, and started {STARTED[0]}")
    return done


def pytest_unconfigure(config: pytest.Config) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        config.stash[MACHINE].remove()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()  # the tests themselves stay to the end: looking through them again and again takes a twentieth of the CPU


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    with item.config.stash[MACHINE].held(alone=item.get_closest_marker("quiet") is not None):
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        if folder == "e2e":
            item.add_marker("e2e")
        elif folder == "calibration":
            item.add_marker("slow")
        if hasattr(item.getparent(pytest.Module).obj, "subprocess"):  # type: ignore[union-attr]  # each lies in a module
            item.add_marker("processes")
        if not item.get_closest_marker("xdist_group") and (group := _group(item)):
            item.add_marker(pytest.mark.xdist_group(group))
    items[:] = _in_turn(items)


def _group(item: pytest.Item) -> str:
    """Tests of one group run in one process: all quiet ones, those that share a fixture of their module, and short ones of a
    module, which would take longer to hand out than to run. "" for a test by itself.
    """
    if item.get_closest_marker("quiet"):
        return "quiet"
    fixtures = item._fixtureinfo.name2fixturedefs.values()  # type: ignore[attr-defined]
    shares_a_fixture = any(f.scope == "module" for of_one_name in fixtures for f in of_one_name)
    if item.path.parent.name == "architecture" and not item.get_closest_marker("slow"):
        return "architecture"  # they read the same modules
    if shares_a_fixture or not (item.get_closest_marker("e2e") or item.get_closest_marker("slow")):
        return str(item.path.relative_to(TESTS))
    return ""


def _in_turn(items: list[pytest.Item]) -> list[pytest.Item]:
    """Long tests first, so that none is left over when the others have ended, and those that are alone last. Among the long
    ones, and among the others, what waits and what computes are mixed evenly: the machine has something to do all the time.
    """
    kinds: dict[tuple[bool, bool, bool], list[pytest.Item]] = {}
    for item in items:
        quiet, slow, waits = (item.get_closest_marker(name) is not None for name in ("quiet", "slow", "e2e"))
        kinds.setdefault((quiet, not slow, waits), []).append(item)
    ranked = [(kind[:2], n / len(of_kind), item) for kind, of_kind in kinds.items() for n, item in enumerate(of_kind)]
    return [item for *_, item in sorted(ranked, key=lambda rank: rank[:2])]
