"""`sellable sourcing plan`: which location ships what of an order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.text import Text

from sellable.cli.client import Service
from sellable.cli.failure import Failure
from sellable.cli.message_file import read_message
from sellable.cli.picture import check_picture
from sellable.cli.rejections import rejections_view
from sellable.cli.reservations import duration
from sellable.cli.sourcing_arguments import (
    AllowUnfilled,
    Alternatives,
    At,
    Counting,
    Each,
    Explain,
    OrderFile,
    Picture,
    Profile,
    Reserve,
    SolveLimit,
    Ttl,
)
from sellable.cli.sourcing_map import Planned, draw_plan
from sellable.cli.sourcing_reservation import held_answer
from sellable.cli.sourcing_values import plan_value, rejection_value
from sellable.cli.sourcing_view import Told, plan_view, runner_ups, size_of
from sellable.cli.terminal import Answer
from sellable.cli.typed import timestamp
from sellable.cli.whereabouts import Whereabouts
from sellable.geo import Point
from sellable.v1.sourcing_pb2 import (
    Order,
    SourceAndReserveRequest,
    SourceOrderRequest,
    SourceOrderResponse,
)

if TYPE_CHECKING:
    from rich.console import RenderableType


def plan_command(
    service: Service,
    order: OrderFile,
    *,
    profile: Profile = "",
    at: At = "",
    alternatives: Alternatives = 0,
    explain: Explain = False,
    everything: Each = False,
    reservation: Counting = "",
    solve_limit: SolveLimit = "",
    picture: Picture = None,
    reserve: Reserve = "",
    ttl: Ttl = "",
    allow_unfilled: AllowUnfilled = False,
) -> Answer:
    """Say which locations ship an order best, when, at what cost, and why.

    Nothing is taken, unless --reserve holds what is planned.

    Examples:
      sellable sourcing plan order.json
      sellable sourcing plan order.json --alternatives 3 --explain
      sellable sourcing plan order.json --at 2026-12-01 --map plan.png
      sellable sourcing plan order.json --reserve cart-7 --ttl 30m
    """
    _check_together(
        {"--ttl": ttl, "--allow-unfilled": allow_unfilled}, needs="--reserve", given=reserve
    )
    _check_together({"--all": everything}, needs="--explain", given=explain)
    if reserve:
        _check_alone(
            {
                "--at": at,
                "--alternatives": alternatives,
                "--explain": explain,
                "--reservation": reservation,
            }
        )
    check_picture(picture)
    request = SourceOrderRequest(
        order=read_message(order, Order(), "order"),
        profile=profile,
        at_time=timestamp(at, "--at") if at else None,
        alternatives=alternatives,
        # A picture has the other locations with their reasons.
        explain=explain or (picture is not None and not reserve),
        solve_limit=duration(solve_limit, "--solve-limit"),
        reservation_id=reservation,
    )
    if reserve:
        lasts = duration(ttl, "--ttl")
        holding = SourceAndReserveRequest(
            reservation_id=reserve, source=request, ttl=lasts, allow_unfilled=allow_unfilled
        )
        return _reserved(service, holding, picture)
    return _planned(service, request, picture, explain=explain, each=everything)


def _check_together(options: dict[str, object], *, needs: str, given: object) -> None:
    for name, value in options.items():
        if value and not given:
            raise typer.BadParameter(f"goes with {needs}", param_hint=name)


def _check_alone(options: dict[str, object]) -> None:
    for name, value in options.items():
        if value:
            raise typer.BadParameter("does not go with --reserve", param_hint=name)


def _planned(
    service: Service,
    request: SourceOrderRequest,
    picture: Path | None,
    *,
    explain: bool,
    each: bool,
) -> Answer:
    answer = service.call(service.sourcing.SourceOrder, request)
    goes_to = _point(answer)
    value: dict[str, Any] = {
        "plan": plan_value(answer.plan),
        "alternatives": [plan_value(plan) for plan in answer.alternatives],
        "rejections": [rejection_value(rejection) for rejection in answer.rejections],
        "profile": answer.profile,
        "network_version": answer.network_version,
        "destination_point": None if goes_to is None else asdict(goes_to),
    }
    view = chain(
        _view(service, answer, request.order),
        runner_ups(answer.plan, answer.alternatives),
        rejections_view(answer.rejections, each=each) if explain else (),
    )
    if picture is None:
        return Answer(value, view)
    planned = Planned(request.order, answer.plan, answer.rejections, goes_to)
    draw_plan(service, planned, picture)
    return Answer(value | {"map": str(picture)}, view, notes=[Text(f"drawn into {picture}")])


def _point(answer: SourceOrderResponse) -> Point | None:
    point = answer.destination_point
    given = answer.HasField("destination_point")  # not by an older service
    return Point(point.latitude, point.longitude) if given else None


def _view(service: Service, answer: SourceOrderResponse, order: Order) -> Iterator[RenderableType]:
    # Where the locations are is asked only here, as scripts do not need it.
    country = order.destination.country
    told = Told(answer.profile, answer.network_version, Whereabouts.if_known(service), country)
    name = order.order_reference or f"{order.channel}/{order.country}"
    title = Text.assemble((name, "bold"), f": {size_of(answer.plan)}")
    return plan_view(answer.plan, title, told)


def _reserved(service: Service, request: SourceAndReserveRequest, picture: Path | None) -> Answer:
    answer = service.call(service.sourcing.SourceAndReserve, request, again="")
    order = request.source.order
    made = held_answer(service, answer, order.destination.country)
    if picture is None:
        return made
    try:
        draw_plan(service, Planned(order, answer.plan), picture)
    except Failure as failure:  # what is held is held, and is to be told
        return made._replace(notes=[Text(f"not drawn: {failure.message}", style="yellow")])
    return made._replace(
        value=made.value | {"map": str(picture)}, notes=[Text(f"drawn into {picture}")]
    )
