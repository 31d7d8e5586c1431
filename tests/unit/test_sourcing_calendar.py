"""When a location ships: hours, closed dates, cut-offs and capacity on the clock of its zone."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from sellable.sourcing.barriers import Barrier
from sellable.sourcing.calendar import Calendar, ShipDay, arrival_ms, hours_of, local_day
from support.sourced import at, place

WEEK = ((9 * 60, 18 * 60),) * 5 + (None, None)
EVERY_DAY = frozenset(range(7))
WORKING_DAYS = frozenset(range(5))
WEDNESDAY = date(2026, 6, 10)


def _ship_day(
    moment: str, *, within: int = 7, taken: dict[date, int] | None = None, **fields: Any
) -> ShipDay | Barrier:
    location = place("A", **fields)
    capacity = -1 if location.daily_capacity is None else location.daily_capacity
    used = {("A", day): count for day, count in (taken or {}).items()}
    return Calendar(at(moment), within).ship_day(hours_of(location, None), "A", capacity, used)


@pytest.mark.parametrize(
    ("moment", "fields", "day", "ships"),
    [
        # In Paris it is two hours later than UTC in June, one in winter.
        ("2026-06-10T12:00", {}, "2026-06-10", "2026-06-10T12:00"),
        ("2026-06-10T22:30", {}, "2026-06-11", "2026-06-10T22:30"),
        ("2026-06-10T12:00", {"cut_off": "16:00"}, "2026-06-10", "2026-06-10T14:00"),
        ("2026-06-10T13:59:59.999", {"cut_off": "16:00"}, "2026-06-10", "2026-06-10T14:00"),
        ("2026-06-10T14:00", {"cut_off": "16:00"}, "2026-06-11", "2026-06-11T14:00"),
        ("2026-06-10T12:00", {"opening_hours": WEEK}, "2026-06-10", "2026-06-10T16:00"),
        ("2026-06-10T16:00", {"opening_hours": WEEK}, "2026-06-11", "2026-06-11T16:00"),
        ("2026-06-12T16:00", {"opening_hours": WEEK}, "2026-06-15", "2026-06-15T16:00"),
        ("2026-06-10T02:00", {"opening_hours": WEEK}, "2026-06-10", "2026-06-10T16:00"),
        (
            "2026-06-10T12:00",
            {"opening_hours": WEEK, "cut_off": "20:00"},
            "2026-06-10",
            "2026-06-10T16:00",
        ),
        (
            "2026-06-10T12:00",
            {"opening_hours": ((0, 1_440),) * 7},
            "2026-06-10",
            "2026-06-10T22:00",
        ),
        ("2026-06-10T12:00", {"closed_dates": (WEDNESDAY,)}, "2026-06-11", "2026-06-10T22:00"),
        (
            "2026-06-10T12:00",
            {"time_zone": "Asia/Tokyo", "cut_off": "16:00"},
            "2026-06-11",
            "2026-06-11T07:00",
        ),
        ("2026-01-14T14:30", {"cut_off": "16:00"}, "2026-01-14", "2026-01-14T15:00"),
        # Clocks go forward on 29 March and back on 25 October at 01:00 UTC.
        ("2026-03-28T20:00", {"cut_off": "16:00"}, "2026-03-29", "2026-03-29T14:00"),
        ("2026-03-27T20:00", {"cut_off": "16:00"}, "2026-03-28", "2026-03-28T15:00"),
        ("2026-10-24T20:00", {"cut_off": "16:00"}, "2026-10-25", "2026-10-25T15:00"),
        ("2026-10-25T00:10", {"cut_off": "02:30"}, "2026-10-25", "2026-10-25T00:30"),
    ],
)
def test_first_day_that_ships(moment: str, fields: dict[str, Any], day: str, ships: str) -> None:
    """A location ships on the first local day that is open, before its cut-off and closing."""
    found = _ship_day(moment, **fields)
    assert isinstance(found, ShipDay)
    assert (date.fromisoformat(day), at(ships)) == (found.day, found.ship_ms)


@pytest.mark.parametrize(
    ("fields", "order_by"),
    [
        ({}, "2026-06-10T22:00"),
        ({"cut_off": "16:00"}, "2026-06-10T14:00"),
        ({"opening_hours": WEEK}, "2026-06-10T16:00"),
        ({"closed_dates": (WEDNESDAY,)}, "2026-06-11T22:00"),
    ],
)
def test_a_day_is_kept_until_its_last_order(fields: dict[str, Any], order_by: str) -> None:
    """Orders ship on a day until its cut-off or closing time, else until its last midnight."""
    found = _ship_day("2026-06-10T12:00", **fields)
    assert isinstance(found, ShipDay)
    assert at(order_by) == found.order_by_ms
    late = Calendar(found.order_by_ms - 1, 7).ship_day(
        hours_of(place("A", **fields), None), "A", -1, {}
    )
    later = Calendar(found.order_by_ms, 7).ship_day(
        hours_of(place("A", **fields), None), "A", -1, {}
    )
    assert isinstance(late, ShipDay)
    assert isinstance(later, ShipDay)
    assert late.day == found.day < later.day


def test_a_full_day_moves_the_order_to_the_next() -> None:
    """The unit of the order itself counts: a capacity of 2 takes a second order and no third."""
    days = [date(2026, 6, 10), date(2026, 6, 11), date(2026, 6, 12)]
    taken = {days[0]: 2, days[1]: 2, days[2]: 1}
    found = _ship_day("2026-06-10T12:00", daily_capacity=2, taken=taken, cut_off="16:00")
    assert isinstance(found, ShipDay)
    assert (days[2], at("2026-06-12T14:00")) == (found.day, found.ship_ms)
    assert Barrier.CAPACITY is _ship_day("2026-06-10T12:00", daily_capacity=0)


@pytest.mark.parametrize(
    ("barrier", "within", "fields"),
    [
        (Barrier.CUT_OFF, 0, {"cut_off": "10:00"}),
        (Barrier.CLOSED, 0, {"opening_hours": ((540, 600),) * 7}),
        (Barrier.CLOSED, 0, {"closed_dates": (WEDNESDAY,), "cut_off": "10:00"}),
        (Barrier.CLOSED, 1, {"closed_dates": (WEDNESDAY, date(2026, 6, 11))}),
        (Barrier.CUT_OFF, 1, {"cut_off": "10:00", "closed_dates": (date(2026, 6, 11),)}),
        (Barrier.CAPACITY, 1, {"daily_capacity": 0, "closed_dates": (WEDNESDAY,)}),
    ],
)
def test_why_a_location_never_ships(barrier: Barrier, within: int, fields: dict[str, Any]) -> None:
    """Without a day: full days are told first, then a cut-off that has passed, then closed."""
    assert barrier is _ship_day("2026-06-10T12:00", within=within, **fields)


def test_without_a_zone_the_market_tells_the_time() -> None:
    """A location without a zone lives by that of its market, else by UTC."""
    location = place("A", time_zone=None)
    assert "Asia/Tokyo" == hours_of(location, "Asia/Tokyo").zone
    assert "UTC" == hours_of(location, None).zone


@pytest.mark.parametrize(
    ("ships", "days", "delivery_days", "arrives"),
    [
        ("2026-06-10T14:00", 0, EVERY_DAY, "2026-06-10T14:00"),
        ("2026-06-10T14:00", 2, EVERY_DAY, "2026-06-12T14:00"),
        ("2026-06-11T14:00", 2, WORKING_DAYS, "2026-06-15T14:00"),
        ("2026-06-12T14:00", 1, WORKING_DAYS, "2026-06-15T14:00"),
        ("2026-06-13T14:00", 0, WORKING_DAYS, "2026-06-15T14:00"),
        ("2026-06-13T14:00", 1, WORKING_DAYS, "2026-06-15T14:00"),
        ("2026-03-28T15:00", 1, EVERY_DAY, "2026-03-29T14:00"),
        ("2026-10-24T14:00", 1, EVERY_DAY, "2026-10-25T15:00"),
    ],
)
def test_parcels_arrive_on_delivery_days_at_the_local_time_they_left(
    ships: str, days: int, delivery_days: frozenset[int], arrives: str
) -> None:
    """Only delivery days are counted, also over a change of clocks."""
    assert at(arrives) == arrival_ms(at(ships), "Europe/Paris", days, delivery_days)


def test_the_local_day_is_that_of_the_zone() -> None:
    """One moment is two dates, either side of the date line."""
    moment = at("2026-06-10T23:30")
    assert date(2026, 6, 11) == local_day(moment, "Europe/Paris")
    assert date(2026, 6, 10) == local_day(moment, "America/New_York")
