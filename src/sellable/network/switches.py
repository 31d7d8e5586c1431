"""What is to come: every moment at which a part of the network begins or ends, and what it writes.

The fields of each switch are worked out before the network is applied, so that whoever meets the
moment writes them in one script, without any process that knows the document.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from sellable.errors import InvalidNetwork, Problem
from sellable.limits import SWITCH_BYTES_EACH_MAX, SWITCH_BYTES_MAX, SWITCHES_MAX
from sellable.network.compiled import LocationFields, encode_numbers, item_field
from sellable.network.difference import Altered, affected_locations, sellers
from sellable.network.resolved import DEFAULT, Item, Numbers, Resolver
from sellable.network.values import NetworkAt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sellable.network.values import Network

_NOTHING: Final = Numbers()
_FIRST_COLUMN: Final = 1


@dataclass(frozen=True, slots=True)
class Switch:
    """What changes at one moment: fields to write and to delete, and whose numbers that alters."""

    at_ms: int
    fields: dict[str, bytes]
    deleted: list[str]
    markets: list[str]
    pending: list[str]  # locations whose SKUs must be recomputed
    limited: dict[str, int]  # markets that get their first quota (1) or lose their last (0)

    @property
    def size(self) -> int:
        """Answer about how many bytes the store keeps for it."""
        names = (*self.deleted, *self.markets, *self.pending, *self.limited)
        written = sum(len(name) + len(value) for name, value in self.fields.items())
        return written + sum(map(len, names))


def switch_times(network: Network) -> list[int]:
    """Answer every moment at which something begins or ends, past ones too, in order."""
    return sorted(Resolver(network).turns())


def schedule(at: NetworkAt) -> list[Switch]:
    """Answer every switch after a moment, in order.

    Raises:
        InvalidNetwork: They are too many, or together or one by itself too large to be kept.
    """
    planner = _Planner(at)
    coming = sorted(at_ms for at_ms in planner.turns if at_ms > at.at_ms)
    if len(coming) > SWITCHES_MAX:
        text = f"begins or ends at a moment too many: more than {SWITCHES_MAX} are still to come"
        _refuse(planner, coming[SWITCHES_MAX], text)
    switches = []
    size = 0
    for at_ms in coming:
        switch = planner.switch(at_ms)
        size += switch.size
        if switch.size > SWITCH_BYTES_EACH_MAX:
            text = f"what changes at this moment takes more than {SWITCH_BYTES_EACH_MAX} bytes"
            _refuse(planner, at_ms, f"{text}: change less at once")
        if size > SWITCH_BYTES_MAX:
            text = f"what changes until this moment takes more than {SWITCH_BYTES_MAX} bytes"
            _refuse(planner, at_ms, f"{text}: plan less ahead")
        switches.append(switch)
    return switches


class _Planner:
    """Goes from switch to switch, resolving only the levels that something begins or ends in."""

    def __init__(self, at: NetworkAt) -> None:
        self.network = at.network
        self.resolver = Resolver(at.network)
        self._locations = LocationFields(at.network)
        self.turns = self.resolver.turns()
        resolved = self.resolver.resolve(at.at_ms)
        self._levels: dict[Item, Numbers] = dict(resolved.items())
        self._disabled = {place.id for place in at.network.locations if not place.enabled}
        self._quota_counts: dict[str, int] = {}  # quotas in force, by market
        for numbers in self._levels.values():
            self._count_quotas(numbers, 1)

    def switch(self, at_ms: int) -> Switch:
        """Step to a moment, and answer what changes there."""
        fields: dict[str, bytes] = {}
        deleted = []
        altered = Altered()
        before = {market for market, count in self._quota_counts.items() if count}
        closed = self.resolver.closed(at_ms)
        for item in sorted(self.turns[at_ms]):
            old = self._levels.get(item, _NOTHING)
            new = self.resolver.numbers(item, at_ms, closed)
            if new == old:
                continue
            self._count_quotas(old, -1)
            self._count_quotas(new, 1)
            self._levels[item] = new
            altered.note(old, new)
            if item == DEFAULT:
                fields.update(self._location_fields(old, new))
            elif new:
                fields[item_field(*item)] = encode_numbers(new)
            else:
                deleted.append(item_field(*item))
        markets = altered.markets | sellers(self.network, altered.locations - self._disabled)
        now = NetworkAt(self.network, at_ms)
        after = {market for market, count in self._quota_counts.items() if count}
        return Switch(
            at_ms=at_ms,
            fields=fields,
            deleted=deleted,
            markets=sorted(markets),
            pending=sorted(affected_locations(now, now, markets) | altered.locations),
            limited={market: int(market in after) for market in sorted(before ^ after)},
        )

    def _location_fields(self, old: Numbers, new: Numbers) -> Iterator[tuple[str, bytes]]:
        """Yield the fields of locations where a default number is now written otherwise."""
        markets = {
            market.key
            for market in self.network.markets
            if old.buffers[market.key] != new.buffers[market.key]
            or old.caps.get(market.key) != new.caps.get(market.key)
        }
        locations = {
            place.id
            for place in self.network.locations
            if old.safety_stocks[place.id] != new.safety_stocks[place.id]
            or old.blocked.get(place.id, False) != new.blocked.get(place.id, False)
        }
        for market in self.network.markets:
            if market.key in markets:
                locations.update(market.locations)
        return self._locations.encode(new, locations)

    def _count_quotas(self, numbers: Numbers, by: int) -> None:
        for market in numbers.quotas:
            self._quota_counts[market] = self._quota_counts.get(market, 0) + by


def _refuse(planner: _Planner, at_ms: int, text: str) -> NoReturn:
    """Refuse an entry that begins or ends at a moment; its column is no longer known."""
    network = planner.network
    listed = {"markets": network.markets, "protections": network.rules, "quotas": network.quotas}
    entry = planner.resolver.turning(at_ms)
    field = next(
        f"{name}[{index}]"
        for name, entries in listed.items()
        for index, other in enumerate(entries)
        if other is entry
    )
    raise InvalidNetwork(Problem(entry.line, _FIRST_COLUMN, field, text))
