"""The image without Docker: the steps of its first stage as processes, then what they made."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from support.deployment import DEPLOY, DeployedStore
from support.service import ServiceProcess
from support.sources import ROOT

_DOCKERFILE: Final = (DEPLOY / "Dockerfile").read_text()
_STEP: Final = re.compile(r"^(COPY|RUN|ENV) ((?:.*\\\n)*.*)$", re.MULTILINE)
_HEALTH: Final = DEPLOY / "health.py"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the steps in a folder in place of the root; return the environment that is shipped."""
    folder = tmp_path_factory.mktemp("image")
    probe = ("-m", "pip", "download", "--no-deps", "--dest", folder, "hatchling")
    if subprocess.run([sys.executable, *probe], check=False, capture_output=True).returncode:
        pytest.skip("no package index can be reached")
    build = folder / "build"
    build.mkdir()
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    first_stage = _DOCKERFILE.split("\nFROM ")[1]
    for kind, words in _STEP.findall(first_stage):
        text = words.replace("\\\n", " ")
        if kind == "COPY":
            *sources, target = text.split()
            for source in sources:
                copy(ROOT / source, build / target)
        elif kind == "ENV":
            environment |= dict(word.split("=", 1) for word in text.split())
        else:
            step = text.replace("/opt/", f"{folder}/opt/")
            subprocess.run(["/bin/sh", "-c", step], cwd=build, env=environment, check=True)
    return folder / "opt" / "sellable"


def copy(source: Path, target: Path) -> None:
    """Copy a file, or a folder with all that is in it."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


@pytest.mark.timeout(300)
async def test_what_the_image_installs_serves(installed: Path) -> None:
    """The shipped environment has no installer, serves from the store, and its health is told."""
    assert not (installed / "bin" / "pip").exists()
    with DeployedStore() as store:
        service = ServiceProcess(
            config=store.config, durability="fsync", command=installed / "bin" / "sellable"
        )
        async with service:
            assert 0 == health(installed, service.address)
            address = service.address
        assert 1 == health(installed, address)


def health(installed: Path, address: str) -> int:
    """Ask as the container does; return the exit code."""
    return subprocess.run(
        [installed / "bin" / "python", _HEALTH, address], check=False, timeout=30
    ).returncode
