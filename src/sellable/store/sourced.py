"""Planned reservations on the store: what is read for a plan, and the scripts that carry it out.

A plan is carried out exactly or not at all. Where anything has less than planned, or the
reservation is not what was planned for, `LostRace` is raised, and nothing was changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from sellable import limits
from sellable.errors import (
    BugError,
    IdempotencyConflict,
    InvalidFields,
    ReservationClosed,
    ReservationExpired,
    UnknownMarket,
    UnknownReservation,
    UnknownSku,
    Violation,
)
from sellable.store.fingerprint import fingerprint, first_difference
from sellable.store.planned import (
    LostRace,
    Shortage,
    SourcedReservation,
    kept_plan,
    packed_capacities,
)
from sellable.store.reservations import decode_reservation
from sellable.store.runner import pack, raw
from sellable.store.sourcing_reads import Question, observe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from sellable.revision import Revisions
    from sellable.store.planned import (
        KeptPlan,
        Observed,
        PlannedHold,
        PlannedMove,
        Wanted,
    )
    from sellable.store.runner import Answer, Runner

_decode_shortages: Final = msgspec.msgpack.Decoder(list[Shortage]).decode


class Sourced:
    """The store side of sourcing, for one partition."""

    def __init__(self, runner: Runner, revisions: Revisions) -> None:
        self._runner = runner
        self._revisions = revisions

    async def observe(
        self,
        market: str,
        skus: Sequence[str],
        locations: Sequence[str],
        days: Sequence[tuple[str, date]],
        reservation_id: str = "",
    ) -> Observed:
        """Return what an order can be taken from, in one round trip where nothing is behind.

        Args:
            market: Whose numbers, `channel/country`.
            skus: Each once, at most 100.
            locations: Of the market, in the order in which the answer is to be.
            days: Locations and local dates whose daily capacity is asked for.
            reservation_id: One whose open units count as available to it; empty: none.

        Raises:
            UnknownMarket, UnknownReservation: As named.
            StoreUnavailable: The store is lost, or its network keeps changing.
        """
        question = Question(market, skus, locations, days, reservation_id)
        return await observe(self._runner, self._revisions, question)

    async def kept(self, reservation_id: str) -> KeptPlan | None:
        """Return what is kept beside a reservation; None where it has no plan and never had."""
        key = self._runner.partition.sourced(reservation_id)
        return kept_plan(await self._runner.connection.execute("HGETALL", key))

    async def reserve(self, planned: PlannedHold) -> SourcedReservation:
        """Hold exactly what is planned, or nothing; a repeat answers what is there.

        Raises:
            LostRace: Something has less than planned.
            IdempotencyConflict: The id was used with other content.
            UnknownMarket, UnknownSku: As named.
        """
        request = {
            "reservation_id": planned.reservation_id,
            "market": planned.market,
            "lines": planned.lines,
            "ttl_ms": planned.ttl_ms,
            "order_reference": planned.order_reference,
            "fingerprint": fingerprint(planned.content),
            "units": planned.units,
            "capacities": packed_capacities(planned.capacities),
            **_kept_fields(planned.wanted, planned.plan, planned.ship_by_ms),
        }
        answer = await self._runner.run_settled("reserve_planned", pack(request))
        match answer.outcome:
            case "HELD":
                return self._answered(answer)
            case "REPLAYED":
                known = decode_reservation(answer.packed).fingerprint
                return self._replayed(answer, planned.reservation_id, planned.content, known)
            case "LOST":
                raise LostRace(_decode_shortages(answer.packed))
            case "UNKNOWN_MARKET":
                raise UnknownMarket(planned.market)
            case "UNKNOWN_SKU":
                raise UnknownSku(answer.body)
        raise BugError(f"no answer for the outcome {answer.outcome}")

    async def rebind(self, planned: PlannedMove) -> SourcedReservation:
        """Move all open units of a reservation to where they are planned, or none.

        Raises:
            LostRace: The reservation is not as seen, or something has less than planned.
            IdempotencyConflict: The request id was used with other content.
            UnknownReservation, ReservationExpired, ReservationClosed, InvalidFields: As `transfer`.
        """
        request = {
            "reservation_id": planned.reservation_id,
            "request_id": planned.request_id,
            "fingerprint": fingerprint(planned.content),
            "seen": planned.seen,
            "units": planned.units,
            "capacities": packed_capacities(planned.capacities),
            "drops": planned.drops,
            "refusals": planned.refusals,
            "requests_max": limits.PARTIAL_OPERATIONS_PER_RESERVATION_MAX,
            "refused_max": limits.REFUSED_PER_RESERVATION_MAX,
            **_kept_fields(planned.wanted, planned.plan, planned.ship_by_ms),
        }
        answer = await self._runner.run_settled("rebind_planned", pack(request))
        match answer.outcome:
            case "DONE":
                return self._answered(answer)
            case "REPLAYED":
                known = decode_reservation(answer.packed).requests
                assert isinstance(known, dict)
                request_id = planned.request_id
                return self._replayed(answer, request_id, planned.content, known[request_id])
            case "LOST":
                raise LostRace(_decode_shortages(answer.packed))
            case "UNKNOWN_RESERVATION":
                raise UnknownReservation(planned.reservation_id)
            case "EXPIRED":
                raise ReservationExpired(planned.reservation_id)
            case "CLOSED":
                raise ReservationClosed(planned.reservation_id, answer.body)
            case "INVALID":
                raise InvalidFields(Violation(*answer.body))
        raise BugError(f"no answer for the outcome {answer.outcome}")

    async def escalate(self, reservation_id: str, cause: str, detail: str = "") -> bool:
        """Note that a person must decide about an order; return whether this call noted it.

        Once for each cause until the order is sourced anew.

        Raises:
            UnknownReservation: As named.
            ReservationClosed: Nothing of it is open.
        """
        request = pack(
            {
                "reservation_id": reservation_id,
                "cause": cause,
                "detail": detail,
                "causes_max": limits.ESCALATION_CAUSES_MAX,
            }
        )
        answer = await self._runner.run("escalate", request)
        match answer.outcome:
            case "DONE" | "REPLAYED":
                return answer.outcome == "DONE"
            case "UNKNOWN_RESERVATION":
                raise UnknownReservation(reservation_id)
            case "CLOSED":
                raise ReservationClosed(reservation_id, answer.body)
        raise BugError(f"no answer for the outcome {answer.outcome}")

    def _answered(self, answer: Answer, *, replayed: bool = False) -> SourcedReservation:
        return SourcedReservation(
            reservation=decode_reservation(answer.packed),
            kept=kept_plan(answer.raw[0]),
            revision=self._revisions.encode(answer.position),
            replayed=replayed,
        )

    def _replayed(
        self, answer: Answer, identifier: str, content: Mapping[str, object], known: str
    ) -> SourcedReservation:
        if field := first_difference(content, known):
            raise IdempotencyConflict(identifier, field)
        return self._answered(answer, replayed=True)


def _kept_fields(wanted: Wanted, plan: bytes, ship_by_ms: int) -> dict[str, object]:
    if len(plan) > limits.PLAN_BYTES_MAX:
        raise BugError(f"a plan of {len(plan)} bytes cannot be kept: {limits.PLAN_BYTES_MAX}")
    return {"wanted": raw(pack(wanted)), "plan": raw(plan), "ship_by_ms": ship_by_ms}
