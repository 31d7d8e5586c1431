"""Files for readers, and what they made of them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

import pytest

from sellable.errors import InvalidNetwork
from sellable.ingest.profiles import load_profile, parse_profile
from sellable.ingest.rows import FileProblem, Notes, ReadContext
from sellable.ingest.tabular import read_table
from sellable.stock import Fact, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sellable.ingest.profile import Profile
    from sellable.ingest.rows import Row

OBSERVED = 1_795_000_000_000_000
LOG = "0123456789abcdef"


class Read(NamedTuple):
    """What a reader delivered until it ended, or was stopped by `problem`."""

    rows: list[Row]
    notes: Notes
    problem: FileProblem | None

    @property
    def facts(self) -> list[tuple[int, Fact]]:
        """The rows that are facts."""
        return [(line, row) for line, row in self.rows if isinstance(row, Fact)]

    @property
    def refused(self) -> list[tuple[int, Refused]]:
        """The rows that are none."""
        return [(line, row) for line, row in self.rows if isinstance(row, Refused)]

    @property
    def counts(self) -> list[tuple[str, str, int]]:
        """What the facts say: SKU, location and quantity."""
        return [(fact.sku, fact.location, fact.quantity) for _, fact in self.facts]


def profile_of(yaml: str) -> Profile:
    """Make a profile of its keys; without any it is the default."""
    return parse_profile(yaml, "test") if yaml else load_profile("default")


def context_of(profile: Profile | str = "", **more: Any) -> ReadContext:
    """Make the context of a file of the source wms."""
    made = profile_of(profile) if isinstance(profile, str) else profile
    given: dict[str, Any] = {"observe_us": OBSERVED, **more}
    return ReadContext(source="wms", profile=made, log_id=LOG, **given)


def drain(lists: Iterable[list[Row]], notes: Notes) -> Read:
    """Read to the end, or to what stops it."""
    rows: list[Row] = []
    try:
        for batch in lists:
            assert 0 < len(batch) <= 1_000
            rows += batch
    except FileProblem as problem:
        return Read(rows, notes, problem)
    return Read(rows, notes, None)


def read(content: str | bytes, profile: Profile | str = "", **more: Any) -> Read:
    """Read a table."""
    data = content.encode() if isinstance(content, str) else content
    context = context_of(profile, **more)
    return drain(read_table(io.BytesIO(data), context), context.notes)


def endless(before: str, after: str) -> BinaryIO:
    """Give a stream with a line of 64 MiB that is never in memory as a whole."""
    return cast("BinaryIO", _Endless([before.encode(), *[b"x" * 262_144] * 256, after.encode()]))


class _Endless(io.RawIOBase):
    """Pieces of a stream, of which the same may come many times."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    def read(self, size: int = -1, /) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


def refusals(yaml: str) -> list[str]:
    """Return what is wrong with a profile, in the order of its lines."""
    with pytest.raises(InvalidNetwork) as caught:
        parse_profile(yaml, "test")
    return [str(problem) for problem in caught.value.problems]
