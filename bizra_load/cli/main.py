"""bizra-load: put an open, honest load on a service and answer whether the agreement was kept.

Exit codes: 0 kept, 3 NO-GO, 4 inconclusive, 5 invalid run, 6 wrong usage (see bizra_load.exit_codes).
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from bizra_load.exit_codes import USAGE, BizraLoadError, one_line


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "allow_abbrev": False})  # a new option must not change what an old command means

    def error(self, message: str) -> NoReturn:
        words = message.removeprefix("unrecognized arguments: ").split()
        if message.startswith("unrecognized") and words[0].startswith("--"):
            known = {flag for action in self._actions if isinstance(action.choices, dict) for flag in _flags(action.choices)}
            close = difflib.get_close_matches(words[0].partition("=")[0], sorted(known), 1)
            message += f", did you mean {close[0]!r}?" if close else ""
        print(f"{self.prog}: {one_line(message)} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(USAGE)


def _flags(verbs: Mapping[str, argparse.ArgumentParser]) -> Iterator[str]:
    for verb in verbs.values():
        for action in verb._actions:
            yield from action.option_strings


def parser() -> argparse.ArgumentParser:
    from bizra_load.cli import alerts, assess, baseline, compare, dashboard, metrics, node, report, run, validate

    top = _Parser(prog="bizra-load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb in (run, node, baseline, assess, report, compare, alerts, dashboard, metrics, validate):
        verb.add_parser(verbs)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    try:
        code: int = args.run(args)
    except BizraLoadError as error:
        print(f"bizra-load {args.verb}: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        return 0  # the reader of our output went away (bizra-load report ... | head)
    except KeyboardInterrupt:
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
