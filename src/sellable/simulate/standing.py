"""What the network says of a SKU at a moment: safety stock, blocks, buffers and caps.

The numbers are those of the store (see the README of the room `network`): a SKU's own first, then
its item class's, then the default. Quotas and stale feeds are left out: a file of positions knows
neither what was taken of a quota nor how old its numbers are.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final, TypeVar

from sellable.network.resolved import Numbers, Resolved, Resolver

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sellable.network import Network

_PER_CENT_PARTS: Final = 10_000
_NONE: Final = Numbers()
_Value = TypeVar("_Value")


class Standing:
    """The rules of a network as time goes on; they are worked out once between two switches."""

    def __init__(self, network: Network) -> None:
        self._resolver = Resolver(network)
        self._turns = sorted(self._resolver.turns())
        self._enabled = {location.id: location.enabled for location in network.locations}
        self._span = -1
        self._resolved = Resolved()

    def move(self, at_ms: int) -> None:
        """Go to a moment."""
        span = bisect_right(self._turns, at_ms)
        if span != self._span:
            self._span = span
            self._resolved = self._resolver.resolve(at_ms)

    def safety_stock(self, location: str, sku: str, item_class: str) -> int:
        """Return the units that the location keeps back of a SKU."""
        return self._first(sku, item_class, lambda numbers: numbers.safety_stocks, location, 0)

    def is_shut(self, location: str, sku: str, item_class: str) -> bool:
        """Tell whether nothing of a SKU may be taken there: blocked, or the location disabled."""
        if not self._enabled[location]:
            return True
        return self._first(sku, item_class, lambda numbers: numbers.blocked, location, False)

    def sellable(self, market: str, sku: str, item_class: str, supply: int, on_hand: int) -> int:
        """Return the market's number: its supply without the buffer, at most its cap."""
        buffer = self._first(sku, item_class, lambda numbers: numbers.buffers, market, None)
        kept = 0
        if buffer is not None:
            share = -(-max(0, on_hand) * buffer.basis_points // _PER_CENT_PARTS)
            kept = max(buffer.units, buffer.floor, share)
        cap = self._first(sku, item_class, lambda numbers: numbers.caps, market, supply)
        return min(max(0, supply - kept), cap)

    def _first(
        self,
        sku: str,
        item_class: str,
        kind: Callable[[Numbers], Mapping[str, _Value]],
        target: str,
        otherwise: _Value,
    ) -> _Value:
        found = self._resolved
        for numbers in (
            found.by_sku.get(sku, _NONE),
            found.by_class.get(item_class, _NONE),
            found.default,
        ):
            values = kind(numbers)
            if target in values:
                return values[target]
        return otherwise
