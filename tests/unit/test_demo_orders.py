"""What the rows of the demo's data become: a few of each kind, and the packaged sample."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from sellable.demo.invoices import COLUMNS, packaged_sample, read_invoices
from sellable.demo.meaning import COUNTRIES, Skipped, channel_of
from sellable.demo.network import market_locations, network_document
from sellable.demo.orders import (
    Cancellation,
    CancelledLine,
    Order,
    OrderLine,
    Replay,
    Tally,
)
from sellable.limits import LINES_PER_RESERVATION_MAX
from sellable.names import COUNTRIES as ISO_COUNTRIES
from sellable.network import parse

if TYPE_CHECKING:
    from pathlib import Path

CHANNELS = ("web", "app", "marketplace", "wholesale")
MARKETS = frozenset(f"{channel}/{country}" for channel in CHANNELS for country in ("FR", "GB"))


def row(invoice: str, sku: str = "22423", quantity: int = 6, minute: int = 0, **other: str) -> str:
    """Write one row of the data; `other` is price, customer or country."""
    cells = {"price": "2.55", "customer": "17850", "country": "France"} | other
    return (
        f"{invoice},{sku},GOODS,{quantity},2011-01-04T10:{minute:02}:00,{','.join(cells.values())}"
    )


def replayed(folder: Path, *rows: str) -> tuple[list[Order | Cancellation], Tally]:
    """Answer what a file of these rows becomes."""
    path = folder / "orders.csv"
    path.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n", encoding="utf-8")
    replay = Replay(path, MARKETS)
    return list(replay), replay.tally


def test_invoice_becomes_an_order_with_its_duplicates(tmp_path: Path) -> None:
    """An invoice is one order; the same row twice is two lines, and 22423a is the SKU 22423A."""
    events, tally = replayed(tmp_path, row("1", "22423a"), row("1", "22423A"), row("1", "22423A"))
    (order,) = events
    assert isinstance(order, Order)
    assert (OrderLine("22423A", 6),) * 3 == order.lines
    assert ("1", "1", "17850", "FR") == (
        order.reservation_id,
        order.invoice,
        order.customer,
        order.country,
    )
    assert f"{channel_of('1', 18)}/FR" == order.market
    assert Tally(rows=3, orders=1, order_rows=3) == tally


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (row("1", "POST"), Skipped.SERVICE),
        (row("1", "DOT"), Skipped.SERVICE),
        (row("1", "m"), Skipped.SERVICE),
        (row("1", "BANK CHARGES"), Skipped.SERVICE),
        (row("1", "AMAZONFEE"), Skipped.SERVICE),
        (row("1", "gift_0001_20"), Skipped.SERVICE),
        (row("C1", "D", -1), Skipped.SERVICE),
        (row("A1", "B", 1, price="-11062.06"), Skipped.BAD_DEBT),
        (row("1", quantity=-5, price="0.0", customer=""), Skipped.WRITE_OFF),
        (row("1", price="0.0", customer=""), Skipped.CORRECTION),
        (row("1", quantity=0), Skipped.ZERO_QUANTITY),
        (row("1", country="Unspecified"), Skipped.NO_COUNTRY),
        (row("1", country="European Community"), Skipped.NO_COUNTRY),
        (row("1", country="RSA"), Skipped.NO_MARKET),
    ],
)
def test_rows_that_are_no_sale_are_skipped_by_reason(
    tmp_path: Path, line: str, reason: Skipped
) -> None:
    """A row that moves no goods of a customer, or has no market, is counted under its reason."""
    assert ([], Tally(rows=1, skipped=Counter({reason: 1}))) == replayed(tmp_path, line)


def test_free_goods_of_a_sale_are_sold(tmp_path: Path) -> None:
    """A row at price 0 takes stock if somebody bought it or paid for other rows beside it."""
    events, _ = replayed(
        tmp_path,
        row("1", price="0.0"),
        row("2", price="0.0", customer=""),
        row("2", customer=""),
    )
    assert [1, 2] == [len(event.lines) for event in events]


def test_long_invoice_is_split(tmp_path: Path) -> None:
    """More than 100 lines make several reservations, numbered from 1, nothing lost."""
    events, tally = replayed(tmp_path, *(row("7", str(sku)) for sku in range(10_000, 10_201)))
    orders = [event for event in events if isinstance(event, Order)]
    assert [("7-1", 100), ("7-2", 100), ("7-3", 1)] == [
        (order.reservation_id, len(order.lines)) for order in orders
    ]
    assert [str(sku) for sku in range(10_000, 10_201)] == [
        line.sku for order in orders for line in order.lines
    ]
    assert (3, 201) == (tally.orders, tally.order_rows)


def test_interrupted_invoice_makes_another_reservation(tmp_path: Path) -> None:
    """Rows that come after those of another invoice get an id of their own."""
    events, _ = replayed(tmp_path, row("8"), row("9"), row("8", minute=1))
    assert ["8", "9", "8-2"] == [
        event.reservation_id for event in events if isinstance(event, Order)
    ]


def test_cancellation_takes_the_youngest_line_first(tmp_path: Path) -> None:
    """Units are taken from the customer's latest line of the SKU, then from the one before."""
    events, tally = replayed(
        tmp_path,
        row("1", quantity=4),
        row("2", quantity=5, customer="99999"),
        row("3", "POST"),
        row("3", "85123A", minute=1),
        row("3", quantity=3, minute=1),
        row("C4", quantity=-5, minute=2),
        row("C5", quantity=-5, minute=3),
    )
    first, second = (event for event in events if isinstance(event, Cancellation))
    assert (
        CancelledLine("3", 1, "22423", 3),
        CancelledLine("1", 0, "22423", 2),
    ) == first.lines
    assert () == first.unmatched
    assert (CancelledLine("1", 0, "22423", 2),) == second.lines
    assert (OrderLine("22423", 3),) == second.unmatched
    assert (2, 2, 7, 3) == (
        tally.cancellations,
        tally.cancellation_rows,
        tally.matched_units,
        tally.unmatched_units,
    )


