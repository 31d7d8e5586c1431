"""What is asked: bodies over all SKUs, in an order without a pattern, none twice in a round."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sellable.v1 import availability_pb2, common_pb2, reservations_pb2
from speed.stock import CHANNEL, COUNTRY, sku

if TYPE_CHECKING:
    from collections.abc import Sequence

_AVAILABILITY = "/sellable.v1.AvailabilityService"
_RESERVATIONS = "/sellable.v1.ReservationService"
OK, REFUSED = "0", "9"  # FAILED_PRECONDITION, which says INSUFFICIENT_STOCK of a fixed cart


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Calls of one method.

    Attributes:
        name: As the table names it.
        path: The method.
        bodies: The messages, one a call, in turn.
        answers: What one call asks for: SKUs, lines.
        statuses: The gRPC statuses that may be answered.
    """

    name: str
    path: str
    bodies: Sequence[bytes] = field(repr=False)
    answers: int
    statuses: frozenset[str] = frozenset({OK})


def shuffled(skus: int) -> list[int]:
    """Return all SKUs in an order without a pattern, the same each time."""
    numbers = list(range(skus))
    random.Random(1).shuffle(numbers)
    return numbers


def check(method: str, skus: int, per_call: int) -> Question:
    """Ask `CheckSellable` or `CheckAvailability` for every SKU of the store once, then again."""
    kind: Any = getattr(availability_pb2, f"{method}Request")
    order = shuffled(skus)
    return Question(
        name=f"{method} {per_call}",
        path=f"{_AVAILABILITY}/{method}",
        bodies=[
            kind(
                channel=CHANNEL, country=COUNTRY, skus=map(sku, order[at : at + per_call])
            ).SerializeToString()
            for at in range(0, skus - per_call + 1, per_call)
        ],
        answers=per_call,
    )


def reserve(skus: int, lines: int, calls: int, run: str) -> Question:
    """Reserve one unit of each of some SKUs; `run` makes the ids of this run its own."""
    order = shuffled(skus)
    return Question(
        name=f"ReserveStock {lines}",
        path=f"{_RESERVATIONS}/ReserveStock",
        bodies=[
            reservations_pb2.ReserveStockRequest(
                reservation_id=f"{run}-{call}",
                channel=CHANNEL,
                country=COUNTRY,
                lines=[
                    common_pb2.Line(sku=sku(order[(call * lines + at) % skus]), quantity=1)
                    for at in range(lines)
                ],
            ).SerializeToString()
            for call in range(calls)
        ],
        answers=lines,
    )


def reserve_one(name: str, calls: int, run: str) -> Question:
    """Reserve one unit of one SKU, again and again; it may run out."""
    line = common_pb2.Line(sku=name, quantity=1)
    return Question(
        name=f"ReserveStock {name}",
        path=f"{_RESERVATIONS}/ReserveStock",
        bodies=[
            reservations_pb2.ReserveStockRequest(
                reservation_id=f"{run}-{call}", channel=CHANNEL, country=COUNTRY, lines=[line]
            ).SerializeToString()
            for call in range(calls)
        ],
        answers=1,
        statuses=frozenset({OK, REFUSED}),
    )


def release(lines: int, calls: int, run: str) -> Question:
    """Release what `reserve` took."""
    return Question(
        name=f"ReleaseReservation {lines}",
        path=f"{_RESERVATIONS}/ReleaseReservation",
        bodies=[
            reservations_pb2.ReleaseReservationRequest(
                reservation_id=f"{run}-{call}"
            ).SerializeToString()
            for call in range(calls)
        ],
        answers=lines,
    )


def at_echo(question: Question, answer_bytes: int) -> Question:
    """Send the same bytes to a server that answers so many of its own."""
    return Question(
        name=question.name,
        path=f"/Echo/{answer_bytes}",
        bodies=question.bodies,
        answers=question.answers,
    )
