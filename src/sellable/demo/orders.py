"""The data as a stream of orders and cancellations, in the order of their time."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sellable.demo.invoices import read_invoices
from sellable.demo.meaning import (
    COUNTRIES,
    FALLBACK_CHANNEL,
    Skipped,
    channel_of,
    is_cancellation,
    skip_reason,
    sku_of,
)
from sellable.limits import LINES_PER_RESERVATION_MAX

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from sellable.demo.invoices import Invoice


class OrderLine(NamedTuple):
    """Units of one SKU; the same SKU may stand on several lines of an order."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One reservation to make: an invoice, or up to 100 lines of a longer one.

    `reservation_id` is the invoice number, with -1, -2, ... where an invoice makes several.
    """

    reservation_id: str
    invoice: str
    channel: str
    country: str
    customer: str
    time: datetime
    lines: tuple[OrderLine, ...]

    @property
    def market(self) -> str:
        """Name the market, like web/FR."""
        return f"{self.channel}/{self.country}"


class CancelledLine(NamedTuple):
    """Units taken back from the line at `line_index` of an earlier order."""

    reservation_id: str
    line_index: int
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """What a customer takes back: of which orders, and what no known order explains."""

    invoice: str
    customer: str
    time: datetime
    lines: tuple[CancelledLine, ...]
    unmatched: tuple[OrderLine, ...]


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of every row: `rows = order_rows + cancellation_rows + sum(skipped)`."""

    rows: int = 0
    orders: int = 0
    order_rows: int = 0
    cancellations: int = 0
    cancellation_rows: int = 0
    matched_units: int = 0
    unmatched_units: int = 0
    skipped: Counter[Skipped] = field(default_factory=Counter)


class Replay:
    """The orders and cancellations of a file, again with each iteration.

    Only what may still be cancelled is held in memory: the file is read once for the names of
    customers and SKUs in cancellations, then once for the events. `tally` counts the iteration
    that began last.

    Args:
        source: the CSV, compressed or not.
        markets: the markets that exist, like web/FR. An order of a channel without a market in
            its country falls to the web; without that too it is skipped and counted.
    """

    def __init__(self, source: Path | Traversable, markets: Collection[str]) -> None:
        self._source = source
        self._markets = frozenset(markets)
        self.tally = Tally()

    def __iter__(self) -> Iterator[Order | Cancellation]:
        self.tally = Tally()
        sold = _SoldLines(_cancelled_goods(self._source))
        pieces: Counter[str] = Counter()
        for invoice in read_invoices(self._source):
            lines = self._lines(invoice)
            if not lines:
                continue
            if is_cancellation(invoice):
                yield self._cancellation(invoice, lines, sold)
                continue
            for order in self._orders(invoice, lines, pieces):
                sold.add(order)
                yield order

    def _lines(self, invoice: Invoice) -> list[OrderLine]:
        self.tally.rows += len(invoice.rows)
        lines = []
        for row in invoice.rows:
            reason = skip_reason(invoice, row)
            if reason is None:
                lines.append(OrderLine(sku_of(row.sku), abs(row.quantity)))
            else:
                self.tally.skipped[reason] += 1
        return lines

    def _orders(
        self, invoice: Invoice, lines: list[OrderLine], pieces: Counter[str]
    ) -> Iterator[Order]:
        country = COUNTRIES.get(invoice.country_label)
        if country is None:
            self.tally.skipped[Skipped.NO_COUNTRY] += len(lines)
            return
        channel = channel_of(invoice.number, sum(line.quantity for line in lines))
        if f"{channel}/{country}" not in self._markets:
            channel = FALLBACK_CHANNEL
        if f"{channel}/{country}" not in self._markets:
            self.tally.skipped[Skipped.NO_MARKET] += len(lines)
            return
        for start in range(0, len(lines), LINES_PER_RESERVATION_MAX):
            pieces[invoice.number] += 1
            whole = len(lines) <= LINES_PER_RESERVATION_MAX and pieces[invoice.number] == 1
            piece = tuple(lines[start : start + LINES_PER_RESERVATION_MAX])
            self.tally.orders += 1
            self.tally.order_rows += len(piece)
            yield Order(
                reservation_id=invoice.number
                if whole
                else f"{invoice.number}-{pieces[invoice.number]}",
                invoice=invoice.number,
                channel=channel,
                country=country,
                customer=invoice.customer,
                time=invoice.time,
                lines=piece,
            )

    def _cancellation(
        self, invoice: Invoice, lines: list[OrderLine], sold: _SoldLines
    ) -> Cancellation:
        matched: list[CancelledLine] = []
        unmatched: list[OrderLine] = []
        for line in lines:
            found = sold.take_back(invoice.customer, line)
            matched += found
            missing = line.quantity - sum(part.quantity for part in found)
            if missing:
                unmatched.append(OrderLine(line.sku, missing))
        self.tally.cancellations += 1
        self.tally.cancellation_rows += len(lines)
        self.tally.matched_units += sum(line.quantity for line in matched)
        self.tally.unmatched_units += sum(line.quantity for line in unmatched)
        return Cancellation(
            invoice=invoice.number,
            customer=invoice.customer,
            time=invoice.time,
            lines=tuple(matched),
            unmatched=tuple(unmatched),
        )


class _SoldLines:
    """What each customer bought and has not taken back, of the goods somebody takes back."""

    def __init__(self, goods: Collection[tuple[str, str]]) -> None:
        self._goods = goods
        self._lines: defaultdict[tuple[str, str], list[CancelledLine]] = defaultdict(list)

    def add(self, order: Order) -> None:
        """Remember the lines of an order that a later cancellation may name."""
        for index, line in enumerate(order.lines):
            goods = (order.customer, line.sku)
            if goods in self._goods:
                self._lines[goods].append(CancelledLine(order.reservation_id, index, *line))

    def take_back(self, customer: str, line: OrderLine) -> list[CancelledLine]:
        """Answer of which lines the units are, of the youngest first: those ship last."""
        found: list[CancelledLine] = []
        wanted = line.quantity
        lines = self._lines[customer, line.sku]
        while wanted and lines:
            sold = lines.pop()
            taken = min(wanted, sold.quantity)
            wanted -= taken
            found.append(sold._replace(quantity=taken))
            if taken < sold.quantity:
                lines.append(sold._replace(quantity=sold.quantity - taken))
        return found


def _cancelled_goods(source: Path | Traversable) -> frozenset[tuple[str, str]]:
    return frozenset(
        (invoice.customer, sku_of(row.sku))
        for invoice in read_invoices(source)
        if is_cancellation(invoice) and invoice.customer
        for row in invoice.rows
    )
