"""What sourcing answers; money is micros of `currency`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sellable.geo import Point
    from sellable.reservation import Reservation
    from sellable.sourcing.plan import Decision, DeliveryOption, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A plan that takes nothing, and where the order goes."""

    decision: Decision
    point: Point
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A plan that is held; `attempts` plans were made for it, 0 where it was made before."""

    plan: Plan
    profile: str
    network_version: int
    currency: str
    reservation: Reservation
    revision: str
    attempts: int
    replayed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Ways of delivery."""

    options: tuple[DeliveryOption, ...]
    currency: str
