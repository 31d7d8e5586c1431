"""Which sources have a stream: those that are named, those known, and what a slow search finds.

Anything may write to a stream, so new ones can only be found by SCAN over all keys. That walk is
slow on purpose: a store with millions of SKUs has as many keys. Sources that were read before are
known to the store and found at once; a source that is named without a pattern is looked up.
"""

from __future__ import annotations

import asyncio
import fnmatch
from typing import TYPE_CHECKING, Final

import structlog

from sellable.names import identifier_problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sellable.store.connection import Connection
    from sellable.store.keys import Partition

_KEYS_PER_STEP: Final = 1_000
_STEPS_PER_LOOK: Final = 20
_PATTERN: Final = frozenset("*?[")
_LOOK_INTERVAL_S: Final = 0.5
_WARNINGS_MAX: Final = 1_000

_log: Final = structlog.get_logger("sellable.ingest")


class Discovery:
    """The sources whose streams are to be read.

    Args:
        patterns: Names of sources, with `*`, `?` and `[...]`; none: every source.
    """

    def __init__(
        self, connection: Connection, partition: Partition, patterns: Sequence[str]
    ) -> None:
        self._connection = connection
        self._partition = partition
        self._named = {name for name in patterns if _PATTERN.isdisjoint(name)}
        self._found = set(self._named)
        self._patterns = [name for name in patterns if not _PATTERN.isdisjoint(name)]
        self._prefix = partition.waiting("").encode()
        self._cursor = 0
        self._look_at = 0.0
        self._warned: set[bytes] = set()

    @property
    def due(self) -> bool:
        """Whether it is time to look again."""
        return asyncio.get_running_loop().time() >= self._look_at

    async def look(self) -> list[str]:
        """Return the sources that have a stream now, as far as they were found.

        Raises:
            StoreUnavailable: While the store is away.
        """
        self._look_at = asyncio.get_running_loop().time() + _LOOK_INTERVAL_S
        if self._patterns or not self._named:
            known = await self._connection.execute("ZRANGE", self._partition.feeds, 0, -1)
            self._found.update(self._wanted(known))
            self._found.update(await self._search())
        names = sorted(self._found)
        keys = [self._partition.waiting(name) for name in names]
        kinds = await self._connection.pipeline([("TYPE", key) for key in keys])
        streams = []
        for name, kind in zip(names, kinds, strict=True):
            if isinstance(kind, Exception):
                raise kind
            if kind == b"stream":
                streams.append(name)
            elif kind != b"none":
                self._warn(name.encode(), "source_is_no_stream", f"its key is a {kind.decode()}")
            elif name not in self._named:
                self._found.discard(name)
        return streams

    async def _search(self) -> list[str]:
        """Walk some of the keys; the next look goes on where this one stopped."""
        found: list[bytes] = []
        match = self._prefix.replace(b"[", b"\\[") + b"*"
        for _ in range(_STEPS_PER_LOOK):
            cursor, keys = await self._connection.execute(
                "SCAN", self._cursor, "MATCH", match, "COUNT", _KEYS_PER_STEP
            )
            self._cursor = int(cursor)
            found += [key[len(self._prefix) :] for key in keys]
            if not self._cursor:
                break
        return self._wanted(found)

    def _wanted(self, names: Iterable[bytes]) -> list[str]:
        wanted = []
        for raw in names:
            name = raw.decode("utf-8", "replace")
            if name.encode() != raw or identifier_problem(name):
                self._warn(raw, "stream_of_no_source", "a source has 1 to 64 bytes of UTF-8")
            elif not self._patterns or any(fnmatch.fnmatchcase(name, p) for p in self._patterns):
                wanted.append(name)
        return wanted

    def _warn(self, name: bytes, event: str, problem: str) -> None:
        """Say it once."""
        if name not in self._warned and len(self._warned) < _WARNINGS_MAX:
            self._warned.add(name)
            _log.warning(event, source=name.decode("utf-8", "backslashreplace"), problem=problem)
