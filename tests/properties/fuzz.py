"""The property tests of everything that comes from outside, with many more inputs, and how many there were.

python -m tests.properties.fuzz [examples of each test]
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

FILES = ("test_outside.py", "test_wire.py", "test_http_parser.py", "test_http_requests.py")
EXAMPLES = 10_000


def main() -> int:
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES
    files = [f"tests/properties/{name}" for name in FILES]
    command = [sys.executable, "-m", "pytest", "--hypothesis-show-statistics", "--hypothesis-profile=fuzz", *files]
    ended = subprocess.run(
        command, env={**os.environ, "FUZZ_EXAMPLES": str(examples)}, capture_output=True, text=True, check=False
    )
    print(ended.stdout if ended.returncode else "", ended.stderr, sep="", end="")
    tried = 0
    for block in re.split(r"^tests/properties/\S+?::", ended.stdout, flags=re.MULTILINE)[1:]:
        name = block.partition(":")[0]
        counts = re.findall(r"(\d+) passing, (\d+) failing, and (\d+) invalid", block)
        inputs = sum(int(n) for row in counts for n in row)
        tried += inputs
        print(f"{inputs:>9,}  {name}")
    print(f"{tried:>9,}  inputs tried, {'nothing' if ended.returncode == 0 else 'something'} found")
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main())
