"""What every counter of one SKU must be, from positions, facts and reservations alone.

Written against the words of the design, not after the scripts: two ways to the same numbers.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sellable.maintenance.inspected import Position
from sellable.names import is_capacity
from sellable.reservation import State
from sellable.stock import parts_of_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sellable.maintenance.inspected import Holder, Inspected

_BASIS: Final = 10_000


class Difference(NamedTuple):
    """A counter that is not what it must be."""

    sku: str
    counter: str
    stored: int
    recomputed: int


def differences(sku: str, seen: Inspected, holders: list[Holder]) -> Iterator[Difference]:
    """Compare every stored counter of a SKU with what it must be."""
    if is_capacity(sku):
        yield from _capacity(sku, seen, holders)
    else:
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


def _capacity(sku: str, seen: Inspected, holders: list[Holder]) -> Iterator[Difference]:
    """Compare the day of a location: what is used is its negative on hand, and no market has it."""
    reserved = _reserved(sku, seen, holders)
    for name, position in seen.positions.items():
        expected = Position(-len(seen.users), reserved.pop(name, 0), 0, 0)
        for counter, stored, recomputed in zip(
            ("used", "reserved", "safety stock", "blocked"), position, expected, strict=True
        ):
            if stored != recomputed:
                yield Difference(sku, f"{counter} at {name}", stored, recomputed)
    for name, quantity in reserved.items():
        if quantity:
            yield Difference(sku, f"reserved at {name}", 0, quantity)
    for market, view in seen.views.items():
        if view is not None:
            yield Difference(sku, f"sellable in {market}", view, -1)


def _positions(sku: str, seen: Inspected, holders: list[Holder]) -> Iterator[Difference]:
    reserved = _reserved(sku, seen, holders)
    for at, (name, position) in enumerate(seen.positions.items()):
        expected = Position(
            _on_hand(seen, name),
            reserved.pop(name, 0),
            _safety(seen, name, position),
            _blocked(seen, name, position),
        )
        for counter, stored, recomputed in zip(
            ("on hand", "reserved", "safety stock", "blocked"), position, expected, strict=True
        ):
            if stored != recomputed:
                yield Difference(sku, f"{counter} at {name}", stored, recomputed)
        over = max(0, expected.reserved - expected.on_hand)
        if seen.overcommitted[at] != over:
            yield Difference(sku, f"overcommitted at {name}", seen.overcommitted[at], over)
        if not seen.listed[at] and name not in seen.supplies:
            yield Difference(sku, f"listed at {name}", 0, 1)
    for name, quantity in reserved.items():
        if quantity:
            yield Difference(sku, f"reserved at {name}", 0, quantity)
    for name, supply in seen.supplies.items():
        waiting = seen.positions[name].reserved if name in seen.positions else -1
        if not 0 <= supply.pool <= waiting:
            yield Difference(sku, f"kept at {name}", supply.pool, waiting)
        arrived = sum(quantity for place, _, _, quantity, _ in seen.facts if place == name)
        if supply.received < arrived:  # what is past its retention is in one of them only
            yield Difference(sku, f"received at {name}", supply.received, arrived)


def _reserved(sku: str, seen: Inspected, holders: list[Holder]) -> defaultdict[str, int]:
    """Return by place the open units, and by location what is kept for those who wait."""
    reserved: defaultdict[str, int] = defaultdict(int)
    for place, supply in seen.supplies.items():
        reserved[parts_of_place(place)[0]] += supply.pool
    for holder in holders:
        for line in holder.reservation.lines:
            for allocation in line.allocations:
                if line.sku == sku:
                    reserved[allocation.location] += allocation.open
    return reserved


def _on_hand(seen: Inspected, name: str) -> int:
    if name in seen.supplies:
        return seen.supplies[name].outstanding + seen.supplies[name].pool
    quantity, base_us, base_sequence, _, base_source, carry, *_ = seen.bases.get(
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
    if place is None or _unreached(seen, place):
        return position.safety
    for rules in seen.rules:
        if name in rules[2]:
            return int(rules[2][name])
    return int(place[1])


def _blocked(seen: Inspected, name: str, position: Position) -> int:
    """Return 1 where a fact recalls the position, plus 2 where a rule does."""
    place, by_fact = seen.places[name], seen.blocked_facts.get(name, 0)
    if place is None or _unreached(seen, place):
        return by_fact + position.blocked - position.blocked % 2
    for rules in seen.rules:
        if name in rules[3]:
            return by_fact + 2 * int(rules[3][name])
    return by_fact + 2 * int(place[3])


def _unreached(seen: Inspected, place: list[Any]) -> bool:
    """Tell whether a roll-out has not come to the SKUs of a location, which keep what they had.

    Where nothing is sold from a location, no market tells how far the roll-out is.
    """
    if _behind(seen, place[2][::5]):
        return True
    return not (place[0] and place[2]) and seen.epoch < seen.network_epoch


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
    for (name, position), level in zip(seen.positions.items(), seen.levels, strict=True):
        enabled, _, flat, _, stale = seen.places[name] or (0, 0, [], 0, [])
        for at in range(0, len(flat), 5):
            market = flat[at]
            terms[market] = flat[at + 1 : at + 5]
            if enabled:
                free = position.on_hand - position.reserved - position.safety
                free -= _kept_while_silent(stale, level, max(0, position.on_hand))
                available = 0 if position.blocked else max(0, free)
                supply[market] += available - max(0, position.reserved - position.on_hand)
                on_hand[market] += 0 if position.blocked else max(0, position.on_hand)
    return terms, supply, on_hand


def _kept_while_silent(stale: list[int], level: int, on_hand: int) -> int:
    if not stale or not level:
        return 0
    _, units, basis_points, floor = stale
    return level * max(units, floor, -(-on_hand * basis_points // _BASIS))


def _sellable(seen: Inspected, market: str, terms: list[int], supply: int, on_hand: int) -> int:
    units, basis_points, floor, cap = terms
    for rules in reversed(seen.rules):
        if market in rules[0]:
            units, basis_points, floor = rules[0][market]
        cap = rules[1].get(market, cap)
    buffer = max(units, floor, -(-on_hand * basis_points // _BASIS))
    number = max(0, supply - buffer)
    return min(number, cap) if cap >= 0 else number
