"""The open units of a reservation: what is planned anew, what stays, and what may not come back."""

from __future__ import annotations

from typing import Any

import pytest

from sellable.dispatch.asked import RebindAsked
from sellable.dispatch.rebinding import Rebinding, rebinding
from sellable.errors import InvalidFields, ReservationClosed, ReservationExpired
from sellable.reservation import Allocation, Line, Part, Refusal, Reservation, ReservedLine, State
from sellable.sourcing.order import SourcingStock
from sellable.sourcing.plan import Assignment, Decision, Plan
from sellable.store.planned import RefusedUnits, Units
from support.refusals import violations

PLACES = ("L0", "L1")


def reserved(*lines: tuple[str, dict[str, int]], state: State = State.CONFIRMED) -> Reservation:
    """Make a reservation of SKUs with their open units by place; lines are named by number."""
    return Reservation(
        reservation_id="cart",
        market="web/FR",
        state=state,
        order_reference="",
        create_ms=1,
        expire_ms=0,
        confirm_ms=2,
        update_ms=2,
        lines=tuple(
            ReservedLine(
                line_id=str(at),
                sku=sku,
                requested=9,
                granted=9,
                location="",
                allocations=tuple(
                    Allocation(location=place, open=count, fulfilled=0, released=0, expired=0)
                    for place, count in places.items()
                ),
            )
            for at, (sku, places) in enumerate(lines)
        ),
    )


def asked(*refusals: Part) -> RebindAsked:
    """Ask for a new plan."""
    return RebindAsked(
        reservation_id="cart", request_id="again", refusals=refusals, solve_limit_ms=200
    )


def again(
    reservation: Reservation, *refusals: Part, barred: frozenset[tuple[int, str]] = frozenset()
) -> Rebinding:
    """Sort the units of a reservation."""
    return rebinding(reservation, asked(*refusals), barred)


def missing(quantity: int, location: str = "L0", **of: str) -> Part:
    """Make units that a location does not find."""
    return Part(location=location, quantity=quantity, refusal=Refusal.NOT_FOUND, **of)


def stock(**available: tuple[int, int]) -> SourcingStock:
    """Make stock at two locations."""
    rows = tuple(available.values())
    return SourcingStock(
        now_ms=1,
        network_version=1,
        skus=tuple(available),
        locations=PLACES,
        sellable=tuple(map(sum, rows)),
        available=rows,
        on_hand=rows,
        daily_outflow=tuple((0.0, 0.0) for _ in rows),
    )


def decided(assigned: list[tuple[int, str, int]], unfilled: list[tuple[int, int]]) -> Decision:
    """Make a decision of units by line and location, and of units that have none."""

    def one(line: int, location: str, quantity: int) -> Assignment:
        return Assignment(line_id="", line=line, sku="", location=location, quantity=quantity)

    plan = Plan(
        strategy="",
        assignments=tuple(one(*units) for units in assigned),
        shipments=(),
        unfilled=tuple(one(line, "", quantity) for line, quantity in unfilled),
        cost_terms=(),
        levels=(),
        optimal=True,
        relative_gap=0.0,
        method="",
    )
    return Decision(plan=plan, profile="", network_version=1)


def test_units_that_wait_for_supply_stay() -> None:
    """Only what is in stock is planned; the store is told of all that was seen."""
    found = again(reserved(("A", {"L0+PO": 3}), ("B", {"L0": 1, "L1+PO": 2, "L1": 1})))
    assert (Line(line_id="1", sku="B", quantity=2),) == found.lines
    assert (Units(0, "L0+PO", 3), Units(1, "L1+PO", 2)) == found.waiting
    assert 4 == len(found.seen)
    assert {("B", "L0"): 1, ("B", "L1"): 1} == found.held


def test_lines_keep_their_names_through_a_plan() -> None:
    """A plan of the open lines is told by the lines of the reservation."""
    found = again(reserved(("A", {}), ("B", {"L0": 2}), ("C", {"L1": 1})))
    plan = found.renamed(decided([(0, "L0", 1), (1, "L1", 1)], [(0, 1)])).plan
    assert [1, 2, 1] == [one.line for one in (*plan.assignments, *plan.unfilled)]


def test_refused_units_of_a_sku_are_those_of_its_first_lines() -> None:
    """A refusal by SKU is of as many lines as it takes; one by line is of that line."""
    held = reserved(("A", {"L0": 2}), ("A", {"L0": 2}))
    by_sku = again(held, missing(3, sku="A"))
    assert (
        RefusedUnits(0, "L0", 2, Refusal.NOT_FOUND),
        RefusedUnits(1, "L0", 1, Refusal.NOT_FOUND),
    ) == by_sku.refusals
    by_line = again(held, missing(1, line_id="1"))
    assert (RefusedUnits(1, "L0", 1, Refusal.NOT_FOUND),) == by_line.refusals


