"""What `pip install` brings is all that `bizra-load` needs."""

import importlib.metadata
import re
import zipfile
from pathlib import Path

import pytest
import urllib3

from tests.wheel import built_wheel

ROOT = Path(__file__).resolve().parents[2]


def locked(name):
    """Distribution -> version of a file of locked requirements."""
    text = (ROOT / "requirements" / name).read_text()
    return dict(re.findall(r"^([a-z0-9.-]+)==([^ ;]+)", text, re.MULTILINE))


def test_urllib3_is_itself():
    """A dependency that brings urllib3-future would put that in its place (docs/adr/0005)."""
    assert urllib3.__version__ == importlib.metadata.version("urllib3")
    assert "urllib3" in locked("run.txt")
    assert "urllib3-future" not in locked("dev.txt")


@pytest.mark.parametrize("name", ["run.txt", "grafana.txt", "dev.txt"])
def test_everything_locked_has_hashes_and_one_version_in_all_files(name):
    versions = locked(name)
    assert versions.items() <= locked("dev.txt").items()
    requirements = re.split(r"^(?=[a-z0-9])", (ROOT / "requirements" / name).read_text(), flags=re.MULTILINE)[1:]
    assert len(requirements) == len(versions)
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}\b", requirement) for requirement in requirements)


@pytest.mark.slow
def test_a_wheel_brings_packages_scenarios_agreements_and_the_command(tmp_path):
    wheel, copy = built_wheel(tmp_path), tmp_path / "source"
    names = zipfile.ZipFile(wheel).namelist()
    packed = {n for n in names if n.startswith(("bizra_load/", "sla/", "reports/"))}
    source = {
        str(p.relative_to(copy))
        for package in ("bizra_load", "sla", "reports")
        for p in (copy / package).rglob("*")
        if p.is_file()
    }
    built = {n for n in packed if n.endswith(".so")}
    assert packed - built == {n for n in source if not n.endswith(".c")}
    assert [n.partition(".")[0] for n in built] == ["bizra_load/engine/core_compiled"]
    scenarios = {n.rpartition("/")[2] for n in names if "/share/bizra-load/locustfiles/" in n}
    assert scenarios == {p.name for p in (ROOT / "locustfiles").glob("*.*")}
    [entry_points] = [n for n in names if n.endswith("entry_points.txt")]
    assert "bizra-load = bizra_load.cli.main:main" in zipfile.ZipFile(wheel).read(entry_points).decode()


@pytest.mark.slow
def test_a_wheel_is_built_without_a_compiler_too(tmp_path):
    names = zipfile.ZipFile(built_wheel(tmp_path, compiler="false")).namelist()
    assert not [n for n in names if n.endswith(".so")]
    assert "bizra_load/engine/core_pure.py" in names
