"""Reservations on the store: each call is one script, and its refusals become errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from sellable import limits
from sellable.errors import (
    BugError,
    IdempotencyConflict,
    InsufficientStock,
    InvalidFields,
    LocationNotInMarket,
    ReservationClosed,
    ReservationExpired,
    ShortLine,
    UnknownLocation,
    UnknownMarket,
    UnknownReservation,
    UnknownSku,
    Violation,
)
from sellable.names import is_capacity
from sellable.reservation import Refusal, Reservation, Reserved, ReserveRequest
from sellable.store.fingerprint import fingerprint, first_difference
from sellable.store.runner import pack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sellable.errors import SellableError
    from sellable.reservation import Line, Part
    from sellable.revision import Revisions
    from sellable.store.runner import Answer, Runner


class KeptReservation(Reservation, frozen=True, kw_only=True):
    """A reservation with what only its repeats need."""

    fingerprint: str
    requests: dict[str, str] | list[str]  # an empty Lua table arrives as an empty list
    number: int
    ship_by_ms: int | None = None  # of one with a plan, which may hold daily capacities

    def without_capacities(self) -> KeptReservation:
        """Return it as clients see it: what it holds of daily capacities is the store's own."""
        lines = tuple(line for line in self.lines if not is_capacity(line.sku))
        return msgspec.structs.replace(self, lines=lines)


_decode_kept: Final = msgspec.msgpack.Decoder(KeptReservation).decode


def decode_reservation(packed: bytes) -> KeptReservation:
    """Read a reservation as the scripts answer it, for clients to see."""
    kept = _decode_kept(packed)
    return kept if kept.ship_by_ms is None else kept.without_capacities()


_decode_page: Final = msgspec.msgpack.Decoder(list[KeptReservation]).decode


class Reservations:
    """Every call on reservations, for one partition."""

    def __init__(self, runner: Runner, revisions: Revisions) -> None:
        self._runner = runner
        self._revisions = revisions

    async def reserve(self, request: ReserveRequest) -> Reserved:
        """Hold the units of every line or of none; `request.ttl_ms` is resolved by the caller.

        Raises:
            InsufficientStock: Naming every short line.
            IdempotencyConflict: The id was used with other content.
            UnknownMarket, UnknownLocation, UnknownSku, LocationNotInMarket: As named.
            UnknownReservation, ReservationClosed, InvalidFields: Of the one to be replaced.
        """
        fields = _reserve_fields(request)
        packed = pack(
            {
                **msgspec.structs.asdict(request),
                "fingerprint": fingerprint(fields),
                "allocations_max": limits.ALLOCATIONS_PER_RESERVATION_MAX,
            }
        )
        answer = await self._runner.run_settled("reserve", packed)
        if answer.outcome == "REPLAYED":
            kept = decode_reservation(answer.packed)
            if field := first_difference(fields, kept.fingerprint):
                raise IdempotencyConflict(request.reservation_id, field)
            return self._reserved(answer, replayed=True)
        if answer.outcome == "HELD":
            return self._reserved(answer)
        raise _reserve_refusal(answer, request)

    async def extend(self, reservation_id: str, ttl_ms: int) -> Reserved:
        """Move the expiry of a hold to `ttl_ms` from now."""
        request = pack({"reservation_id": reservation_id, "ttl_ms": ttl_ms})
        return self._done(await self._runner.run("extend", request), reservation_id)

    async def confirm(self, reservation_id: str, order_reference: str = "") -> Reserved:
        """Make a hold an order; a late one takes its units again or answers ReservationExpired."""
        request = pack(
            {
                "reservation_id": reservation_id,
                "order_reference": order_reference,
                "allocations_max": limits.ALLOCATIONS_PER_RESERVATION_MAX,
            }
        )
        answer = await self._runner.run_settled("confirm", request)
        if answer.outcome == "OTHER_ORDER":
            raise IdempotencyConflict(reservation_id, "order_reference")
        return self._done(answer, reservation_id)

    async def release(
        self,
        reservation_id: str,
        parts: Sequence[Part] = (),
        *,
        request_id: str = "",
        refusal: Refusal = Refusal.NONE,
    ) -> Reserved:
        """Give back everything that is open, or the named parts (then with a request id)."""
        fields = {"request_id": "release", "quantities": parts, "refusal_reason": refusal}
        request = _partial(reservation_id, request_id, fields, parts, refusal=refusal)
        answer = await self._runner.run("release", pack(request))
        return self._done(answer, reservation_id, request_id, fields)

    async def fulfil(
        self,
        reservation_id: str,
        parts: Sequence[Part] = (),
        *,
        request_id: str = "",
        observe_us: int = 0,
        source: str = "",
        future_tolerance_ms: int = limits.FUTURE_TOLERANCE_MS_DEFAULT,
    ) -> Reserved:
        """Note that goods left: everything, or the named parts. `observe_us` 0 means now."""
        fields = {
            "request_id": "fulfil",
            "quantities": parts,
            "observe_time": observe_us,
            "source": source,
        }
        request = _partial(
            reservation_id,
            request_id,
            fields,
            parts,
            observe_us=observe_us,
            source=source,
            future_tolerance_ms=future_tolerance_ms,
        )
        answer = await self._runner.run("fulfil", pack(request))
        return self._done(answer, reservation_id, request_id, fields)

    async def transfer(
        self, reservation_id: str, parts: Sequence[Part], *, request_id: str
    ) -> Reserved:
        """Move parts to other locations of the market, all or none."""
        fields = {"request_id": "transfer", "moves": parts}
        request = _partial(reservation_id, request_id, fields, parts)
        answer = await self._runner.run_settled("transfer", pack(request))
        if answer.outcome == "SHORT":
            short = answer.body
            raise InsufficientStock(
                *(
                    ShortLine(parts[at].line_id, parts[at].sku, parts[at].quantity, free)
                    for at, free in zip(short[::2], short[1::2], strict=True)
                )
            )
        return self._done(answer, reservation_id, request_id, fields)

    async def get(self, reservation_id: str) -> Reservation:
        """Return a reservation as it is now.

        Raises:
            UnknownReservation: It was never made, or is past its retention.
        """
        answer = await self._runner.run("get_reservation", reservation_id)
        return self._done(answer, reservation_id).reservation

    async def page(self, index: str, after: int, count: int) -> list[tuple[int, Reservation]]:
        """Return up to `count` (at most 100) reservations of an index, each with its number."""
        answer = await self._runner.run("list_reservations", index, after, count)
        return [
            (kept.number, kept if kept.ship_by_ms is None else kept.without_capacities())
            for kept in _decode_page(answer.packed)
        ]

    def _reserved(self, answer: Answer, *, replayed: bool = False) -> Reserved:
        return Reserved(
            reservation=decode_reservation(answer.packed),
            revision=self._revisions.encode(answer.position),
            replayed=replayed,
        )

    def _done(
        self,
        answer: Answer,
        reservation_id: str,
        request_id: str = "",
        fields: Mapping[str, object] | None = None,
    ) -> Reserved:
        if answer.outcome == "REPLAYED":
            requests = decode_reservation(answer.packed).requests
            assert fields is not None
            assert isinstance(requests, dict)
            if field := first_difference(fields, requests[request_id]):
                raise IdempotencyConflict(request_id, field)
            return self._reserved(answer, replayed=True)
        if answer.outcome == "DONE":
            return self._reserved(answer)
        raise _refusal(answer, reservation_id)


