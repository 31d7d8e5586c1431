"""The network at one moment as the scripts read it: the fields of the store's `net` hash.

    l:<location>    [enabled, safety_stock, [market, units, basis_points, floor, cap, ...],
                    blocked, stale]
                    the markets that sell from it, flat; cap -1 = none; stale is [after_ms, units,
                    basis_points, floor], or empty where the age of the feed does not matter
    d:<location>    orders that it ships a day, where it has a limit; a change recomputes no market.
                    Not in its other field, so that those with other limits still share one table
    m:<market>      [epoch, low_stock_threshold, location_count, backorder_horizon_ms, limited]
                    limited: a quota of it is in force
    o:<market>:<i>  the market's locations in binding order, 32 a chunk, i from 0
    u:<sku>         [{market: [units, basis_points, floor]}, {market: cap}, {location: safety},
                    {location: blocked}, {market: [[quota key, units], ...]}]
    c:<class>       the same for an item class
    aging           the locations whose feed may become stale

All values are MessagePack; flags are 0 or 1. A number is looked up in u, then in c, then in l, each
kind by itself; of quotas, both count.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import msgpack

from sellable.network.resolved import Numbers, Resolved, resolve
from sellable.network.values import Binding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sellable.network.values import Buffer, Location, Market, Network, NetworkAt

LOCATIONS_PER_CHUNK: Final = 32
NO_CAP: Final = -1


class MarketValues(NamedTuple):
    """What a market's field says beside its epoch."""

    low_stock_threshold: int
    location_count: int
    backorder_horizon_ms: int
    limited: int


@dataclass(frozen=True, slots=True)
class Compiled:
    """Every field but those with an epoch, which only the store can give."""

    fields: Mapping[str, bytes]
    markets: Mapping[str, MarketValues]

    def market_fields(self, epochs: Mapping[str, int]) -> dict[str, bytes]:
        """Answer the field of every market, each with its epoch."""
        return {
            f"m:{market}": msgpack.encode([epochs[market], *values])
            for market, values in self.markets.items()
        }


def compile_network(at: NetworkAt) -> Compiled:
    """Turn what is in force into the store's fields; equal networks give equal bytes."""
    network, resolved = at.network, resolve(at)
    fields = dict(LocationFields(network).encode(resolved.default))
    market_counts = Counter(location for market in network.markets for location in market.locations)
    for market in network.markets:
        order = binding_order(market, market_counts)
        for index, start in enumerate(range(0, len(order), LOCATIONS_PER_CHUNK)):
            chunk = order[start : start + LOCATIONS_PER_CHUNK]
            fields[f"o:{market.key}:{index}"] = msgpack.encode(chunk)
    for kind, level in (("sku", resolved.by_sku), ("item_class", resolved.by_class)):
        for name, numbers in level.items():
            fields[item_field(kind, name)] = encode_numbers(numbers)
    for location in network.locations:
        if location.daily_capacity is not None:
            fields[f"d:{location.id}"] = msgpack.encode(location.daily_capacity)
    aging = [location.id for location in network.locations if location.stale_after_ms]
    fields["aging"] = msgpack.encode(aging)
    return Compiled(fields, _market_values(network, limited_markets(resolved)))


def binding_order(market: Market, market_counts: Mapping[str, int]) -> tuple[str, ...]:
    """Order the locations as reservations take from them; ties stay as the document has them."""
    if market.binding is Binding.IN_ORDER:
        return market.locations
    return tuple(sorted(market.locations, key=lambda location: market_counts[location]))


def limited_markets(resolved: Resolved) -> set[str]:
    """Answer the markets with a quota in force."""
    return {market for _, numbers in resolved.items() for market in numbers.quotas}


class LocationFields:
    """Encodes the fields of locations, all or some of them, from the default numbers."""

    def __init__(self, network: Network) -> None:
        """Note which markets sell from each location."""
        self._network = network
        self._sellers: defaultdict[str, list[str]] = defaultdict(list)
        for market in network.markets:
            key = market.key
            for location in market.locations:
                self._sellers[location].append(key)

    def encode(
        self, default: Numbers, only: Collection[str] | None = None
    ) -> Iterator[tuple[str, bytes]]:
        """Yield name and value of the field of each location."""
        numbers = {
            market.key: (
                market.key,
                *_triple(default.buffers[market.key]),
                default.caps.get(market.key, NO_CAP),
            )
            for market in self._network.markets
        }
        for place in self._network.locations:
            if only is not None and place.id not in only:
                continue
            flat: list[str | int] = []
            for market in self._sellers.get(place.id, ()):
                flat.extend(numbers[market])
            blocked = int(default.blocked.get(place.id, False))
            kept = default.safety_stocks[place.id]
            value = [int(place.enabled), kept, flat, blocked, _stale(place)]
            yield f"l:{place.id}", msgpack.encode(value)


def item_field(kind: str, name: str) -> str:
    """Name the field of a SKU or an item class."""
    return f"{'u' if kind == 'sku' else 'c'}:{name}"


def encode_numbers(numbers: Numbers) -> bytes:
    """Write the numbers of one item."""
    return msgpack.encode(
        [
            {market: _triple(buffer) for market, buffer in sorted(numbers.buffers.items())},
            dict(sorted(numbers.caps.items())),
            dict(sorted(numbers.safety_stocks.items())),
            {place: int(blocked) for place, blocked in sorted(numbers.blocked.items())},
            dict(sorted(numbers.quotas.items())),
        ]
    )


def _market_values(network: Network, limited: set[str]) -> dict[str, MarketValues]:
    return {
        market.key: MarketValues(
            market.low_stock_threshold,
            len(market.locations),
            market.backorder_horizon_ms,
            int(market.key in limited),
        )
        for market in network.markets
    }


def _stale(place: Location) -> list[int]:
    if not place.stale_after_ms:
        return []
    return [place.stale_after_ms, *_triple(place.stale_protection_buffer)]


def _triple(buffer: Buffer) -> tuple[int, int, int]:
    return buffer.units, buffer.basis_points, buffer.floor
