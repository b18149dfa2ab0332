"""Where a verb's result goes: standard output or a file, in the format that --format names."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from bizra_load.io.files import write_atomically, writing
from bizra_load.io.terminal import terminal_width


def write_output(args: argparse.Namespace, text: Callable[[int, bool], str], others: dict[str, Callable[[], str]]) -> None:
    """What --format asks for, to standard output or to a file in one step. `text` takes the width and whether there is colour.
    Raises UsageError.
    """
    if args.format == "text":
        terminal = sys.stdout.isatty() and args.output is None
        rendered = text(terminal_width(sys.stdout) if terminal else 120, terminal) + "\n"
    else:
        rendered = others[args.format]()
    put(args, rendered)


def put(args: argparse.Namespace, rendered: str) -> None:
    """To standard output, or to the file that -o names. Raises UsageError."""
    if args.output is None:
        sys.stdout.write(rendered)
        return
    with writing(f"-o: {args.output}", "a file"):
        write_atomically(args.output, rendered)
