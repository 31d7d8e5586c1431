"""What the clients did, in their own books: the service's numbers are held against them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.demo.orders import Order


@dataclass(slots=True, kw_only=True)
class MarketBook:
    """One market: orders by outcome, and units by where they went."""

    order_count: int = 0
    refused_count: int = 0
    sold_units: int = 0
    released_units: int = 0


@dataclass(slots=True, kw_only=True)
class Books:
    """Everything that was asked and answered.

    Attributes:
        markets: by market, like web/FR.
        sold_units_by_sku: units that were dispatched.
        refusals: orders by the reason they were refused for.
        line_count: lines of all orders.
        short_line_count: lines that the refusals named.
        returned_units: cancelled after dispatch; the demo brings no goods back to a shelf.
        refused_units: cancelled, of an order that was refused.
        unmatched_units: cancelled, of an order that the data do not have.
    """

    markets: defaultdict[str, MarketBook] = field(default_factory=lambda: defaultdict(MarketBook))
    sold_units_by_sku: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    short_line_count: int = 0
    line_count: int = 0
    returned_units: int = 0
    refused_units: int = 0
    unmatched_units: int = 0

    @property
    def total(self) -> MarketBook:
        """All markets together."""
        books = self.markets.values()
        return MarketBook(
            order_count=sum(book.order_count for book in books),
            refused_count=sum(book.refused_count for book in books),
            sold_units=sum(book.sold_units for book in books),
            released_units=sum(book.released_units for book in books),
        )

    def placed(self, order: Order) -> None:
        """Note an order that has its stock."""
        self.line_count += len(order.lines)
        self.markets[order.market].order_count += 1

    def refused(self, order: Order, reason: str, short_line_count: int) -> None:
        """Note an order that was refused."""
        self.placed(order)
        self.markets[order.market].refused_count += 1
        self.refusals[reason] += 1
        self.short_line_count += short_line_count

    def released(self, order: Order, units: int) -> None:
        """Note units that were given back before they left."""
        self.markets[order.market].released_units += units

    def dispatched(self, order: Order, quantities: Sequence[int]) -> None:
        """Note what of each line of the order left."""
        for line, quantity in zip(order.lines, quantities, strict=True):
            self.sold_units_by_sku[line.sku] += quantity
        self.markets[order.market].sold_units += sum(quantities)
