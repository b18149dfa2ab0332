"""bizra-load: put an open-model load on a service and say whether the agreement was kept.

Exit codes: 0 kept, 3 NO-GO, 4 inconclusive, 5 invalid run, 6 wrong usage (see bizra_load.exit_codes).
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import itertools
import os
import signal
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from bizra_load.archive import latest
from bizra_load.archive.named import check_named, folder_of_runs
from bizra_load.exit_codes import KEPT, USAGE, BizraLoadError, one_line
from bizra_load.io.signals import EndedBySignal, end_on_signals
from bizra_load.io.streams import keep_standard_streams, lost_output
from bizra_load.io.this_program import STARTED_AS, started_as
from bizra_load.settings.defaults import DEFAULT_OUT, OUT_VARIABLE
from sla.values.section import unknown

# Each has its options in bizra_load.cli.parsers and its code in bizra_load.cli. Only what is asked for is imported: the options
# of one verb to explain it, its code to run it; all of it takes longer than most commands run.
VERBS = {
    "run": "put the load on and judge it",
    "node": "run the reference PoI node",
    "baseline": "measure what a node's operations take alone",
    "assess": "judge a saved run, or another tool's results",
    "report": "show a run's assessment",
    "runs": "list the runs, with their verdicts",
    "compare": "compare runs",
    "agreement": "check an agreement, show what it judges",
    "init": "write a first agreement for a service",
    "alerts": "alert rules of an agreement, and a drill",
    "dashboard": "Grafana dashboards of an agreement",
    "metrics": "judge the agreement by Prometheus",
    "validate": "all of a release's validation, with a decision",
    "completion": "complete verbs and options in bash or zsh",
}
PUT_LOAD_ON = ("run", "validate")
# words with which a run is looked at, or left to a master; those of Locust's among them
MAKES_NO_RUN = ("--dry-run", "--list", "-l", "--show-task-ratio", "--show-task-ratio-json", "--worker")
VERDICT_IN_FILES = (*PUT_LOAD_ON, "node", "assess", "metrics")  # whatever becomes of what they print


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "allow_abbrev": False})  # a new option must not change what an old command means

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Also of verbs. Raises ArgumentError, with the nearest of what is allowed."""
        if action.choices is not None and value not in action.choices:
            raise argparse.ArgumentError(action, unknown(str(value)[:100], list(action.choices)))

    def error(self, message: str) -> NoReturn:
        words = message.removeprefix("unrecognized arguments: ").split()
        if message.startswith("unrecognized") and words[0].startswith("--"):
            close = difflib.get_close_matches(words[0].partition("=")[0], sorted(set(_flags(self))), 1)
            message += f", did you mean {close[0]!r}?" if close else ""
        print(f"{self.prog}: {one_line(message)} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(USAGE)


class _Verbs(argparse._SubParsersAction):  # type: ignore[type-arg]  # it can't be subscripted when it runs
    """The verbs: each has a line of help, whether or not its options are imported."""

    def add_parser(self, name: str, **options: Any) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = super().add_parser(name, **{"help": VERBS[name], **options})
        return added


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        import importlib.metadata  # a third of the time of --help, and nothing else here needs it

        print(f"{parser.prog} {importlib.metadata.version('bizra-load')}")
        parser.exit()


def _flags(parser: argparse.ArgumentParser) -> Iterator[str]:
    """The options of a parser and of all verbs below it."""
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for verb in action.choices.values():
                yield from _flags(verb)


def parser(imported: Collection[str] = VERBS) -> argparse.ArgumentParser:
    """The whole command line, with the options of the verbs that are `imported`; the others only have their names."""
    top = _Parser(prog="bizra-load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB", action=_Verbs)
    for verb in VERBS:
        if verb in imported:
            importlib.import_module(f"bizra_load.cli.parsers.{verb}").add_parser(verbs)
        else:
            verbs.add_parser(verb)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    words = sys.argv[1:] if argv is None else argv
    verb = next((f" {word}" for word in words[:1] if word in VERBS), "")
    if argv is None:  # a process of its own
        keep_standard_streams()
        # where whoever started us ignores it, the kernel keeps no exit code of what we start
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        end_on_signals()
        os.environ[STARTED_AS] = started_as(sys.argv[0], os.environ.get("PATH", ""))
        # the linear algebra of numpy and that of scipy would each start a thread for every core, which spins for a while for
        # nothing; both read this when they are loaded, here and in what is started
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        args = _parsed(words)
        module, function = args.command.split(":")
        code: int = getattr(importlib.import_module(f"bizra_load.cli.{module}"), function)(args)
    except BizraLoadError as error:
        print(f"bizra-load{verb}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt as end:
        return 128 + (end.number if isinstance(end, EndedBySignal) else signal.SIGINT)
    elsewhere = args.verb in VERDICT_IN_FILES and getattr(args, "json", None) != "-"
    return USAGE if code == KEPT and not elsewhere and lost_output() else code


def understood(words: Sequence[str]) -> argparse.Namespace:
    """The command line. `words` of a load are those that only Locust or a locustfile can know, and all behind "--". Raises
    SystemExit.
    """
    command = parser([word for word in words[:1] if word in VERBS])
    cut = words.index("--") if "--" in words else len(words)
    args, rest = command.parse_known_args(words[:cut])
    args.words = [*rest, *words[cut + 1 :]]
    if args.words and not (getattr(args, "locustfile", None) or getattr(args, "web_ui", False)):
        command.error(f"unrecognized arguments: {' '.join(args.words)}")
    return args


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    try:
        args = understood(words)
    except SystemExit as end:
        if end.code:  # 0: help was asked for
            _forget_the_run_before(words)
        elif lost_output():
            raise SystemExit(USAGE) from None
        raise
    _forget_the_run_before(words)
    for run in (getattr(args, "folder", None), *getattr(args, "sides", ())):
        if isinstance(run, Path):
            check_named(run, folder_of_runs())
    return args


def _forget_the_run_before(words: Sequence[str]) -> None:
    """Where a run is asked for: whatever it is refused for, nobody may read the code of the one before as its own."""
    if any(word in MAKES_NO_RUN for word in words) or ("--web-ui" in words and "--autostart" not in words):
        return
    if next((word for word in words if word in VERBS), None) in PUT_LOAD_ON:
        latest.forget(_folder_of_runs(words))


def _folder_of_runs(words: Sequence[str]) -> Path:
    """The folder that --out names, or its environment variable, or the default, however wrong the other words may be."""
    out = os.environ.get(OUT_VARIABLE, DEFAULT_OUT)
    for flag, value in itertools.zip_longest(words, words[1:]):
        if flag == "--out":
            out = value if value is not None else out
        elif flag.startswith("--out="):
            out = flag.removeprefix("--out=")
    return Path(out.strip())


if __name__ == "__main__":
    sys.exit(main())
