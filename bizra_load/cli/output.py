"""Where a verb's result goes: standard output or a file, in the format that --format names."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from bizra_load.io.files import write_atomically, writing
from bizra_load.io.streams import to_standard_error
from bizra_load.io.terminal import TABLES_WIDE, coloured, telling, terminal_width
from bizra_load.settings import inputs


def write_output(
    args: argparse.Namespace,
    text: Callable[[int, bool], str],
    others: dict[str, Callable[[], str]],
    otherwise: int = TABLES_WIDE,
) -> None:
    """What --format asks for, to standard output or to a file in one step. `text` takes the width, which is `otherwise` where
    there is no terminal, and whether there is colour. Raises UsageError.
    """
    if args.format == "text":
        terminal = args.output is None
        width = terminal_width(sys.stdout, otherwise) if terminal else otherwise
        rendered = text(width, terminal and coloured(sys.stdout)) + "\n"
    else:
        rendered = others[args.format]()
    put(args, rendered)


@contextmanager
def shown_as_asked(args: argparse.Namespace) -> Iterator[Callable[[str], None]]:
    """--quiet, --verbose and --json hold within the block, which calls what it is given with the JSON of --json. An older file
    of that name is gone by then: it is of another judgement. Raises UsageError.
    """
    path = None
    if args.json is not None and args.json != "-":
        path = inputs.option("--json", inputs.out_file, args.json)
        with writing(f"--json: {path}", "a file"):
            path.unlink(missing_ok=True)
    texts: list[str] = []
    with telling(args.quiet, args.verbose), to_standard_error() if args.json == "-" else nullcontext():
        yield texts.append
    for text in texts:
        if path is not None:
            with writing(f"--json: {path}", "a file"):
                write_atomically(path, text)
        elif args.json == "-":
            sys.stdout.write(text)


def put(args: argparse.Namespace, rendered: str) -> None:
    """To standard output, or to the file that -o names. Raises UsageError."""
    if args.output is None:
        sys.stdout.write(rendered)
        return
    with writing(f"-o: {args.output}", "a file"):
        write_atomically(args.output, rendered)
