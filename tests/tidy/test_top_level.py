"""The first thing that a reader sees is a sentence, not a heap."""

from __future__ import annotations

import subprocess
from typing import Final

from support.sources import ROOT

TOP_LEVEL: Final = {
    "README.md",
    "deploy",
    "loadtests",
    "protos",
    "pyproject.toml",
    "src",
    "tests",
}


def test_top_level_stays_small() -> None:
    """Nothing lies at the top besides these rooms and files that begin with a dot."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git on PATH
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    found = {line.partition("/")[0] for line in listed.stdout.splitlines()}
    assert set() == {name for name in found if not name.startswith(".")} - TOP_LEVEL


def test_names_say_what_they_hold() -> None:
    """No file is a drawer for everything."""
    drawers = [
        path.name
        for room in ("src", "tests", "loadtests")
        for path in (ROOT / room).rglob("*.py")
        if path.stem.endswith(("utils", "helpers", "common", "manager", "base", "misc"))
    ]
    assert [] == drawers
