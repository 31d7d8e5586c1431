"""The reservations of the reference model as plain data that may change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sellable.errors import BugError, InsufficientStock, InvalidFields, SellableError
from sellable.reservation import Allocation, Reservation, ReservedLine, State

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from sellable.reservation import ReserveRequest


@dataclass
class Bound:
    """Units of a line at a location, by what became of them."""

    location: str
    open: int = 0
    fulfilled: int = 0
    released: int = 0
    expired: int = 0


@dataclass
class HeldLine:
    """A line as held."""

    line_id: str
    sku: str
    requested: int
    location: str
    granted: int = 0
    bound: list[Bound] = field(default_factory=list)
    quotas: frozenset[tuple[str, str]] = frozenset()

    @property
    def kept(self) -> int:
        """Units that were taken and not given back."""
        return sum(bound.open + bound.fulfilled for bound in self.bound)

    def at(self, location: str) -> Bound:
        """Return what the line has at a location; from now on there is something."""
        for bound in self.bound:
            if bound.location == location:
                return bound
        self.bound.append(Bound(location))
        return self.bound[-1]


@dataclass
class Day:
    """One order of a location's day: "held", "used", given back as "free", or "lapsed"."""

    location: str
    date: date
    state: str = "held"


@dataclass
class Plan:
    """What is kept of a plan."""

    plan: bytes
    ship_by_ms: int
    count: int = 1
    refused: frozenset[tuple[int, str]] = frozenset()


@dataclass
class Held:
    """A reservation and what its repeats need."""

    request: ReserveRequest
    order_reference: str
    create_ms: int
    expire_ms: int
    lines: list[HeldLine]
    state: State = State.HELD
    confirm_ms: int = 0
    forget_ms: int = 0
    requests: dict[object, object] = field(default_factory=dict)
    days: list[Day] = field(default_factory=list)
    plan: Plan | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether any unit is bound."""
        return any(bound.open for line in self.lines for bound in line.bound)

    @property
    def has_shipped(self) -> bool:
        """Tell whether any unit shipped."""
        return any(bound.fulfilled for line in self.lines for bound in line.bound)

    def value(
        self, short: Callable[[HeldLine, Bound], int], expect_ms: Callable[[HeldLine, Bound], int]
    ) -> Reservation:
        """Return it as callers see it; when it last changed is left out."""
        return Reservation(
            reservation_id=self.request.reservation_id,
            market=self.request.market,
            state=self.state,
            order_reference=self.order_reference,
            create_ms=self.create_ms,
            expire_ms=self.expire_ms,
            confirm_ms=self.confirm_ms,
            update_ms=0,
            lines=tuple(
                ReservedLine(
                    line_id=line.line_id,
                    sku=line.sku,
                    requested=line.requested,
                    granted=line.granted,
                    location=line.location,
                    allocations=tuple(
                        Allocation(
                            location=bound.location,
                            open=bound.open,
                            fulfilled=bound.fulfilled,
                            released=bound.released,
                            expired=bound.expired,
                            short=short(line, bound),
                            expect_ms=expect_ms(line, bound),
                        )
                        for bound in line.bound
                    ),
                )
                for line in self.lines
            ),
        )


def comparable(reservation: Reservation) -> Reservation:
    """Return what the store answered without when it last changed, as the plain value."""
    values = {name: getattr(reservation, name) for name in Reservation.__struct_fields__}
    return Reservation(**values | {"update_ms": 0})


def refusal(error: SellableError) -> tuple[object, ...]:
    """Return a refusal by its reason and data, without its words."""
    if isinstance(error, BugError):
        raise error
    if isinstance(error, InvalidFields):
        return error.reason, [violation.field for violation in error.violations]
    if isinstance(error, InsufficientStock):
        return error.reason, error.lines
    return error.reason, error.metadata
