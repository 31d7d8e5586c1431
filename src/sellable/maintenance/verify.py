"""Verify: recomputes every counter of every SKU while the service runs, by bounded scripts.

A SKU with more holders than one script may read is read in pages; its write counter tells whether
it changed in between, and then it is read again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from sellable.errors import StoreUnavailable, UnknownSku
from sellable.maintenance.inspected import decode
from sellable.maintenance.recompute import Difference, differences
from sellable.names import is_capacity

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sellable.maintenance.inspected import Holder, Inspected
    from sellable.store.runner import Runner

_KEYS_PER_SCAN: Final = 500
_HOLDERS_PER_CALL: Final = 200
_RESERVATIONS_PER_CALL: Final = 100
_TRIES_MAX: Final = 1_000


class Progress(NamedTuple):
    """How far verify is, and what it found since the last one."""

    checked_sku_count: int
    fraction: float
    differences: list[Difference]
    done: bool


async def verify(runner: Runner, sku: str = "") -> AsyncIterator[Progress]:
    """Check one SKU, or every SKU and then every reservation; the last progress says done.

    Raises:
        UnknownSku: The one named is not known.
        StoreUnavailable: The store was lost; or a SKU changes faster than its holders can be read.
    """
    if sku:
        if not await runner.connection.execute("EXISTS", runner.partition.sku(sku)):
            raise UnknownSku(sku)
        yield Progress(1, 1.0, await verify_sku(runner, sku), done=True)
        return
    checked = 0
    key_count = max(1, int(await runner.connection.execute("DBSIZE")))
    async for seen, names in _scan(runner, runner.partition.sku("")):
        found: list[Difference] = []
        for name in names:
            found += await verify_sku(runner, name)
        checked += sum(not is_capacity(name) for name in names)
        yield Progress(checked, min(0.5, seen / key_count / 2), found, done=False)
    async for seen, names in _scan(runner, runner.partition.reservation("")):
        found = []
        for start in range(0, len(names), _RESERVATIONS_PER_CALL):
            ids = msgspec.msgpack.encode(names[start : start + _RESERVATIONS_PER_CALL])
            for name, index, wanted in (await runner.read("inspect_reservations", ids)).body:
                found.append(Difference("", f"{index} of {name}", 1 - wanted, wanted))
        yield Progress(checked, min(1.0, 0.5 + seen / key_count / 2), found, done=False)
    yield Progress(checked, 1.0, [], done=True)


async def verify_sku(runner: Runner, sku: str) -> list[Difference]:
    """Recompute every counter of one SKU."""
    for _ in range(_TRIES_MAX):
        first = await _inspect(runner, sku, 0)
        holders: list[Holder] = list(first.holders)
        page = first
        while len(page.holders) + len(page.orphans) == _HOLDERS_PER_CALL:
            page = await _inspect(runner, sku, page.last_holder)
            holders += page.holders
        if page.version == first.version:
            return list(differences(sku, first, holders))
    raise StoreUnavailable(f"SKU {sku} changes faster than its holders can be read")


async def _inspect(runner: Runner, sku: str, after: int) -> Inspected:
    return decode(await runner.read_raw("inspect_sku", sku, after))


async def _scan(runner: Runner, prefix: str) -> AsyncIterator[tuple[int, list[str]]]:
    """Yield how many keys were looked at, and the names behind the prefix among them."""
    cursor, seen = b"0", 0
    while True:
        cursor, keys = await runner.connection.execute(
            "SCAN", cursor, "MATCH", _escaped(prefix) + "*", "COUNT", _KEYS_PER_SCAN
        )
        seen += _KEYS_PER_SCAN
        yield seen, [key.decode()[len(prefix) :] for key in keys]
        if cursor == b"0":
            return


def _escaped(prefix: str) -> str:
    return "".join("\\" + letter if letter in "*?[]\\" else letter for letter in prefix)
