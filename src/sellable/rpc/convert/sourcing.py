"""SourcingService: what a client asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sellable.dispatch.asked import Amount, AskedOrder, HoldAsked, Place, PlanAsked, RebindAsked
from sellable.geo import LATITUDE_MAX, LONGITUDE_MAX, Point
from sellable.limits import (
    ALLOCATIONS_PER_RESERVATION_MAX,
    MONEY_UNITS_MAX,
    NAME_BYTES_MAX,
    ORDER_REFERENCE_BYTES_MAX,
    POSTAL_CODE_BYTES_MAX,
    SOLVE_LIMIT_MS_MAX,
    SOLVE_LIMIT_MS_MIN,
    SOURCING_ALTERNATIVES_MAX,
    SOURCING_EXCLUDED_MAX,
)
from sellable.names import (
    channel_problem,
    country_problem,
    currency_problem,
    identifier_problem,
    location_problem,
)
from sellable.reservation import Part, Refusal
from sellable.rpc.convert.checks import Checks
from sellable.rpc.convert.lines import REFUSALS, lines_of, part_of, refusal_of
from sellable.rpc.convert.reservations import ttl_ms_of
from sellable.rpc.convert.times import duration_ms, observe_us

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

    from sellable.rpc.convert.reservations import TtlBounds
    from sellable.v1 import common_pb2, sourcing_pb2

_NANOS_MAX: Final = 999_999_999
_NOWHERE: Final = Place(country="")


class PlanBounds(NamedTuple):
    """What holds where a caller does not say: how long a plan is improved and a hold lasts."""

    solve_limit_ms: int
    ttl: TtlBounds


def source_order(request: sourcing_pb2.SourceOrderRequest, bounds: PlanBounds) -> PlanAsked:
    """Check what is to be planned."""
    checks = Checks()
    asked = _plan(checks, "", request, bounds)
    checks.number("alternatives", request.alternatives, 0, SOURCING_ALTERNATIVES_MAX)
    checks.optional_name("reservation_id", request.reservation_id, identifier_problem)
    checks.done()
    return asked


def source_and_reserve(
    request: sourcing_pb2.SourceAndReserveRequest, bounds: PlanBounds
) -> HoldAsked:
    """Check what is to be planned and held."""
    checks = Checks()
    checks.name("reservation_id", request.reservation_id, identifier_problem)
    source = request.source
    asked = _plan(checks, "source.", source, bounds)
    if source.HasField("at_time"):
        checks.refuse("source.at_time", "must be unset: what is held is held now")
    if source.alternatives:
        rule = "must be 0: a hold has one plan; SourceOrder with reservation_id tells runner-ups"
        checks.refuse("source.alternatives", rule)
    if source.explain:
        rule = "must be false: only the plan is kept; SourceOrder with reservation_id explains it"
        checks.refuse("source.explain", rule)
    if source.reservation_id:
        checks.refuse("source.reservation_id", "must be empty: reservation_id names the hold")
    ttl_ms = ttl_ms_of(checks, request.ttl if request.HasField("ttl") else None, bounds.ttl)
    checks.done()
    return HoldAsked(
        reservation_id=request.reservation_id,
        order=asked.order,
        profile=asked.profile,
        solve_limit_ms=asked.solve_limit_ms,
        ttl_ms=ttl_ms,
        allow_unfilled=request.allow_unfilled,
    )


def source_reservation(
    request: sourcing_pb2.SourceReservationRequest, bounds: PlanBounds
) -> RebindAsked:
    """Check what of a reservation is to be planned anew."""
    checks = Checks()
    checks.name("reservation_id", request.reservation_id, identifier_problem)
    checks.name("request_id", request.request_id, identifier_problem)
    refusals: tuple[Part, ...] = ()
    if checks.count("refusals", request.refusals, 0, ALLOCATIONS_PER_RESERVATION_MAX):
        refusals = tuple(
            _refusal(checks, f"refusals[{index}]", refusal)
            for index, refusal in enumerate(request.refusals)
        )
    if checks.count("excluded_locations", request.excluded_locations, 0, SOURCING_EXCLUDED_MAX):
        for index, location in enumerate(request.excluded_locations):
            checks.name(f"excluded_locations[{index}]", location, location_problem)
    place = None
    if request.HasField("destination"):
        place = _place(checks, "destination", request.destination)
    checks.optional_text("profile", request.profile, NAME_BYTES_MAX)
    promise = request.promise_time if request.HasField("promise_time") else None
    promise_ms = _time_ms(checks, "promise_time", promise)
    value = _value(checks, "value", request.value if request.HasField("value") else None)
    solve_limit_ms = _solve_limit_ms(checks, "solve_limit", request, bounds)
    checks.done()
    return RebindAsked(
        reservation_id=request.reservation_id,
        request_id=request.request_id,
        refusals=refusals,
        excluded=tuple(request.excluded_locations),
        place=place,
        profile=request.profile,
        promise_ms=promise_ms,
        value=value,
        solve_limit_ms=solve_limit_ms,
        allow_unfilled=request.allow_unfilled,
    )


def list_delivery_options(
    request: sourcing_pb2.ListDeliveryOptionsRequest, bounds: PlanBounds
) -> PlanAsked:
    """Check what is to be delivered where."""
    checks = Checks()
    market = checks.market(request.channel, request.country)
    place = _NOWHERE
    if request.HasField("destination"):
        place = _place(checks, "destination", request.destination)
    else:
        checks.refuse("destination", "is required")
    lines = lines_of(checks, "lines", request.lines)
    checks.optional_text("profile", request.profile, NAME_BYTES_MAX)
    checks.done()
    order = AskedOrder(market=market, lines=lines, place=place, path="")
    return PlanAsked(order=order, profile=request.profile, solve_limit_ms=bounds.solve_limit_ms)


def _plan(
    checks: Checks, path: str, request: sourcing_pb2.SourceOrderRequest, bounds: PlanBounds
) -> PlanAsked:
    order = _order(checks, f"{path}order", request.order)
    checks.optional_text(f"{path}profile", request.profile, NAME_BYTES_MAX)
    at = request.at_time if request.HasField("at_time") else None
    return PlanAsked(
        order=order,
        profile=request.profile,
        at_ms=_time_ms(checks, f"{path}at_time", at),
        alternatives=request.alternatives,
        explain=request.explain,
        solve_limit_ms=_solve_limit_ms(checks, f"{path}solve_limit", request, bounds),
        reservation_id=request.reservation_id,
    )


def _order(checks: Checks, path: str, order: sourcing_pb2.Order) -> AskedOrder:
    checks.optional_text(
        f"{path}.order_reference", order.order_reference, ORDER_REFERENCE_BYTES_MAX
    )
    checks.name(f"{path}.channel", order.channel, channel_problem)
    checks.name(f"{path}.country", order.country, country_problem)
    place = _NOWHERE
    if order.HasField("destination"):
        place = _place(checks, f"{path}.destination", order.destination)
    else:
        checks.refuse(f"{path}.destination", "is required")
    lines = lines_of(checks, f"{path}.lines", order.lines)
    promise = order.promise_time if order.HasField("promise_time") else None
    value = order.value if order.HasField("value") else None
    return AskedOrder(
        market=f"{order.channel}/{order.country}",
        lines=lines,
        place=place,
        order_reference=order.order_reference,
        promise_ms=_time_ms(checks, f"{path}.promise_time", promise),
        value=_value(checks, f"{path}.value", value),
        path=path,
    )


def _place(checks: Checks, path: str, destination: sourcing_pb2.Destination) -> Place:
    checks.name(f"{path}.country", destination.country, country_problem)
    postal_code = destination.postal_code
    checks.optional_text(f"{path}.postal_code", postal_code, POSTAL_CODE_BYTES_MAX)
    point = None
    if destination.HasField("point"):
        point = Point(destination.point.latitude, destination.point.longitude)
        checks.degrees(f"{path}.point.latitude", point.latitude, LATITUDE_MAX)
        checks.degrees(f"{path}.point.longitude", point.longitude, LONGITUDE_MAX)
    elif not postal_code:
        checks.refuse(f"{path}.postal_code", "is required where point is unset")
    return Place(country=destination.country, postal_code=postal_code, point=point, path=path)


def _value(checks: Checks, path: str, money: common_pb2.Money | None) -> Amount | None:
    if money is None:
        return None
    checks.name(f"{path}.currency_code", money.currency_code, currency_problem)
    checks.number(f"{path}.units", money.units, 0, MONEY_UNITS_MAX)
    checks.number(f"{path}.nanos", money.nanos, 0, _NANOS_MAX)
    micros = money.units * 1_000_000 + money.nanos // 1_000
    return Amount(currency=money.currency_code, micros=micros)


def _time_ms(checks: Checks, path: str, time: Timestamp | None) -> int:
    """Return a time in ms; None, and what lies before 1970, is unset."""
    return 0 if time is None else max(0, observe_us(checks, path, time) // 1_000)


def _solve_limit_ms(
    checks: Checks,
    path: str,
    request: sourcing_pb2.SourceOrderRequest | sourcing_pb2.SourceReservationRequest,
    bounds: PlanBounds,
) -> int:
    if not request.HasField("solve_limit"):
        return bounds.solve_limit_ms
    return duration_ms(checks, path, request.solve_limit, SOLVE_LIMIT_MS_MIN, SOLVE_LIMIT_MS_MAX)


def _refusal(checks: Checks, path: str, refusal: sourcing_pb2.Refusal) -> Part:
    if not refusal.quantity.location:
        checks.refuse(f"{path}.quantity.location", "is required: it is the one that refuses")
    reason = refusal_of(checks, f"{path}.reason", refusal.reason)
    if reason is Refusal.NONE and refusal.reason in REFUSALS:
        checks.refuse(f"{path}.reason", f"is required: one of {', '.join(filter(None, Refusal))}")
    return part_of(checks, f"{path}.quantity", refusal.quantity, waiting=False, refusal=reason)
