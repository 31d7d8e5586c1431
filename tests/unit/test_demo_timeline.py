"""When the demo does what: dispatches between the orders, and one client for one customer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sellable.demo.orders import Cancellation, Order, OrderLine
from sellable.demo.timeline import (
    DISPATCH_AFTER,
    Dispatch,
    Event,
    client_of,
    first_orders,
    timeline,
)

START = datetime(2011, 1, 4, 10, tzinfo=UTC)


def order(invoice: str, *, after: timedelta = timedelta(), customer: str = "17850") -> Order:
    """Make an order of one line."""
    return Order(
        reservation_id=invoice,
        invoice=invoice,
        channel="web",
        country="FR",
        customer=customer,
        time=START + after,
        lines=(OrderLine("22423", 6),),
    )


def cancellation(invoice: str, *, after: timedelta) -> Cancellation:
    """Make a cancellation of nothing."""
    return Cancellation(
        invoice=invoice, customer="17850", time=START + after, lines=(), unmatched=()
    )


def test_an_order_leaves_when_its_time_has_come() -> None:
    """Each dispatch stands before the first event that is not earlier, the rest at the end."""
    first, second = order("1"), order("2", after=timedelta(days=1))
    early = cancellation("C3", after=DISPATCH_AFTER - timedelta(seconds=1))
    late = cancellation("C4", after=DISPATCH_AFTER)
    assert [first, second, early, Dispatch(first), late, Dispatch(second)] == list(
        timeline([first, second, early, late])
    )


def test_a_limit_counts_orders_and_keeps_the_cancellations_between_them() -> None:
    """The replay ends before the order that is one too many; without a limit it has all."""
    between = cancellation("C2", after=timedelta())
    events: list[Order | Cancellation] = [order("1"), between, order("3"), order("4")]
    assert events[:3] == list(first_orders(events, 2))
    assert events == list(first_orders(events, None))


def test_what_one_customer_does_is_done_by_one_client() -> None:
    """Order, dispatch and cancellation of a customer have the same client."""
    placed = order("1")
    events: list[Event] = [
        placed,
        Dispatch(placed),
        cancellation("C2", after=timedelta()),
        order("5"),
    ]
    assert {client_of(placed, 64)} == {client_of(event, 64) for event in events}


def test_guests_are_shared_out_by_their_orders() -> None:
    """A hundred orders without a customer do not all wait for one client."""
    clients = {client_of(order(str(number), customer=""), 64) for number in range(100)}
    assert len(clients) > 32
