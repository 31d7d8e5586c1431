"""The dependency arrow: rooms import only what lies below them, and I/O stays at the edges."""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING, Final

import pytest

from support.sources import ROOT, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE: Final = ROOT / "src" / "sellable"
# What a room may import of the product, besides itself; None: everything.
VALUES: Final = frozenset(
    {"durability", "errors", "geo", "limits", "names", "reservation", "stock", "revision", "tally"}
)
MAY_IMPORT: Final[dict[str, frozenset[str] | None]] = {
    "durability": frozenset({"limits"}),
    "geo": frozenset(),
    "limits": frozenset(),
    "errors": frozenset(),
    "logs": frozenset(),
    "names": frozenset({"limits"}),
    "reservation": frozenset(),
    "stock": frozenset(),
    "revision": frozenset({"errors"}),
    "stopping": frozenset(),
    "tally": frozenset(),
    "settings": frozenset({"durability", "errors", "limits", "names", "network"}),
    "network": VALUES,
    "explain": VALUES | {"network"},
    "sourcing": VALUES | {"network"},
    "places": frozenset({"errors", "geo", "limits"}),
    "simulate": VALUES | {"network", "sourcing"},
    "store": VALUES | {"network", "explain", "sourcing"},
    "dispatch": VALUES | {"network", "sourcing", "stopping", "store"},
    "maintenance": VALUES | {"store"},
    "ingest": VALUES | {"store", "network", "settings", "stopping"},
    "rpc": VALUES | {"store", "maintenance", "explain", "sourcing", "dispatch", "v1"},
    "metrics": VALUES | {"store", "maintenance", "dispatch", "rpc"},
    "demo": None,
    "service": None,
    "registrations": None,
    "workers": None,
    "cli": None,
    "v1": frozenset({"v1"}),
}
OUTSIDE: Final = {
    "grpc": {"rpc", "demo", "cli", "v1"},
    "redis": {"store", "service"},
    "nats": {"ingest"},
    "hiredis": {"store"},
    "pyarrow": {"cli", "ingest"},
    "typer": {"cli"},
    "rich": {"cli", "demo"},
    "prometheus_client": {"metrics"},
    "matplotlib": {"cli"},
    "numpy": {"places", "sourcing", "simulate"},
    "highspy": {"sourcing"},
    "yaml": {"network"},
}
PURE: Final = frozenset({*VALUES, "network", "explain", "sourcing"})
IO: Final = frozenset(
    {"asyncio", "grpc", "http", "os", "pathlib", "redis", "socket", "subprocess", "time", "uvloop"}
)
STOPWATCH: Final = (
    "src/sellable/sourcing/solver/deadline.py"  # how long it took, not what time it is
)


def room_of(path: Path) -> str:
    """Return the room of a file: its folder, or its own name at the top."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@cache
def imports(path: Path) -> list[tuple[str, ...]]:
    """Return every module that a file imports, also for types only, as its parts."""
    return list(_imports(path))


def _imports(path: Path) -> Iterator[tuple[str, ...]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{shown(path)} imports relatively"
            assert node.module is not None
            head = tuple(node.module.split("."))
            yield from ((*head, alias.name) for alias in node.names)


FILES: Final = sorted(path for path in SOURCE.rglob("*.py") if room_of(path) != "__init__")


def test_every_room_has_its_place() -> None:
    """A new room is placed on the arrow before it is imported."""
    assert set(MAY_IMPORT) == {room_of(path) for path in FILES}


@pytest.mark.parametrize("room", [room for room, below in MAY_IMPORT.items() if below is not None])
def test_room_imports_only_what_lies_below(room: str) -> None:
    """No room imports one beside or above it."""
    allowed = (MAY_IMPORT[room] or frozenset()) | {room}
    found = [
        (shown(path), parts[1])
        for path in FILES
        if room_of(path) == room
        for parts in imports(path)
        if parts[0] == "sellable" and parts[1] not in allowed
    ]
    assert [] == found


@pytest.mark.parametrize("package", OUTSIDE)
def test_package_stays_at_its_edge(package: str) -> None:
    """Each outside thing is known in its own rooms only."""
    users = {room_of(path) for path in FILES for parts in imports(path) if parts[0] == package}
    assert users <= OUTSIDE[package]


def test_pure_rooms_do_no_io() -> None:
    """Values and the network know no clock, no file, no socket and no event loop."""
    found = [
        (shown(path), parts[0])
        for path in FILES
        if room_of(path) in PURE
        for parts in imports(path)
        if parts[0] in IO and (parts[0], shown(path)) != ("time", STOPWATCH)
    ]
    assert [] == found
