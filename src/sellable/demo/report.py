"""The report at the end: as data, and as tables for a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from sellable.demo.audit import Audit
    from sellable.demo.books import Books, MarketBook
    from sellable.demo.caller import CallTimes

# The calls of a shop, in the order of an order's life.
_SHOP_CALLS: Final = ("reserve", "confirm", "fulfil", "release")
_SHOWN_MAX: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the demo did and found; durations are of the replay."""

    client_count: int
    replay_s: float
    times: CallTimes
    books: Books
    audit: Audit

    @property
    def calls_per_s(self) -> float:
        """Calls of the shop, answered or refused, per second."""
        return sum(len(self.times.seconds[kind]) for kind in _SHOP_CALLS) / self.replay_s

    @property
    def orders_per_s(self) -> float:
        """Orders placed or refused, per second."""
        return self.books.total.order_count / self.replay_s

    def as_data(self) -> dict[str, Any]:
        """Answer the report for `--json`."""
        books, total, audit = self.books, self.books.total, self.audit
        return {
            "clean": audit.clean,
            "clients": self.client_count,
            "replay_s": round(self.replay_s, 3),
            "calls_per_s": round(self.calls_per_s, 1),
            "orders_per_s": round(self.orders_per_s, 1),
            "retries": self.times.retry_count,
            "calls": {kind: latencies(self.times.seconds[kind]) for kind in _SHOP_CALLS},
            "orders": total.order_count,
            "lines": books.line_count,
            "refused_orders": total.refused_count,
            "refusals": dict(books.refusals),
            "short_lines": books.short_line_count,
            "units": {
                "sold": total.sold_units,
                "released": total.released_units,
                "cancelled_after_dispatch": books.returned_units,
                "cancelled_of_refused_orders": books.refused_units,
                "cancelled_unmatched": books.unmatched_units,
            },
            "markets": [
                {
                    "market": market,
                    "orders": book.order_count,
                    "refused_orders": book.refused_count,
                    "units_sold": book.sold_units,
                    "units_released": book.released_units,
                }
                for market, book in sorted(books.markets.items())
            ],
            "verify": {
                "skus": audit.verified_sku_count,
                "differences": [str(difference) for difference in audit.differences],
            },
            "conservation": {
                "skus": audit.counted_sku_count,
                "violations": [str(violation) for violation in audit.violations],
            },
        }

    def __rich__(self) -> RenderableType:
        return Group(
            self._market_table(),
            self._call_table(),
            *map(Text, self._sentences()),
            *self._findings(),
        )

    def _market_table(self) -> Table:
        table = _table("market", "orders", "refused", "units sold", "units released")
        for market, book in sorted(
            self.books.markets.items(), key=lambda item: -item[1].sold_units
        ):
            table.add_row(market, *_numbers(book))
        table.add_section()
        table.add_row("all", *_numbers(self.books.total), style="bold")
        return table

    def _call_table(self) -> Table:
        table = _table("call", "count", "p50 ms", "p95 ms", "p99 ms", "max ms")
        for kind in _SHOP_CALLS:
            found = latencies(self.times.seconds[kind])
            table.add_row(
                kind,
                f"{found['count']:,}",
                *(f"{found[name]:,.1f}" for name in ("p50_ms", "p95_ms", "p99_ms", "max_ms")),
            )
        return table

    def _sentences(self) -> Sequence[str]:
        books, total = self.books, self.books.total
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in books.refusals.items())
        cancelled = {
            "released": total.released_units,
            "after dispatch": books.returned_units,
            "of refused orders": books.refused_units,
            "of orders that the data do not have": books.unmatched_units,
        }
        speed = f"{self.calls_per_s:,.0f} calls/s, {self.orders_per_s:,.0f} orders/s"
        short = f"{books.short_line_count:,} short lines"
        size = f"{total.order_count:,} orders of {books.line_count:,} lines"
        return (
            f"{size} in {self.replay_s:.1f} s by {self.client_count} clients at once",
            f"{speed}, {self.times.retry_count} calls sent again",
            f"{total.refused_count:,} orders refused for want of stock: {reasons or 0}, {short}",
            "units cancelled: " + ", ".join(f"{n:,} {what}" for what, n in cancelled.items()),
        )

    def _findings(self) -> Sequence[Text]:
        audit = self.audit
        lines = [
            _verdict(
                f"verify: {audit.verified_sku_count:,} SKUs recomputed, "
                f"{len(audit.differences):,} differences",
                good=not audit.differences,
            ),
            *map(Text, map(str, audit.differences[:_SHOWN_MAX])),
            _verdict(
                f"conservation: {audit.counted_sku_count:,} SKUs counted, "
                f"{len(audit.violations):,} where sold and left are not what there was",
                good=not audit.violations,
            ),
            *map(Text, map(str, audit.violations[:_SHOWN_MAX])),
        ]
        if audit.clean:
            lines.append(Text("Not one unit oversold.", style="bold green"))
        return lines


def latencies(seconds: Sequence[float]) -> dict[str, float]:
    """Answer the count and the percentiles, in milliseconds; of no calls they are 0."""
    ordered = sorted(seconds)

    def at(percent: int) -> float:
        # The nearest rank: the smallest value that this share of the calls does not exceed.
        rank = -(-len(ordered) * percent // 100)
        return round(ordered[rank - 1] * 1_000, 3) if ordered else 0.0

    return {
        "count": len(ordered),
        "p50_ms": at(50),
        "p95_ms": at(95),
        "p99_ms": at(99),
        "max_ms": at(100),
    }


def _table(name: str, *numbers: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column(name)
    for number in numbers:
        table.add_column(number, justify="right")
    return table


def _numbers(book: MarketBook) -> Sequence[str]:
    numbers = (book.order_count, book.refused_count, book.sold_units, book.released_units)
    return [f"{number:,}" for number in numbers]


def _verdict(text: str, *, good: bool) -> Text:
    return Text(("✔ " if good else "✘ ") + text, style="green" if good else "bold red")
