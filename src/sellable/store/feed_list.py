"""What every source did, for operators: counters, what waits, and its newest facts.

Sources are known by the rows that were applied. One whose first entries still wait is found by
looking over the names of all keys, a bounded number a call; what is found is remembered here.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from msgspec import Struct, msgpack

from sellable.limits import FEED_LOCATIONS_MAX, FEEDS_MAX
from sellable.names import identifier_problem
from sellable.store.runner import pack

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sellable.store.runner import Runner

_SOURCES_PER_SCRIPT: Final = 10  # an oldest entry may be 1,000 rows: about 0.2 ms to look at
_SCANS_PER_CALL: Final = 20
_KEYS_PER_SCAN: Final = 1_000  # about 0.1 ms of the engine
_LOCATIONS_PER_SCAN: Final = 1_000
_LOCATION: Final = b"l:"


class Counters(Struct, frozen=True, array_like=True):
    """What one source did and what waits of it, of one moment; 0 and "" where there is nothing."""

    applied: int
    unchanged: int
    stale: int
    duplicate: int
    rejected: int
    given_up: int
    heard_ms: int
    newest_us: int
    silent_after_ms: int
    waiting: int
    oldest_id: str
    dead_letters: int

    @property
    def rows(self) -> int:
        """Every row that was read has one outcome."""
        return (
            self.applied
            + self.unchanged
            + self.stale
            + self.duplicate
            + self.rejected
            + self.given_up
        )

    @property
    def oldest_ms(self) -> int:
        """When the oldest entry that waits was put into the stream; 0: none waits."""
        return int(self.oldest_id.partition("-")[0] or 0)


class FeedState(Struct, frozen=True):
    """One source; `locations` are its newest observation times in microseconds, by location."""

    source: str
    counters: Counters
    locations: Sequence[tuple[str, int]]


_decode: Final = msgpack.Decoder(list[Counters], strict=False).decode


class FeedList:
    """The sources of one partition."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._cursor = 0
        self._unheard: set[str] = set()

    async def page(
        self, after: str, size: int, expected: Iterable[str] = ()
    ) -> tuple[list[FeedState], bool]:
        """Return sources by name from behind `after` on, and whether there are more.

        A page ends early where it would have more than 20,000 locations.

        Args:
            after: A source; "" begins with the first.
            size: How many at most.
            expected: Sources that are told of in any case, also if nothing ever came of them.
        """
        if not after:
            await self._look_for_unheard()
        names = sorted({*await self.heard(), *self._unheard, *expected})
        names = names[bisect_right(names, after) if after else 0 :]
        found: list[FeedState] = []
        room = FEED_LOCATIONS_MAX
        for source, counters in zip(names, await self._counters(names[:size]), strict=False):
            if counters.heard_ms or not counters.waiting:
                self._unheard.discard(source)
            locations = await self._locations(source) if counters.heard_ms else []
            room -= len(locations)
            if room < 0 and found:
                return found, True
            found.append(FeedState(source, counters, locations))
        return found, len(found) < len(names)

    async def heard(self) -> list[str]:
        """Return every source that rows were counted of, by name."""
        runner = self._runner
        raw = await runner.connection.execute("ZRANGE", runner.partition.feeds, 0, -1)
        return sorted(name.decode() for name in raw)

    async def note_interval(self, source: str, silent_after_ms: int) -> None:
        """Note after how long a source is silent by its own word: the profile of its files."""
        runner = self._runner
        key = runner.partition.feed(source)
        await runner.connection.execute("HSET", key, "silent_after_ms", silent_after_ms)

    async def _look_for_unheard(self) -> None:
        """Go on looking over the keys of the store for streams of sources, round and round."""
        prefix = self._runner.partition.waiting("")
        for _ in range(_SCANS_PER_CALL):
            cursor, keys = await self._runner.connection.execute(
                "SCAN", self._cursor, "MATCH", f"{prefix}*", "COUNT", _KEYS_PER_SCAN
            )
            names = (key.decode("utf-8", "replace").removeprefix(prefix) for key in keys)
            if len(self._unheard) < FEEDS_MAX:
                self._unheard.update(name for name in names if not identifier_problem(name))
            self._cursor = int(cursor)
            if not self._cursor:
                return

    async def _counters(self, sources: Sequence[str]) -> list[Counters]:
        found: list[Counters] = []
        for at in range(0, len(sources), _SOURCES_PER_SCRIPT):
            part = sources[at : at + _SOURCES_PER_SCRIPT]
            found += _decode((await self._runner.read("list_feeds", pack(part))).packed)
        return found

    async def _locations(self, source: str) -> list[tuple[str, int]]:
        """Return the newest observation time of each location, by name; at most 20,000."""
        runner = self._runner
        key = runner.partition.feed(source)
        found: dict[str, int] = {}
        cursor = 0
        while True:
            cursor, fields = await runner.connection.execute(
                "HSCAN", key, cursor, "MATCH", "l:*", "COUNT", _LOCATIONS_PER_SCAN
            )
            pairs = zip(fields[::2], fields[1::2], strict=True)
            found |= {name.removeprefix(_LOCATION).decode(): int(us) for name, us in pairs}
            cursor = int(cursor)
            if not cursor:
                break
        longest_silent = sorted(found.items(), key=lambda each: each[1])[:FEED_LOCATIONS_MAX]
        return sorted(longest_silent)
