"""`bizra-load completion SHELL`: a script by which a shell completes verbs, options and runs.

bash: source <(bizra-load completion bash); zsh: bizra-load completion zsh > _bizra-load, in a folder of $fpath.
"""

from __future__ import annotations

import argparse

SHELLS = ("bash", "zsh")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = subparsers.add_parser("completion", description=__doc__, formatter_class=raw)
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=" or ".join(SHELLS))
    parser.set_defaults(command="completion:run")
