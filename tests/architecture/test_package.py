"""What `pip install` brings is all that `bizra-load` needs."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_urllib3_is_the_locked_one():
    """urllib3-future would put itself in its place (docs/adr/0002)."""
    import urllib3

    assert f"urllib3=={urllib3.__version__}" in (ROOT / "constraints.txt").read_text().split()


def test_a_wheel_brings_packages_scenarios_agreements_and_the_command(tmp_path):
    copy = tmp_path / "source"  # a build leaves files behind
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in listed.stdout.decode().split("\0"):
        if (
            name
            and (ROOT / name).is_file()
            and name.split("/")[0] in ("bizra_load", "sla", "reports", "locustfiles", "pyproject.toml", "README.md")
        ):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(tmp_path), str(copy)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    [wheel] = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    packed = {n for n in names if n.startswith(("bizra_load/", "sla/", "reports/"))}
    source = {
        str(p.relative_to(copy))
        for package in ("bizra_load", "sla", "reports")
        for p in (copy / package).rglob("*")
        if p.is_file()
    }
    assert packed == source
    scenarios = {n.rpartition("/")[2] for n in names if "/share/bizra-load/locustfiles/" in n}
    assert scenarios == {p.name for p in (ROOT / "locustfiles").glob("*.py")}
    [entry_points] = [n for n in names if n.endswith("entry_points.txt")]
    assert "bizra-load = bizra_load.cli.main:main" in zipfile.ZipFile(wheel).read(entry_points).decode()
