"""What a decision is asked for: names that are unknown, and the days that it needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from sellable.errors import InvalidFields, UnknownMarket, UnknownProfile, UnknownSku
from sellable.network import Network, Profile, Sourcing
from sellable.sourcing.decide import Profiles
from support.sourced import MARKET, NOON, network, order, place, request, stock, strategy

TWO = [place("A"), place("B")]
NAMES = ["A", "B"]
BOTH = {"X": {"A": 3, "B": 2}}


def _known() -> Network:
    return network(TWO, [strategy()])


def test_unknown_names_are_told() -> None:
    """Market, profile and SKU, each as it was asked."""
    profiles = Profiles(_known(), 7)
    held = stock(BOTH, NAMES, sellable={"X": -1})
    with pytest.raises(UnknownMarket, match="'app/FR'"):
        profiles.decide(replace(request(("X", 1)), order=order(("X", 1), market="app/FR")), held)
    with pytest.raises(UnknownMarket, match="'app/FR'"):
        profiles.days("app/FR", NOON)
    with pytest.raises(UnknownProfile, match="'peak'"):
        profiles.decide(request(("X", 1), profile="peak"), held)
    with pytest.raises(UnknownSku, match="'X'"):
        profiles.decide(request(("X", 1)), held)
    with pytest.raises(UnknownSku, match="'Z'"):
        profiles.decide(request(("Z", 1)), stock(BOTH, NAMES))
    with pytest.raises(InvalidFields, match=r"order\.lines: must not be empty"):
        profiles.decide(request(), stock(BOTH, NAMES))


def test_a_network_without_profiles_says_so() -> None:
    """There is no built-in way to source: what counts is for the document to say."""
    bare = replace(_known(), sourcing=Sourcing())
    with pytest.raises(UnknownProfile, match="the network has no sourcing profile"):
        Profiles(bare, 7).decide(request(("X", 1)), stock(BOTH, NAMES))


def test_the_profile_is_that_of_the_call_else_of_the_market_else_the_default() -> None:
    """The nearer to the order, the rather it decides."""
    names = ("asked", "market", "default")
    profiles = tuple(Profile(name=name, strategies=(strategy(name),)) for name in names)
    section = {"profiles": profiles, "default_profile": "default"}
    held = stock(BOTH, NAMES)
    plain = Profiles(network(TWO, [], sourcing=section), 7)
    own = Profiles(network(TWO, [], sourcing=section, market={"sourcing_profile": "market"}), 7)
    told = [
        plain.decide(request(("X", 1)), held),
        own.decide(request(("X", 1)), held),
        own.decide(request(("X", 1), profile="asked"), held),
    ]
    assert ["default", "market", "asked"] == [decision.profile for decision in told]
    assert ["default", "market", "asked"] == [decision.plan.strategy for decision in told]
    assert {7} == {decision.network_version for decision in told}


def test_days_are_those_whose_capacity_a_decision_may_need() -> None:
    """From the day before to a day after what any strategy looks ahead, by each local date."""
    places = [
        place("A", daily_capacity=5),
        place("TOKYO", daily_capacity=1, time_zone="Asia/Tokyo"),
        place("FREE"),
        place("OFF", daily_capacity=5, enabled=False),
    ]
    chosen = [strategy(constraints={"ship_within_days": days}) for days in (1, 3)]
    days = Profiles(network(places, chosen), 7).days(MARKET, NOON + 4 * 3_600_000)
    by_place = {name: [day for place_, day in days if place_ == name] for name, _ in days}
    june = [date(2026, 6, day) for day in range(9, 16)]
    assert {"A": june[:6], "TOKYO": june[1:]} == by_place