def test_location_that_refused_all_is_not_offered() -> None:
    """Whatever the location still counts, the line does not go there again."""
    held = reserved(("A", {"L0": 2}))
    offered, pairs = again(held, missing(2, sku="A")).offered(stock(A=(7, 7)))
    assert ({(0, "L0")}, ((0, 7),)) == (set(pairs), offered.available)


def test_location_that_refused_a_part_may_keep_the_rest() -> None:
    """It is asked for no more than it holds still, now and later; other SKUs do not mind."""
    held = reserved(("A", {"L0": 3}), ("B", {"L0": 1}))
    offered, pairs = again(held, missing(1, sku="A")).offered(stock(A=(7, 7), B=(4, 4)))
    assert (set(), ((2, 7), (4, 4))) == (set(pairs), offered.available)
    left = reserved(("A", {"L0": 2, "L1": 1}), ("B", {"L0": 1}))
    later = again(left, barred=frozenset({(0, "L0")}))
    offered, pairs = later.offered(stock(A=(7, 7), B=(4, 4)))
    assert (set(), ((2, 7), (4, 4))) == (set(pairs), offered.available)
    moved = again(reserved(("A", {"L1": 3})), barred=frozenset({(0, "L0")}))
    assert {(0, "L0")} == set(moved.offered(stock(A=(7, 7)))[1])


def test_refusal_of_a_location_that_left_the_market_is_no_matter() -> None:
    """What was refused long ago may name what is not asked for any more."""
    found = again(reserved(("A", {"L1": 1})), barred=frozenset({(0, "GONE"), (9, "L0")}))
    offered, pairs = found.offered(stock(A=(7, 7)))
    assert (set(), ((7, 7),)) == (set(pairs), offered.available)


def test_units_without_a_place_are_dropped_where_they_were_refused_first() -> None:
    """What stays nowhere is released, refused units before others, waiting ones never."""
    held = reserved(("A", {"L1": 2, "L0": 2, "L1+PO": 1}))
    found = again(held, missing(1, sku="A"))
    plan = found.renamed(decided([(0, "L1", 1)], [(0, 3)])).plan
    assert (Units(0, "L0", 2), Units(0, "L1", 1)) == found.drops(plan)


@pytest.mark.parametrize(
    ("part", "path"),
    [
        (missing(1, line_id="7"), "refusals[0].quantity.line_id"),
        (missing(1, sku="Z"), "refusals[0].quantity.sku"),
        (missing(3, sku="A"), "refusals[0].quantity.quantity"),
        (missing(1, "L1", sku="A"), "refusals[0].quantity.quantity"),
    ],
)
def test_refusal_of_what_is_not_held_is_told(part: Part, path: str) -> None:
    """The field says whether it is the line, the SKU or the number."""
    found = violations(rebinding, reserved(("A", {"L0": 2})), asked(part), frozenset())
    assert [path] == [field for field, _ in found]


def test_two_refusals_do_not_share_units() -> None:
    """Units that were refused already cannot be refused again in the same call."""
    parts = (missing(2, sku="A"), missing(1, line_id="0"))
    found = violations(rebinding, reserved(("A", {"L0": 2})), asked(*parts), frozenset())
    assert ["refusals[1].quantity.quantity"] == [field for field, _ in found]


@pytest.mark.parametrize(
    ("reservation", "error"),
    [
        (reserved(("A", {"L0": 1}), state=State.EXPIRED), ReservationExpired),
        (reserved(("A", {"L0": 1}), state=State.RELEASED), ReservationClosed),
        (reserved(("A", {"L0": 1}), state=State.FULFILLED), ReservationClosed),
        (reserved(("A", {"L0+PO": 1})), InvalidFields),
    ],
)
def test_reservation_without_units_to_plan_is_refused(reservation: Any, error: Any) -> None:
    """Expired, closed, or all of it waits for supply."""
    with pytest.raises(error):
        again(reservation)


def test_what_is_missing_is_missing_of_whoever_leaves() -> None:
    """Refused units of a line that stays are those of another line of the SKU that leaves."""
    reservation = reserved(("A", {"L0": 3}), ("A", {"L0": 2, "L0+PO": 1}), ("B", {"L0": 1}))
    found = again(reservation, missing(2, line_id="0"))
    plan = decided([(0, "L0", 2), (1, "L1", 1), (1, "L0", 1), (2, "L1", 1)], []).plan
    assert {(0, 1), (1, 1)} == {(one.line, one.quantity) for one in found.leaving(plan)}
    assert {Refusal.NOT_FOUND} == {one.reason for one in found.leaving(plan)}
