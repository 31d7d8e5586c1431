"""AvailabilityService: queries and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sellable.limits import SKUS_PER_CALL_MAX
from sellable.names import (
    location_problem,
    sku_problem,
    skus_are_plain,
)
from sellable.rpc.convert.checks import Checks, known_market
from sellable.rpc.convert.times import time_of_ms, time_of_us
from sellable.v1 import availability_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sellable.stock import Availability


class Query(NamedTuple):
    """Which SKUs of which market; `at_least_revision` empty means fresh, as every read is."""

    market: str
    skus: list[str]
    at_least_revision: str
    location: str = ""


class SkuQuery(NamedTuple):
    """One SKU in every market."""

    sku: str
    at_least_revision: str


def check_sellable(request: availability_pb2.CheckSellableRequest) -> Query:
    """Check the query of the hot path."""
    channel, country, skus = request.channel, request.country, list(request.skus)
    market = known_market(channel, country)
    if market is None or not 0 < len(skus) <= SKUS_PER_CALL_MAX or not skus_are_plain(skus):
        checks = Checks()
        market = checks.market(channel, country)
        _check_skus(checks, skus)
        checks.done()
    return Query(market, skus, _at_least_revision(request))


def check_availability(request: availability_pb2.CheckAvailabilityRequest) -> Query:
    """Check the query of the rich answer."""
    checks = Checks()
    market = checks.market(request.channel, request.country)
    skus = list(request.skus)
    _check_skus(checks, skus)
    checks.optional_name("location", request.location, location_problem)
    checks.done()
    return Query(market, skus, _at_least_revision(request), request.location)


def get_availability(request: availability_pb2.GetAvailabilityRequest) -> SkuQuery:
    """Check the query of one SKU."""
    checks = Checks()
    checks.name("sku", request.sku, sku_problem)
    checks.done()
    return SkuQuery(request.sku, _at_least_revision(request))


def check_sellable_response(
    quantities: Sequence[int], revision: str
) -> availability_pb2.CheckSellableResponse:
    """Answer numbers in the order of the query."""
    return availability_pb2.CheckSellableResponse(sellable_quantities=quantities, revision=revision)


def check_availability_response(
    items: Iterable[Availability], revision: str
) -> availability_pb2.CheckAvailabilityResponse:
    """Answer items in the order of the query."""
    return availability_pb2.CheckAvailabilityResponse(items=map(item, items), revision=revision)


def get_availability_response(
    markets: Iterable[Availability], revision: str
) -> availability_pb2.GetAvailabilityResponse:
    """Answer the markets that have a position, by channel and country."""
    known = sorted(
        (market for market in markets if market.sellable >= 0),
        key=lambda market: market.market.split("/"),
    )
    return availability_pb2.GetAvailabilityResponse(markets=map(item, known), revision=revision)


def item(value: Availability) -> availability_pb2.Availability:
    """Answer one SKU in one market, with the word for its number."""
    channel, _, country = value.market.partition("/")
    return availability_pb2.Availability(
        sku=value.sku,
        channel=channel,
        country=country,
        sellable_quantity=max(0, value.sellable),
        status=status_of(value.sellable, value.low_stock_threshold, value.future),
        next_available_time=time_of_ms(value.next_available_ms),
        future_quantity=value.future,
        oldest_observe_time=time_of_us(value.oldest_observe_us),
    )


def status_of(
    sellable: int, low_stock_threshold: int, future: int = 0
) -> availability_pb2.StockStatus.ValueType:
    """Return the word for a number; `future` units are expected beyond it."""
    if sellable < 0:
        return availability_pb2.STOCK_STATUS_UNKNOWN
    if sellable == 0 and future > 0:
        return availability_pb2.STOCK_STATUS_BACKORDER
    if sellable == 0:
        return availability_pb2.STOCK_STATUS_OUT_OF_STOCK
    if sellable <= low_stock_threshold:
        return availability_pb2.STOCK_STATUS_LOW_STOCK
    return availability_pb2.STOCK_STATUS_IN_STOCK


def _check_skus(checks: Checks, skus: Sequence[str]) -> None:
    if checks.count("skus", skus, 1, SKUS_PER_CALL_MAX) and not skus_are_plain(skus):
        for index, sku in enumerate(skus):
            checks.name(f"skus[{index}]", sku, sku_problem)


def _at_least_revision(
    request: availability_pb2.CheckSellableRequest
    | availability_pb2.CheckAvailabilityRequest
    | availability_pb2.GetAvailabilityRequest,
) -> str:
    # Reading an absent message creates one, which the hot path does not pay for.
    if not request.HasField("consistency"):
        return ""
    return request.consistency.at_least_revision
