"""The wheel of this tree, built from a copy: a build leaves files behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKED = ("bizra_load", "sla", "reports", "locustfiles", "pyproject.toml", "README.md")


def built_wheel(folder: Path, compiler: str = "gcc") -> Path:
    """The wheel, in `folder`; the copy that it was built from is `source` beside it. `compiler`: of C."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file() and name.split("/")[0] in PACKED:
            (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "source" / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run(
        [*command, str(folder / "source")], check=True, capture_output=True, timeout=300, env={**os.environ, "CC": compiler}
    )
    [wheel] = folder.glob("*.whl")
    return wheel
