"""The network as the scripts read it: the fields of the store's `net` hash.

    l:<location>    [enabled, safety_stock, [market, units, basis_points, floor, cap, ...]]
                    the markets that sell from it, flat; cap -1 = none
    m:<market>      [epoch, low_stock_threshold, location_count]
    o:<market>:<i>  the market's locations in binding order, 32 a chunk, i from 0
    u:<sku>         [{market: [units, basis_points, floor]}, {market: cap}, {location: safety}]
    c:<class>       the same for an item class

All values are MessagePack. A number is looked up in u, then in c, then in l, each kind by itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from msgspec import msgpack

from sellable.network.resolved import Numbers, Resolved, resolve
from sellable.network.values import Binding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sellable.network.values import Buffer, Market, Network

LOCATIONS_PER_CHUNK: Final = 32
NO_CAP: Final = -1


@dataclass(frozen=True, slots=True)
class Compiled:
    """Every field but those with an epoch, which only the store can give."""

    fields: Mapping[str, bytes]
    markets: Mapping[str, tuple[int, int]]  # low-stock threshold, number of locations

    def market_fields(self, epochs: Mapping[str, int]) -> dict[str, bytes]:
        """Answer the field of every market, each with its epoch."""
        return {
            f"m:{market}": msgpack.encode([epochs[market], threshold, location_count])
            for market, (threshold, location_count) in self.markets.items()
        }


def compile_network(network: Network) -> Compiled:
    """Turn a checked network into the store's fields; equal networks give equal bytes."""
    resolved = resolve(network)
    fields = dict(_location_fields(network, resolved))
    market_counts = Counter(location for market in network.markets for location in market.locations)
    for market in network.markets:
        order = binding_order(market, market_counts)
        for index, start in enumerate(range(0, len(order), LOCATIONS_PER_CHUNK)):
            chunk = order[start : start + LOCATIONS_PER_CHUNK]
            fields[f"o:{market.key}:{index}"] = msgpack.encode(chunk)
    for prefix, level in (("u", resolved.by_sku), ("c", resolved.by_class)):
        for item, numbers in level.items():
            fields[f"{prefix}:{item}"] = _encode_numbers(numbers)
    markets = {m.key: (m.low_stock_threshold, len(m.locations)) for m in network.markets}
    return Compiled(fields, markets)


def binding_order(market: Market, market_counts: Mapping[str, int]) -> tuple[str, ...]:
    """Order the locations as reservations take from them; ties stay as the document has them."""
    if market.binding is Binding.IN_ORDER:
        return market.locations
    return tuple(sorted(market.locations, key=lambda location: market_counts[location]))


def _location_fields(network: Network, resolved: Resolved) -> Iterator[tuple[str, bytes]]:
    default = resolved.default
    markets_by_location: dict[str, list[str | int]] = {}
    for market in network.markets:
        numbers: list[str | int] = [
            market.key,
            *_triple(default.buffers[market.key]),
            default.caps.get(market.key, NO_CAP),
        ]
        for location in market.locations:
            markets_by_location.setdefault(location, []).extend(numbers)
    for place in network.locations:
        markets = markets_by_location.get(place.id, [])
        value = [int(place.enabled), default.safety_stocks[place.id], markets]
        yield f"l:{place.id}", msgpack.encode(value)


def _encode_numbers(numbers: Numbers) -> bytes:
    buffers = {market: _triple(buffer) for market, buffer in sorted(numbers.buffers.items())}
    caps = dict(sorted(numbers.caps.items()))
    return msgpack.encode([buffers, caps, dict(sorted(numbers.safety_stocks.items()))])


def _triple(buffer: Buffer) -> tuple[int, int, int]:
    return buffer.units, buffer.basis_points, buffer.floor
