"""One story on two stores: usual calls on reservations take the short way on one of them only."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec

from sellable.store.connection import Connection
from sellable.store.scripts import SCRIPTS, Script
from support.bench import Bench
from support.calls import call_of
from support.connections import script as script_of
from support.keyspace import TAG, keyspace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from sellable.store.replies import Reply
    from sellable.store.wire import Argument
    from support.server import ValkeyProcess

SHORT_WAYS: Final = ("reserve", "confirm", "release")
_COUNTS: Final = f"{TAG}taken"
_SHORT_WAY: Final = re.compile(
    r"^(local packed = .*?^if answer then\n)(  return answer\nend\n)", re.MULTILINE | re.DOTALL
)
_COUNT: Final = "  redis.call('HINCRBY', key('taken', ''), '{name} ' .. answer[1], 1)\n"
_unpack: Final = msgspec.msgpack.decode


def variants(*, short: bool) -> dict[str, Script]:
    """Return the scripts without their short way, or with one that counts how often it is taken."""
    found = {}
    for name in SHORT_WAYS:
        way = _SHORT_WAY.search(SCRIPTS[name].source)
        assert way is not None, f"{name} has no short way that this test knows"
        kept = way[1] + _COUNT.format(name=name) + way[2] if short else ""
        found[name] = script_of(SCRIPTS[name].source.replace(way[0], kept))
    return found


class Twins:
    """Two stores that are told the same, and must answer the same and hold the same."""

    def __init__(self, short: ValkeyProcess, general: ValkeyProcess) -> None:
        self._servers = {short: variants(short=True), general: variants(short=False)}
        self._benches: list[Bench] = []
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for server, scripts in self._servers.items():
            connection = await self._stack.enter_async_context(await Connection.open(server.url))
            await connection.execute("FLUSHALL")
            _exchange(connection, scripts)
            bench = Bench(connection)
            await bench.open()
            self._benches.append(bench)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def tell(self, line: str) -> str:
        """Make one call on both; return its outcome."""
        short, general = [await _told(bench, line) for bench in self._benches]
        assert short == general, line
        return short[0]

    def differences(self) -> dict[str, tuple[object, object]]:
        """Return every key that the two do not hold alike, with what each holds."""
        contents = []
        for server in self._servers:
            with server.client() as client:
                found = keyspace(client)
            for own in (_COUNTS, f"{TAG}identity"):
                found.pop(own, None)
            contents.append({key: _comparable(key, held) for key, held in found.items()})
        short, general = contents
        return {
            key: (short.get(key), general.get(key))
            for key in sorted(short.keys() | general.keys())
            if short.get(key) != general.get(key)
        }

    def taken(self) -> Counter[str]:
        """Return how often a short way was taken, by script and outcome."""
        with next(iter(self._servers)).client() as client:
            counts: Any = client.hgetall(_COUNTS)
        return Counter({name.decode(): int(count) for name, count in counts.items()})


def _exchange(connection: Connection, scripts: Mapping[str, Script]) -> None:
    """Have a connection run other scripts of the same names."""
    run = connection.script

    async def exchanged(script: Script, keys: Sequence[str], args: Sequence[Argument]) -> Reply:
        return await run(scripts.get(script.name, script), keys, args)

    connection.script = exchanged  # type: ignore[method-assign]


async def _told(bench: Bench, line: str) -> tuple[str, object]:
    """Make one call, and return its outcome; of those on reservations the whole body too."""
    verb = line.split(maxsplit=1)[0]
    if verb not in SHORT_WAYS:
        told = await bench.call(line)
        return told.partition(" ")[0], told
    name, args = call_of(line, bench.now_ms)
    answer = await bench.store.runner.run(name, *args)
    return answer.outcome, answer.body


def _comparable(key: str, held: Any) -> object:
    """Return what a key holds without what the engine chooses: the order of fields and of markets.

    In one script the order of SKUs in the ledger is its choice too, and positions are of its clock.
    """
    if key.startswith(f"{TAG}k:"):
        return {name: _unpack(value) for name, value in held.items() if name in {b":f", b":o"}} | {
            name: _by_market(_unpack(value), 4) if name == b":m" else value
            for name, value in held.items()
            if name not in {b":f", b":o"}
        }
    if key == f"{TAG}rebased":
        return [sorted(_unpack(fields[b"s"])) for _, fields in held]
    if key != f"{TAG}ledger":
        return held
    entries = [_unpack(fields[b"e"]) for _, fields in held]
    found = [(*entry, _by_market(changed, 2)) for *entry, changed in entries]
    return sorted(found, key=lambda entry: (entry[6], entry[4], entry[1], repr(entry)))


def _by_market(flat: Sequence[object], width: int) -> list[tuple[object, ...]]:
    """Return the values of each market, sorted."""
    return sorted(
        (tuple(flat[at : at + width]) for at in range(0, len(flat), width)),
        key=lambda row: str(row[0]),
    )
