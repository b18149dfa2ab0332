"""`python -m bizra_load.node`: the same as `bizra-load node`."""

from __future__ import annotations

import sys

from bizra_load.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["node", *sys.argv[1:]]))
