"""The files that people write, for tests that hold the house rules."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
ROOMS: Final = ("src", "tests", "loadtests", "protos", "deploy")


def written(suffix: str) -> list[Path]:
    """Return the files of this kind that nobody generates, in order."""
    found = [path for room in ROOMS for path in (ROOT / room).rglob(f"*{suffix}")]
    found += ROOT.glob(f"*{suffix}")
    return sorted(path for path in found if "/sellable/v1/" not in str(path) or suffix != ".py")


def shown(path: Path) -> str:
    """Return a path as people write it."""
    return str(path.relative_to(ROOT))
