"""`python -m bizra_load.node`: the same as `bizra-load node`, without loading Locust."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

from bizra_load.cli import node
from bizra_load.exit_codes import USAGE, UsageError


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(USAGE)


def main() -> int:
    parser = _Parser(prog="bizra-load node", description=node.__doc__)
    node.add_arguments(parser)
    try:
        return node.run(parser.parse_args())
    except UsageError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
