"""Refusals: one of every kind that can end a call, as the examples of errors.proto show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from sellable import errors
from sellable.rpc.guard import InternalFault

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLES: Final[tuple[errors.SellableError, ...]] = (
    errors.Overloaded("read", 50),
    errors.InvalidFields(
        errors.Violation("channel", "must be lower case"),
        errors.Violation("lines[3].quantity", "must be 1 to 10"),
    ),
    errors.InvalidNetwork(
        errors.Problem(12, 5, "markets[0].cap", "must be 0 or more"),
        errors.Problem(14, 1, "rules", "is not known"),
    ),
    errors.UnknownMarket("web/FR"),
    errors.UnknownLocation("DC-PARIS"),
    errors.UnknownSku("85123A"),
    errors.UnknownReservation("cart-7"),
    errors.UnknownProfile("express"),
    errors.UnknownVersion("12"),
    errors.LocationNotInMarket("DC-PARIS", "web/FR"),
    errors.LocationInUse("DC-PARIS", 3),
    errors.IdempotencyConflict("cart-7", "lines[0].quantity"),
    errors.ReservationExpired("cart-7"),
    errors.ReservationClosed("cart-7", "RELEASED"),
    errors.InsufficientStock(
        errors.ShortLine("1", "85123A", 3, 2), errors.ShortLine("2", "22423", 5, 0)
    ),
    errors.NoFeasiblePlan(
        errors.BlockedLine("1", "85123A", "max_distance_km", "the nearest is 612 km away, 500 max"),
        errors.BlockedLine("", "22423", "stock", "3 wanted, 1 in stock"),
        tried=("peak", "standard"),
    ),
    errors.NetworkVersionConflict(3, 4),
    errors.SyncInProgress("DC-PARIS", "night-0412"),
    errors.SyncSuspicious("DC-PARIS", 812, 1040, 0.2),
    errors.StoreUnavailable("the store did not answer", outcome_unknown=True),
    errors.DurabilityNotReached(wanted=1, reached=0),
    InternalFault("9f86d081884c7d65"),
)


def violations(call: Callable[..., object], *arguments: Any) -> list[tuple[str, str]]:
    """Return field and description of everything that is wrong with the arguments of a call."""
    with pytest.raises(errors.InvalidFields) as caught:
        call(*arguments)
    return [(v.field, v.description) for v in caught.value.violations]