def _partial(
    reservation_id: str,
    request_id: str,
    fields: Mapping[str, object],
    parts: Sequence[Part],
    **more: object,
) -> dict[str, object]:
    return {
        "reservation_id": reservation_id,
        "request_id": request_id,
        "fingerprint": fingerprint(fields),
        "parts": parts,
        "requests_max": limits.PARTIAL_OPERATIONS_PER_RESERVATION_MAX,
        **more,
    }


def _reserve_fields(request: ReserveRequest) -> dict[str, object]:
    channel, country = request.market.split("/")
    fields: dict[str, object] = {
        "channel": channel,
        "country": country,
        "ttl": request.ttl_ms,
        "order_reference": request.order_reference,
        "allow_partial": request.allow_partial,
        "replaces_reservation_id": request.replaces_reservation_id,
        "accept_backorder_until": request.accept_backorder_until_ms,
    }
    return fields | {f"lines[{at}]": line for at, line in enumerate(request.lines)}


def _reserve_refusal(answer: Answer, request: ReserveRequest) -> SellableError:
    replaced = "replaces_reservation_id"
    refusals: dict[str, Any] = {
        "UNKNOWN_MARKET": lambda _: UnknownMarket(request.market),
        "UNKNOWN_LOCATION": UnknownLocation,
        "UNKNOWN_SKU": UnknownSku,
        "UNKNOWN_RESERVATION": UnknownReservation,
        "OTHER_MARKET": lambda market: InvalidFields(
            Violation(replaced, f"a reservation of {request.market}; this one is of {market}")
        ),
        "LOCATION_NOT_IN_MARKET": lambda name: LocationNotInMarket(name, request.market),
        "CLOSED": lambda state: ReservationClosed(request.replaces_reservation_id, state),
        "SHORT": lambda short: _insufficient(request.lines, short),
    }
    refusal: SellableError = refusals[answer.outcome](answer.body)
    return refusal


def _insufficient(lines: Sequence[Line], short: Sequence[int]) -> InsufficientStock:
    return InsufficientStock(
        *(
            ShortLine(lines[at].line_id, lines[at].sku, lines[at].quantity, quantity)
            for at, quantity in zip(short[::2], short[1::2], strict=True)
        )
    )


def _refusal(answer: Answer, reservation_id: str) -> SellableError:
    match answer.outcome:
        case "UNKNOWN_RESERVATION":
            return UnknownReservation(reservation_id)
        case "UNKNOWN_LOCATION":
            return UnknownLocation(answer.body)
        case "LOCATION_NOT_IN_MARKET":
            return LocationNotInMarket(*answer.body)
        case "EXPIRED":
            return ReservationExpired(reservation_id)
        case "CLOSED":
            return ReservationClosed(reservation_id, answer.body)
        case "INVALID":
            return InvalidFields(Violation(*answer.body))
    return BugError(f"no refusal for the outcome {answer.outcome}")
