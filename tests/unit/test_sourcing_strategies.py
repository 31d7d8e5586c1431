"""Which strategy decides: conditions, windows, priority and falling back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sellable.errors import NoFeasiblePlan
from sellable.network import Conditions, Protected, Strategy, Window
from sellable.sourcing.decide import Profiles
from sellable.sourcing.order import Destination
from sellable.sourcing.plan import Decision, RejectionReason
from support.sourced import NOON, PARIS, at, item, network, place, request, stock, strategy

PLACES = [place("A"), place("B")]
STOCK = stock(
    {"X": {"A": 5, "B": 5}},
    ["A", "B"],
    items=[item("X", item_class="sofa")],
)


def _decide(strategies: list[Strategy], at_ms: int = NOON, **order: Any) -> Decision:
    profiles = Profiles(network(PLACES, strategies), 7)
    return profiles.decide(request(("X", 1), at_ms=at_ms, order=order), STOCK)


def _applies(when: Conditions, **order: Any) -> bool:
    chosen = [strategy("special", when=when, priority=1), strategy("standard")]
    return _decide(chosen, **order).plan.strategy == "special"


@pytest.mark.parametrize(
    ("when", "meets"),
    [
        (Conditions(), True),
        (Conditions(channels=("web",)), True),
        (Conditions(channels=("app", "pos")), False),
        (Conditions(countries=("FR",)), True),
        (Conditions(countries=("BE",)), False),
        (Conditions(destinations=("FR", "BE")), True),
        (Conditions(destinations=("BE",)), False),
        (Conditions(postal_prefixes=("13", "75")), True),
        (Conditions(postal_prefixes=("13",)), False),
        (Conditions(item_classes=("sofa",)), True),
        (Conditions(item_classes=("sock",)), False),
        (Conditions(value_min=100), True),
        (Conditions(value_min=101), False),
        (Conditions(value_max=100), True),
        (Conditions(value_max=99), False),
        (Conditions(channels=("web",), countries=("BE",)), False),
    ],
)
def test_conditions_choose_orders(when: Conditions, *, meets: bool) -> None:
    """A strategy is for the orders that meet every one of its conditions."""
    destination = Destination(country="FR", postal_code="75 001", point=PARIS)
    assert meets is _applies(when, value_micros=100, destination=destination)


def test_an_order_without_a_value_meets_no_bound_of_values() -> None:
    """What is not known is neither above nor below."""
    assert not _applies(Conditions(value_min=0))
    assert not _applies(Conditions(value_max=10**18))


def test_the_highest_priority_is_tried_first_and_document_order_among_equals() -> None:
    """Priority decides, then the place in the document."""
    chosen = [strategy("low"), strategy("first", priority=5), strategy("second", priority=5)]
    assert "first" == _decide(chosen).plan.strategy
    assert "second" == _decide([chosen[0], *chosen[:0:-1]]).plan.strategy


def test_without_a_plan_the_next_strategy_is_tried_unless_it_may_not() -> None:
    """A strategy that cannot falls back, and with `fall_back: false` it is the last."""
    strict = strategy("strict", priority=1, constraints={"excluded": ("A", "B")})
    assert "standard" == _decide([strict, strategy()]).plan.strategy
    with pytest.raises(NoFeasiblePlan, match="strategies tried: strict") as refused:
        _decide([replace(strict, fall_back=False), strategy()])
    assert ("strict",) == refused.value.tried
    assert ["excluded"] == [line.constraint for line in refused.value.lines]
    with pytest.raises(NoFeasiblePlan) as refused:
        _decide([strict, replace(strict, name="other")])
    assert ("strict", "other") == refused.value.tried


def test_an_order_that_no_strategy_is_for_is_refused() -> None:
    """No condition holds: the refusal says so for every line."""
    with pytest.raises(NoFeasiblePlan, match="no strategy of the profile 'usual'") as refused:
        _decide([strategy(when=Conditions(channels=("app",)))])
    assert ["strategies"] == [line.constraint for line in refused.value.lines]


def test_a_window_of_a_strategy_is_read_on_the_clock_of_the_market() -> None:
    """Midnight is that of Paris, to the millisecond."""
    window = Window(start=datetime(2026, 7, 1), end=datetime(2026, 7, 2))  # noqa: DTZ001 - local
    chosen = [strategy("sale", window=window, priority=1), strategy()]
    begins, ends = at("2026-07-01T00:00+02:00"), at("2026-07-02T00:00+02:00")
    told = [
        _decide(chosen, moment).plan.strategy for moment in (begins - 1, begins, ends - 1, ends)
    ]
    assert ["standard", "sale", "sale", "standard"] == told


def test_a_market_without_a_zone_reads_local_windows_as_utc() -> None:
    """A call may name a profile that was not written for the market: it is still decided."""
    window = Window(start=datetime(2026, 7, 1))  # noqa: DTZ001 - local
    chosen = [strategy("sale", window=window, priority=1), strategy()]
    profiles = Profiles(network(PLACES, chosen, market={"time_zone": None}), 7)
    begins = at("2026-07-01T00:00")
    told = [
        profiles.decide(request(("X", 1), at_ms=moment), STOCK).plan.strategy
        for moment in (begins - 1, begins)
    ]
    assert ["standard", "sale"] == told


PEAK = Window(start=datetime(2026, 11, 23), end=datetime(2026, 12, 27))  # noqa: DTZ001 - local


def _protecting(window: Window) -> Profiles:
    flagships = [
        place("F-PARIS"),
        place("F-LISBON", country="PT", time_zone="Europe/Lisbon"),
    ]
    depot = place("DEPOT", latitude=43.3, longitude=5.4)
    chosen = strategy(
        "peak",
        constraints={"protected": (Protected(locations=("F-PARIS", "F-LISBON"), window=window),)},
    )
    return Profiles(network([*flagships, depot], [chosen]), 7)


def _protected_at(profiles: Profiles, moment: int) -> set[str]:
    """Return the locations that a decision of this moment protects."""
    held = stock({"X": {"F-PARIS": 1, "F-LISBON": 1, "DEPOT": 1}}, ["F-PARIS", "F-LISBON", "DEPOT"])
    decision = profiles.decide(request(("X", 1), explain=True, at_ms=moment), held)
    return {
        rejection.location
        for rejection in decision.rejections
        if rejection.reason is RejectionReason.PROTECTED
    }


def test_peak_protects_flagship_stores_in_exactly_its_window() -> None:
    """From 23 November until 27 December, each store by its own clock, to the millisecond.

    Lisbon is an hour behind Paris, so its window begins and ends an hour later.
    """
    profiles = _protecting(PEAK)
    hour = 3_600_000
    begins, ends = at("2026-11-23T00:00+01:00"), at("2026-12-27T00:00+01:00")
    both, lisbon = {"F-PARIS", "F-LISBON"}, {"F-LISBON"}
    expected = {
        begins - 1: set(),
        begins: {"F-PARIS"},
        begins + hour - 1: {"F-PARIS"},
        begins + hour: both,
        ends - 1: both,
        ends: lisbon,
        ends + hour - 1: lisbon,
        ends + hour: set(),
    }
    assert expected == {moment: _protected_at(profiles, moment) for moment in expected}
    unguarded = _protecting(replace(PEAK, end=datetime(2026, 11, 24)))  # noqa: DTZ001 - local
    assert set() == _protected_at(unguarded, ends - 1), "another window protects otherwise"


@pytest.mark.parametrize(
    ("first", "last", "offsets"),
    [
        # Clocks go forward on 29 March and back on 25 October: a day of 23 and one of 25 hours.
        (datetime(2026, 3, 28), datetime(2026, 3, 30), ("+01:00", "+02:00")),  # noqa: DTZ001
        (datetime(2026, 10, 24), datetime(2026, 10, 26), ("+02:00", "+01:00")),  # noqa: DTZ001
    ],
)
def test_a_window_over_a_change_of_clocks_keeps_local_midnights(
    first: datetime, last: datetime, offsets: tuple[str, str]
) -> None:
    """It begins and ends at midnight of the store, whatever the clocks did meanwhile."""
    profiles = _protecting(Window(start=first, end=last))
    begins, ends = at(first.isoformat() + offsets[0]), at(last.isoformat() + offsets[1])
    assert timedelta(milliseconds=ends - begins) != last - first
    told = [
        "F-PARIS" in _protected_at(profiles, moment)
        for moment in (begins - 1, begins, ends - 1, ends)
    ]
    assert [False, True, True, False] == told


@pytest.mark.parametrize("fold", [0, 1])
def test_an_hour_that_occurs_twice_belongs_to_the_window_whole(fold: int) -> None:
    """From 02:30 means the first, until 02:30 the second of 25 October."""
    twice = datetime(2026, 10, 25, 2, 30)  # noqa: DTZ001 - local
    moment = round(twice.replace(tzinfo=ZoneInfo("Europe/Paris"), fold=fold).timestamp() * 1_000)
    begins, ends = _protecting(Window(start=twice)), _protecting(Window(end=twice))
    assert ("F-PARIS" in _protected_at(begins, moment - 1)) is (fold == 1)
    assert "F-PARIS" in _protected_at(begins, moment)
    assert "F-PARIS" in _protected_at(ends, moment - 1)
    assert ("F-PARIS" in _protected_at(ends, moment)) is (fold == 0)
