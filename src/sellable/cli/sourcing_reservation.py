"""`sellable sourcing reservation`: units that are held already, planned anew."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.text import Text

from sellable.cli.client import Service
from sellable.cli.failure import Failure
from sellable.cli.lifecycle import Refusal
from sellable.cli.message_file import read_message
from sellable.cli.reservations import ReservationId, duration
from sellable.cli.show import reservation_view
from sellable.cli.sourcing_arguments import Profile, SolveLimit
from sellable.cli.sourcing_values import plan_value
from sellable.cli.sourcing_view import Told, counted, plan_view, size_of
from sellable.cli.terminal import Answer
from sellable.cli.typed import part
from sellable.cli.values import reservation_value
from sellable.cli.whereabouts import Whereabouts
from sellable.v1.reservations_pb2 import QuantityAt, RefusalReason
from sellable.v1.sourcing_pb2 import Order, SourceReservationRequest
from sellable.v1.sourcing_pb2 import Refusal as RefusedUnits

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sellable.v1.sourcing_pb2 import SourceAndReserveResponse, SourceReservationResponse

    Held = SourceAndReserveResponse | SourceReservationResponse

_REFUSED: Final = "LINE@LOCATION=QTY:REASON"
_REFUSED_SKU: Final = "SKU@LOCATION=QTY:REASON"


def reservation_command(
    service: Service,
    reservation: ReservationId,
    *,
    refuse: Annotated[
        list[str] | None,
        typer.Option(
            metavar=_REFUSED,
            help=f"units that a location does not deliver; reasons are {', '.join(Refusal)}",
        ),
    ] = None,
    refuse_sku: Annotated[
        list[str] | None,
        typer.Option(metavar=_REFUSED_SKU, help="the same of lines that have no id"),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="LOCATION", help="may ship nothing of this plan")
    ] = None,
    order: Annotated[
        Path | None,
        typer.Option(
            metavar="ORDER.json",
            help="takes its destination, promise and value",
            show_default="as it was sourced before",
        ),
    ] = None,
    allow_unfilled: Annotated[
        bool, typer.Option("--allow-unfilled", help="give back units that no location can have")
    ] = False,
    profile: Profile = "",
    solve_limit: SolveLimit = "",
    request_id: Annotated[
        str | None, typer.Option(help="makes a repeat count once", show_default="a new one")
    ] = None,
) -> Answer:
    """Plan what a reservation still has open anew, and move it there.

    Examples:
      sellable sourcing reservation cart-7 --order order.json
      sellable sourcing reservation cart-7 --refuse 1@DC-PARIS=2:not-found
      sellable sourcing reservation cart-7 --exclude STORE-LYON --request-id r1
    """
    known = read_message(order, Order(), "order") if order else Order()
    request = SourceReservationRequest(
        reservation_id=reservation,
        refusals=[
            *(_refusal(text, "--refuse") for text in refuse or ()),
            *(_refusal(text, "--refuse-sku") for text in refuse_sku or ()),
        ],
        excluded_locations=exclude or (),
        request_id=request_id or str(uuid.uuid4()),
        allow_unfilled=allow_unfilled,
        profile=profile,
        solve_limit=duration(solve_limit, "--solve-limit"),
    )
    for field in ("destination", "promise_time", "value"):
        if known.HasField(field):
            getattr(request, field).CopyFrom(getattr(known, field))
    answer = _sourced(service, request, has_order=order is not None)
    return held_answer(service, answer, known.destination.country)


def _sourced(
    service: Service, request: SourceReservationRequest, *, has_order: bool
) -> SourceReservationResponse:
    try:
        return service.call(
            service.sourcing.SourceReservation, request, again=f"--request-id {request.request_id}"
        )
    except Failure as failure:
        fields = [violation["field"] for violation in failure.details.get("violations", ())]
        if "destination" in fields and not has_order:
            failure.hint = "--order ORDER.json says where it goes"
        raise


def _refusal(text: str, option: str) -> RefusedUnits:
    """Read `LINE@LOCATION=QTY:REASON`, or the same of a SKU."""
    form, name_of = (_REFUSED, "1") if option == "--refuse" else (_REFUSED_SKU, "85123A")
    rest, _, reason = text.rpartition(":")
    name, at, last = rest.rpartition("@")
    location, equals, quantity = last.rpartition("=")
    if not (name and at and location and equals):
        raise typer.BadParameter(
            f"{text!r} is not {form}, e.g. {name_of}@DC-PARIS=2:not-found", param_hint=option
        )
    if reason.lower() not in list(Refusal):
        raise typer.BadParameter(
            f"the reason of {text!r} is none of {', '.join(Refusal)}", param_hint=option
        )
    units = part(f"{name}={quantity}@{location}", option)
    named = {"line_id" if option == "--refuse" else "sku": units.name}
    return RefusedUnits(
        quantity=QuantityAt(**named, quantity=units.quantity, location=units.location),
        reason=RefusalReason.Value(f"REFUSAL_REASON_{Refusal(reason.lower()).name}"),
    )


def held_answer(service: Service, answer: Held, country: str) -> Answer:
    """Answer a reservation with its plan.

    Args:
        service: Asked where the locations are, if people read it.
        answer: Of a call that reserves what it plans.
        country: Of the destination; empty if it is not known.
    """
    value = {
        "plan": plan_value(answer.plan),
        "reservation": reservation_value(answer.reservation),
        "attempts": answer.attempts,
        "revision": answer.revision,
        "replayed": answer.replayed,
        "profile": answer.profile,
        "network_version": answer.network_version,
    }
    return Answer(value, _view(service, answer, country))


def _view(service: Service, answer: Held, country: str) -> Iterator[RenderableType]:
    title = Text.assemble((answer.reservation.reservation_id, "bold"), f": {size_of(answer.plan)}")
    whereabouts = Whereabouts.if_known(service)
    told = Told(answer.profile, answer.network_version, whereabouts, country)
    yield from plan_view(answer.plan, title, told)
    yield Text("")
    yield from reservation_view(answer.reservation)
    if answer.replayed:
        yield Text(
            "known already: this is the plan as it was and the reservation as it is now, nothing "
            "was changed",
            style="yellow",
        )
    elif answer.attempts > 1:
        yield Text(f"planned {counted(answer.attempts, 'time')}, as stock went meanwhile")
