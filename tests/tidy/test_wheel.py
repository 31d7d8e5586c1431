"""What is installed is complete: scripts, profiles, demo data and types, loaded from the wheel."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from sellable.ingest.profiles import shipped_profiles
from sellable.store.scripts import SCRIPTS
from support.sources import ROOT

if TYPE_CHECKING:
    from pathlib import Path

_LOAD = """
import sellable, sys
from sellable.ingest.profiles import load_profile, shipped_profiles
from sellable.store.scripts import SCRIPTS
assert sellable.__file__.startswith(sys.path[0]), sellable.__file__
print(*sorted(f"{name}={script.sha}" for name, script in SCRIPTS.items()))
print(*(load_profile(name).name for name in shipped_profiles()))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_every_file_of_the_package_is_in_the_wheel(wheel: Path) -> None:
    """All that lies in the package is shipped, and nothing else."""
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    package = ROOT / "src" / "sellable"
    files = {
        str(path.relative_to(ROOT / "src"))
        for path in package.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert files == names
    wanted = {"py.typed", "demo/network.yaml", "demo/data/online_retail_sample.csv.gz"}
    wanted |= {f"ingest/shipped/{name}.yaml" for name in shipped_profiles()}
    assert set() == {f"sellable/{name}" for name in wanted} - names


def test_installed_package_loads_every_script_and_profile(wheel: Path, tmp_path: Path) -> None:
    """The package finds its scripts and profiles where it is installed, the same as here."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{_LOAD}"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    expected = sorted(f"{name}={script.sha}" for name, script in SCRIPTS.items())
    scripts, profiles = done.stdout.splitlines()
    assert (expected, shipped_profiles()) == (scripts.split(), profiles.split())
