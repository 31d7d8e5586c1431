"""What every counter of one SKU must be, from positions, facts and reservations alone.

Written against the words of the design, not after the scripts: two ways to the same numbers.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from sellable.reservation import Reservation, State

if TYPE_CHECKING:
    from collections.abc import Iterator

_BASIS: Final = 10_000
_unpack: Final = msgspec.msgpack.Decoder().decode


class Difference(NamedTuple):
    """A counter that is not what it must be."""

    sku: str
    counter: str
    stored: int
    recomputed: int


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
    places: dict[str, list[Any] | None]
    rules: list[list[dict[str, Any]]]
    network_epoch: int
    market_epochs: dict[str, int]
    facts: list[tuple[str, str, int, int, int]]  # location, source, observe_us, quantity, sequence
    holders: list[Holder]
    orphans: list[str]
    last_holder: int
    overcommitted: list[int]
    listed: list[int]
    held_count: int


def values(packed: bytes, count: int) -> list[Any]:
    """Read `count` (at most 15) values that were packed one after the other."""
    found: list[Any] = _unpack(bytes([0x90 | count]) + packed)
    return found


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
        {name[2:]: values(packed, 6) for name, packed in fields.items() if name[:2] == "b:"},
        {name[2:]: values(packed, 5)[0] for name, packed in fields.items() if name[:2] == "s:"},
        {name[2:]: values(packed, 5)[0] for name, packed in fields.items() if name[:2] == "x:"},
        {market.decode(): int(value) if value else None for market, value in _pairs(views)},
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
        *rest,
    )


def differences(sku: str, seen: Inspected, holders: list[Holder]) -> Iterator[Difference]:
    """Compare every stored counter of a SKU with what it must be."""
    yield from _positions(sku, seen, holders)
    yield from _markets(sku, seen)
    for holder in holders:
        reservation = holder.reservation
        expiry = reservation.expire_ms if reservation.state is State.HELD else -1
        for name, stored in (("held until", holder.held_until), ("swept at", holder.swept_at)):
            if stored != expiry:
                counter = f"{name} of {reservation.reservation_id}"
                yield Difference(sku, counter, int(stored), expiry)
        for line in reservation.lines:
            parts = sum(a.open + a.fulfilled + a.released + a.expired for a in line.allocations)
            if parts != line.granted:
                counter = f"granted of {reservation.reservation_id}"
                yield Difference(sku, counter, line.granted, parts)
    for orphan in seen.orphans:
        yield Difference(sku, f"holder {orphan} without a reservation", 1, 0)
    held = sum(holder.reservation.state is State.HELD for holder in holders)
    if seen.held_count != held:
        yield Difference(sku, "number of holds", seen.held_count, held)


def _positions(sku: str, seen: Inspected, holders: list[Holder]) -> Iterator[Difference]:
    reserved = _reserved(sku, holders)
    for at, (name, position) in enumerate(seen.positions.items()):
        expected = Position(
            _on_hand(seen, name),
            reserved.pop(name, 0),
            _safety(seen, name, position),
            seen.blocked_facts.get(name, 0),
        )
        for counter, stored, recomputed in zip(
            ("on hand", "reserved", "safety stock", "blocked"), position, expected, strict=True
        ):
            if stored != recomputed:
                yield Difference(sku, f"{counter} at {name}", stored, recomputed)
        over = max(0, expected.reserved - expected.on_hand)
        if seen.overcommitted[at] != over:
            yield Difference(sku, f"overcommitted at {name}", seen.overcommitted[at], over)
        if not seen.listed[at]:
            yield Difference(sku, f"listed at {name}", 0, 1)
    for name, quantity in reserved.items():
        if quantity:
            yield Difference(sku, f"reserved at {name}", 0, quantity)


def _reserved(sku: str, holders: list[Holder]) -> defaultdict[str, int]:
    reserved: defaultdict[str, int] = defaultdict(int)
    for holder in holders:
        for line in holder.reservation.lines:
            for allocation in line.allocations:
                if line.sku == sku:
                    reserved[allocation.location] += allocation.open
    return reserved


def _on_hand(seen: Inspected, name: str) -> int:
    quantity, base_us, base_sequence, _, base_source, carry = seen.bases.get(
        name, [0, 0, 0, "", "", 0]
    )
    for location, source, observe_us, delta, sequence in seen.facts:
        known = source == base_source and 0 < sequence < base_sequence
        later = observe_us > base_us or (observe_us == base_us and not known)
        if location == name and later:
            quantity += delta
    return int(quantity + carry)


def _safety(seen: Inspected, name: str, position: Position) -> int:
    place = seen.places[name]
    if name in seen.safety_facts:
        return seen.safety_facts[name]
    # A location that left the network, or to whose SKUs the roll-out has not come, keeps what it
    # had. Where nothing is sold from a location, no market tells how far the roll-out is.
    if place is None or _behind(seen, place[2][::5]):
        return position.safety
    if not (place[0] and place[2]) and seen.epoch < seen.network_epoch:
        return position.safety
    for rules in seen.rules:
        if name in rules[2]:
            return int(rules[2][name])
    return int(place[1])


def _behind(seen: Inspected, markets: list[str]) -> bool:
    return any(seen.epoch < seen.market_epochs.get(market, 0) for market in markets)


def _markets(sku: str, seen: Inspected) -> Iterator[Difference]:
    terms, supply, on_hand = _terms(seen)
    stored = {seen.flat[at]: seen.flat[at + 1 : at + 4] for at in range(0, len(seen.flat), 4)}
    for market, view in seen.views.items():
        if seen.epoch < seen.market_epochs[market]:
            continue
        shown = -1 if view is None else view
        number = -1
        if market in terms:
            number = _sellable(
                seen, market, terms[market], supply.get(market, 0), on_hand.get(market, 0)
            )
            for counter, found, expected in zip(
                ("supply", "on hand", "shown"),
                stored.get(market, [0, 0, -1]),
                (supply.get(market, 0), on_hand.get(market, 0), number),
                strict=True,
            ):
                if found != expected:
                    yield Difference(sku, f"{counter} in {market}", found, expected)
        if shown != number:
            yield Difference(sku, f"sellable in {market}", shown, number)


def _terms(seen: Inspected) -> tuple[dict[str, list[int]], dict[str, int], dict[str, int]]:
    """Return by market: units, basis points, floor and cap; supply; on hand."""
    terms: dict[str, list[int]] = {}
    supply: defaultdict[str, int] = defaultdict(int)
    on_hand: defaultdict[str, int] = defaultdict(int)
    for name, position in seen.positions.items():
        enabled, _, flat = seen.places[name] or (0, 0, [])
        for at in range(0, len(flat), 5):
            market = flat[at]
            terms[market] = flat[at + 1 : at + 5]
            if enabled:
                free = position.on_hand - position.reserved - position.safety
                available = 0 if position.blocked else max(0, free)
                supply[market] += available - max(0, position.reserved - position.on_hand)
                on_hand[market] += 0 if position.blocked else max(0, position.on_hand)
    return terms, supply, on_hand


def _sellable(seen: Inspected, market: str, terms: list[int], supply: int, on_hand: int) -> int:
    units, basis_points, floor, cap = terms
    for rules in reversed(seen.rules):
        if market in rules[0]:
            units, basis_points, floor = rules[0][market]
        cap = rules[1].get(market, cap)
    buffer = max(units, floor, -(-on_hand * basis_points // _BASIS))
    number = max(0, supply - buffer)
    return min(number, cap) if cap >= 0 else number
