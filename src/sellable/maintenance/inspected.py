"""What the store says about one SKU, decoded for verify; nothing is judged here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from sellable.reservation import Reservation

if TYPE_CHECKING:
    from collections.abc import Iterator

_unpack: Final = msgspec.msgpack.Decoder().decode


class Holder(NamedTuple):
    """A reservation and what the indexes say about it; -1 where an index does not know it."""

    reservation: Reservation
    held_until: float
    swept_at: float


class Position(NamedTuple):
    """A position as stored."""

    on_hand: int
    reserved: int
    safety: int
    blocked: int


class Supply(NamedTuple):
    """What is known of a future supply."""

    quantity: int
    received: int
    final: bool
    pool: int

    @property
    def outstanding(self) -> int:
        """Units that are still to come."""
        return 0 if self.final else max(0, self.quantity - self.received)


class Inspected(NamedTuple):
    """What the store says about a SKU, decoded from the answer of `inspect_sku`."""

    version: int
    epoch: int
    flat: list[Any]
    positions: dict[str, Position]
    bases: dict[str, list[Any]]
    safety_facts: dict[str, int]
    blocked_facts: dict[str, int]
    views: dict[str, int | None]
    supplies: dict[str, Supply]  # by the place where units wait for them
    places: dict[str, list[Any] | None]
    rules: list[list[dict[str, Any]]]
    network_epoch: int
    market_epochs: dict[str, int]
    facts: list[tuple[str, str, int, int, int]]  # location, source, observe_us, quantity, sequence
    holders: list[Holder]
    orphans: list[str]
    last_holder: int
    users: list[str]  # of a daily capacity: reservations whose goods left that day
    overcommitted: list[int]
    listed: list[int]
    held_count: int
    levels: list[int]  # of silence of the feeds, in the order of the positions


def values(packed: bytes, count: int) -> list[Any]:
    """Read `count` (at most 15) values that were packed one after the other."""
    found: list[Any] = _unpack(bytes([0x90 | count]) + packed)
    return found


def _base(packed: bytes) -> list[Any]:
    """Read a base: six values, and where somebody looked a seventh, whether facts are kept."""
    try:
        return values(packed, 7)
    except msgspec.DecodeError:
        return values(packed, 6)


def _pairs(flat: list[Any]) -> Iterator[tuple[Any, Any]]:
    return zip(flat[::2], flat[1::2], strict=True)


def decode(body: list[Any]) -> Inspected:
    """Decode the answer of `inspect_sku`."""
    raw, views, places, rules, network_epoch, markets, facts, holders, *rest = body
    fields = {name.decode(): value for name, value in _pairs(raw)}
    found = [holder for holder in holders if holder[1]]
    return Inspected(
        int(fields.get(":c", 0)),
        int(fields.get(":e", 0)),
        _unpack(fields[":m"]) if ":m" in fields else [],
        {name: Position(*values(packed, 4)) for name, packed in fields.items() if ":" not in name},
        {name[2:]: _base(packed) for name, packed in fields.items() if name[:2] == "b:"},
        {name[2:]: values(packed, 5)[0] for name, packed in fields.items() if name[:2] == "s:"},
        {name[2:]: values(packed, 5)[0] for name, packed in fields.items() if name[:2] == "x:"},
        {
            market.decode(): int(value.removesuffix(b"q")) if value else None
            for market, value in _pairs(views)
        },
        {
            place: Supply(told["quantity"], told["received"], told["final"], told["pool"])
            for place, told in _supplies(fields).items()
        },
        {name.decode(): _unpack(packed) if packed else None for name, packed in _pairs(places)},
        [_unpack(packed) for packed in rules if packed],
        network_epoch,
        {market.decode(): _unpack(packed)[0] for market, packed in _pairs(markets)},
        [
            (name.decode(), member.partition(b"\0")[0].decode(), int(time), *values(packed, 2))
            for name, member, time, packed in facts
            if packed
        ],
        [
            Holder(
                msgspec.msgpack.decode(packed, type=Reservation),
                float(held or -1),
                float(swept or -1),
            )
            for _, packed, held, swept, _, _ in found
        ],
        [holder[0].decode() for holder in holders if not holder[1]],
        int(float(holders[-1][5])) if holders else 0,
        [name[2:] for name in fields if name[:2] == "u:"],
        *rest,
    )


def _supplies(fields: dict[str, bytes]) -> dict[str, dict[str, Any]]:
    # An empty table of Lua is packed as an empty list.
    told: dict[str, dict[str, Any]] = _unpack(fields[":f"]) if ":f" in fields else {}
    return told or {}
