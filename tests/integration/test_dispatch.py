"""The use cases of sourcing on a real store: what is read, how often it is planned, and counted."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from copy import copy
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pytest

from sellable.dispatch.asked import AskedOrder, HoldAsked, Place, PlanAsked
from sellable.errors import InsufficientStock, NoFeasiblePlan
from sellable.geo import Point
from sellable.limits import SOURCING_ATTEMPTS_MAX
from sellable.metrics import process as metrics
from sellable.registrations import dispatch_of
from sellable.reservation import Line
from sellable.settings import load_settings
from support.client import Want
from support.service import service
from support.sourcing import FR, hold, network

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sellable.dispatch.dispatch import Dispatch
    from sellable.store.planned import PlannedHold, SourcedReservation
    from support.client import Client

PARIS: Final = ZoneInfo("Europe/Paris")
LYON: Final = Place(country="FR", point=Point(45.76, 4.84))


def order(sku: str = "A", quantity: int = 1) -> AskedOrder:
    """Ask for one line to Lyon."""
    return AskedOrder(market=FR, lines=(Line(sku=sku, quantity=quantity),), place=LYON)


def asked(reservation_id: str, quantity: int = 1) -> HoldAsked:
    """Ask for a hold."""
    return HoldAsked(
        reservation_id=reservation_id,
        order=order(quantity=quantity),
        solve_limit_ms=200,
        ttl_ms=60_000,
    )


@asynccontextmanager
async def dispatching(
    store_url: str, *, now_ms: list[int] | None = None, **of_network: Any
) -> AsyncIterator[tuple[Dispatch, Client]]:
    """Give the use cases over a store with stock, and a client of the same store."""
    async with service(store_url, now_ms=now_ms) as one:
        await one.client.apply_network(network(split_lines=False, **of_network))
        for location, quantity in (("NEAR", 2), ("DC", 5)):
            await one.client.count("A", location, quantity)
        dispatch = dispatch_of(one.store, load_settings(store=store_url), None)
        dispatch._sourced = copy(one.store.sourced)  # faults planted here are not the service's
        yield dispatch, one.client


def counted(dispatch: Dispatch) -> dict[tuple[str, ...], float]:
    """Return the metrics of sourcing that are numbers."""
    return {
        (one.family, *one.labels): one.values[0]
        for one in metrics.sourcing(dispatch)
        if len(one.values) == 1
    }


async def test_lost_race_is_planned_again_on_the_new_numbers(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one takes the units between plan and hold: the next plan goes elsewhere."""
    async with dispatching(store_url) as (dispatch, client):
        reserve = dispatch._sourced.reserve
        others = iter([Want("A", 2, location="NEAR")])

        async def later(planned: PlannedHold) -> SourcedReservation:
            for want in others:
                await client.reserve("others", FR, want)
            return await reserve(planned)

        monkeypatch.setattr(dispatch._sourced, "reserve", later)
        held = await dispatch.source_and_reserve(asked("cart", 2))
        assert (2, ["DC"]) == (held.attempts, [one.location for one in held.plan.assignments])
        found = counted(dispatch)
        assert (2, 1) == (
            sum(value for key, value in found.items() if key[0] == "sellable_plans"),
            found["sellable_plan_races_lost",],
        )
        assert [0, 1, 0, 0, 0, 0] == dispatch.tally.attempts.counts
        assert [] == await client.differences()


async def test_who_always_loses_is_told_what_was_lacking(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the last plan the answer is a refusal that names the line, and nothing is held."""
    async with dispatching(store_url) as (dispatch, client):
        reserve, count = dispatch._sourced.reserve, 0

        async def too_late(planned: PlannedHold) -> SourcedReservation:
            nonlocal count
            count += 1
            place = planned.units[0].location
            await client.reserve(f"others-{count}", FR, Want("A", 2, location=place))
            try:
                return await reserve(planned)
            finally:
                await client.release(f"others-{count}")

        monkeypatch.setattr(dispatch._sourced, "reserve", too_late)
        with pytest.raises(InsufficientStock) as refused:
            await dispatch.source_and_reserve(asked("cart", 2))
        (line,) = refused.value.lines
        assert ("A", 2, 0) == (line.sku, line.requested_quantity, line.sellable_quantity)
        assert count == SOURCING_ATTEMPTS_MAX == dispatch.tally.lost
        assert [7] == await client.sellable(FR, "A")


async def test_who_always_loses_the_last_capacity_is_told_so(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day that others take each time is no missing stock."""
    capacities = {"NEAR": 1, "DC": 1}
    async with dispatching(store_url, capacities=capacities, ship_within_days=0) as (
        dispatch,
        client,
    ):
        reserve, count = dispatch._sourced.reserve, 0

        async def too_late(planned: PlannedHold) -> SourcedReservation:
            nonlocal count
            count += 1
            await hold(client, f"others-{count}", Want("A"))
            try:
                return await reserve(planned)
            finally:
                await client.release(f"others-{count}")

        monkeypatch.setattr(dispatch._sourced, "reserve", too_late)
        with pytest.raises(NoFeasiblePlan) as refused:
            await dispatch.source_and_reserve(asked("cart"))
        assert ["capacity"] == [line.constraint for line in refused.value.lines]
        assert [] == await client.differences()


async def test_days_are_those_of_the_stores_clock(store_url: str) -> None:
    """Whose day it is, the store says: over midnight another day's capacity is asked for."""
    tomorrow = datetime.now(PARIS).date() + timedelta(days=1)
    midnight_ms = int(datetime.combine(tomorrow, time(), PARIS).timestamp()) * 1_000
    now_ms = [midnight_ms - 1_000]
    capacities = {"NEAR": 1, "DC": 1}
    async with dispatching(store_url, now_ms=now_ms, capacities=capacities, ship_within_days=0) as (
        dispatch,
        _,
    ):
        places = [
            (await dispatch.source_and_reserve(asked(f"cart-{at}"))).plan.shipments[0].location
            for at in range(2)
        ]
        with pytest.raises(NoFeasiblePlan):
            await dispatch.source_and_reserve(asked("cart-2"))
        now_ms[0] = midnight_ms
        held = await dispatch.source_and_reserve(asked("cart-2"))
        assert (["NEAR", "DC"], "NEAR") == (places, held.plan.shipments[0].location)


async def test_plans_at_once_share_what_is_prepared(store_url: str) -> None:
    """Many first calls compile the network once, and all are answered."""
    async with dispatching(store_url) as (dispatch, _):
        plan = PlanAsked(order=order(), solve_limit_ms=200)
        answers = await asyncio.gather(*(dispatch.source_order(plan) for _ in range(20)))
        assert 1 == len({answer.decision.plan.assignments for answer in answers})
        assert 1 == len(dispatch._reading.versions._known)