def test_cancellation_without_its_order_is_unmatched(tmp_path: Path) -> None:
    """Without a customer, or before the order, there is nothing that it could be matched to."""
    events, tally = replayed(
        tmp_path,
        row("C1", quantity=-2),
        row("2", minute=1),
        row("3", customer="", minute=1),
        row("C4", quantity=-3, customer="", minute=2),
    )
    cancellations = [event for event in events if isinstance(event, Cancellation)]
    assert [(), ()] == [event.lines for event in cancellations]
    assert [(OrderLine("22423", 2),), (OrderLine("22423", 3),)] == [
        event.unmatched for event in cancellations
    ]
    assert (0, 5) == (tally.matched_units, tally.unmatched_units)


def test_channel_without_a_market_falls_to_the_web(tmp_path: Path) -> None:
    """An order of a channel that does not sell in the country is a web order there."""
    path = tmp_path / "orders.csv"
    path.write_text(f"{','.join(COLUMNS)}\n{row('1', quantity=500)}\n", encoding="utf-8")
    found = {
        markets: [event.market for event in Replay(path, markets) if isinstance(event, Order)]
        for markets in (("wholesale/FR", "web/FR"), ("wholesale/GB", "web/FR"))
    }
    assert [["wholesale/FR"], ["web/FR"]] == list(found.values())


def test_every_country_is_an_iso_code() -> None:
    """The labels are translated to assigned codes only."""
    assert set() == set(COUNTRIES.values()) - ISO_COUNTRIES


def test_sample_is_understood_to_its_last_row() -> None:
    """Every row of the sample has one meaning, and every order has a market of the network."""
    replay = Replay(packaged_sample(), market_locations(parse(network_document())))
    events = list(replay)
    tally = replay.tally
    expected = Counter({Skipped.SERVICE: 637, Skipped.WRITE_OFF: 27, Skipped.CORRECTION: 19})
    assert expected == tally.skipped
    assert (43_879, 1_858, 42_383, 347, 813) == (
        tally.rows,
        tally.orders,
        tally.order_rows,
        tally.cancellations,
        tally.cancellation_rows,
    )
    assert tally.rows == tally.order_rows + tally.cancellation_rows + tally.skipped.total()
    assert all(before.time <= after.time for before, after in pairwise(events))


def test_sample_holds_what_a_demo_needs() -> None:
    """Four channels, fourteen countries, unique ids, carts of 1 to 100 lines, two huge orders."""
    replay = Replay(packaged_sample(), market_locations(parse(network_document())))
    orders = [event for event in replay if isinstance(event, Order)]
    assert set(CHANNELS) == {order.channel for order in orders}
    assert 14 == len({order.country for order in orders})
    assert len(orders) == len({order.reservation_id for order in orders})
    assert (1, LINES_PER_RESERVATION_MAX) == (
        min(len(order.lines) for order in orders),
        max(len(order.lines) for order in orders),
    )
    quantities = [line.quantity for order in orders for line in order.lines]
    assert 1 == min(quantities)
    assert [74_215, 80_995] == sorted(quantities)[-2:]


def test_sample_cancellations_name_lines_that_exist() -> None:
    """A cancelled line is one of an earlier order, and never more than was ordered there."""
    left: Counter[tuple[str, int, str]] = Counter()
    for event in Replay(packaged_sample(), market_locations(parse(network_document()))):
        if isinstance(event, Order):
            for index, line in enumerate(event.lines):
                left[event.reservation_id, index, line.sku] = line.quantity
        else:
            left.subtract({cancelled[:3]: cancelled.quantity for cancelled in event.lines})
    assert 0 == min(left.values())


def test_sample_has_the_figures_of_its_readme() -> None:
    """The sample has the rows, invoices and cancellations that its README states."""
    invoices = list(read_invoices(packaged_sample()))
    numbers = {invoice.number for invoice in invoices}
    assert (43_879, 2_261, 377) == (
        sum(len(invoice.rows) for invoice in invoices),
        len(numbers),
        sum(number.startswith("C") for number in numbers),
    )
