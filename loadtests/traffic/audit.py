"""Was anything sold twice? The service checks itself, and its units are held against our books."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import grpc

from sellable.v1 import operations_pb2, reservations_pb2
from traffic.catalogue import NotPrepared, await_holds, units
from traffic.service import pipelined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from traffic.books import Books
    from traffic.catalogue import Catalogue, Units
    from traffic.service import Service

_VERIFY_S_MAX: Final = 600.0
_EXPIRY_S_MAX: Final = 5.0  # of a hold, beyond its own end
_SHOWN_MAX: Final = 10
_ORDERED: Final = frozenset(
    {
        reservations_pb2.RESERVATION_STATE_CONFIRMED,
        reservations_pb2.RESERVATION_STATE_FULFILLED,
    }
)


@dataclass(frozen=True)
class Verdict:
    """What the audit found.

    Attributes:
        sku_count: SKUs that were looked at.
        counted_units: Free when the run began, and brought by the feed since.
        sold_units: Of orders of this run.
        findings: Each in a sentence; none: everything is right.
    """

    sku_count: int
    counted_units: int
    sold_units: int
    findings: tuple[str, ...]

    def __str__(self) -> str:
        numbers = (
            f"{self.sku_count:,} SKUs, {self.counted_units:,} units counted in, "
            f"{self.sold_units:,} sold"
        )
        if not self.findings:
            return f"audit passed: {numbers}, every number agrees"
        shown = [f"  {finding}" for finding in self.findings[:_SHOWN_MAX]]
        if len(self.findings) > _SHOWN_MAX:
            shown.append(f"  and {len(self.findings) - _SHOWN_MAX:,} more")
        return "\n".join([f"AUDIT FAILED: {numbers}, {len(self.findings):,} findings:", *shown])


def audit(
    service: Service, catalogue: Catalogue, opening: Units, books: Books, hold_s: float
) -> Verdict:
    """Compare everything, once nothing is held any more.

    Args:
        service: To ask.
        catalogue: The SKUs of the load.
        opening: What the service had when the run began.
        books: Of all processes; confirmations in doubt are looked up and noted in them.
        hold_s: How long the holds of this run last.
    """
    findings = []
    if books.counts["unsettled"]:
        findings.append(f"{books.counts['unsettled']:,} calls of which nobody knows what they did")
    if books.counts["bookless"]:
        findings.append(f"{books.counts['bookless']:,} workers left without handing in their books")
    closing = opening
    try:
        await_holds(service, hold_s + _EXPIRY_S_MAX)
        _look_up(service, books)
        findings += _differences(service)
        closing = units(service, catalogue)
    except NotPrepared as reason:
        findings.append(str(reason))
    except grpc.RpcError as error:
        findings.append(f"the service does not answer: {error.code().name}: {error.details()}")
    else:
        findings += wrong_units(catalogue, opening, closing, books)
    free = sum(opening.on_hand) - sum(opening.reserved)
    return Verdict(
        sku_count=len(catalogue.numbers),
        counted_units=free + books.received.total(),
        sold_units=books.confirmed.total(),
        findings=tuple(findings),
    )


def _look_up(service: Service, books: Books) -> None:
    """Find out what became of confirmations that were not answered."""
    names = list(books.doubts)
    requests = (reservations_pb2.GetReservationRequest(reservation_id=name) for name in names)
    answers = pipelined(service.reservations.GetReservation, requests)
    for name, answer in zip(names, answers, strict=True):
        books.settled(name, confirmed=answer.state in _ORDERED)


def _differences(service: Service) -> Iterator[str]:
    """Let the service recompute every counter."""
    done = False
    for progress in service.operations.Verify(
        operations_pb2.VerifyRequest(), timeout=_VERIFY_S_MAX
    ):
        done = progress.done
        for found in progress.differences:
            yield (
                f"verify: {found.sku} {found.counter} is {found.stored_quantity}, "
                f"should be {found.recomputed_quantity}"
            )
    if not done:
        yield "verify: ended before it was done"


def wrong_units(
    catalogue: Catalogue, opening: Units, closing: Units, books: Books
) -> Iterator[str]:
    """Compare each SKU with the books."""
    for number in catalogue.numbers:
        name, sold, received = (
            catalogue.name(number),
            books.confirmed[number],
            books.received[number],
        )
        counted = opening.on_hand[number] - opening.reserved[number] + received
        if sold > counted:
            yield f"{name}: OVERSOLD: {sold} sold of {counted} counted in"
        if closing.overcommitted[number] or closing.on_hand[number] < closing.reserved[number]:
            yield (
                f"{name}: OVERSOLD: {closing.reserved[number]} reserved "
                f"of {closing.on_hand[number]} on hand"
            )
        reserved = opening.reserved[number] + sold
        if closing.reserved[number] != reserved:
            yield f"{name}: {closing.reserved[number]} reserved, by our books {reserved}"
        on_hand = opening.on_hand[number] + received
        if closing.on_hand[number] != on_hand:
            yield f"{name}: {closing.on_hand[number]} on hand, by our books {on_hand}"
