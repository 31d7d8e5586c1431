"""Is every number right after the replay? The service checks itself, and we count the units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import grpc.aio

from sellable.demo.caller import CallRefused, for_each
from sellable.rpc.status import error_from_rpc
from sellable.v1 import inventory_pb2, operations_pb2

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Sequence

    from sellable.demo.caller import Caller

_VERIFY_S_MAX: Final = 3_600.0
_AT_ONCE_MAX: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A counter of the service that is not what its facts add up to."""

    sku: str
    counter: str
    stored_quantity: int
    recomputed_quantity: int

    def __str__(self) -> str:
        return (
            f"{self.sku} {self.counter}: stored {self.stored_quantity}, "
            f"recomputed {self.recomputed_quantity}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A SKU whose units do not add up: what was sold and what is left is not what there was.

    Attributes:
        missing_units: on hand or reserved somewhere beyond what a location has.
    """

    sku: str
    opening_units: int
    sold_units: int
    on_hand_units: int
    missing_units: int

    def __str__(self) -> str:
        return (
            f"{self.sku}: opened with {self.opening_units}, sold {self.sold_units}, "
            f"{self.on_hand_units} on hand, {self.missing_units} promised beyond what is there"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What both checks found."""

    verified_sku_count: int
    differences: Sequence[Difference]
    counted_sku_count: int
    violations: Sequence[Violation]

    @property
    def clean(self) -> bool:
        """Whether every number is right."""
        return not self.differences and not self.violations


async def verify(
    caller: Caller, on_progress: Callable[[float], None]
) -> tuple[int, list[Difference]]:
    """Let the service recompute every counter; answer how many SKUs, and every difference."""
    differences: list[Difference] = []
    checked_sku_count = 0
    try:
        request = operations_pb2.VerifyRequest()
        async for progress in caller.operations.Verify(request, timeout=_VERIFY_S_MAX):
            checked_sku_count = progress.checked_sku_count
            on_progress(progress.fraction)
            differences += [
                Difference(
                    sku=found.sku,
                    counter=found.counter,
                    stored_quantity=found.stored_quantity,
                    recomputed_quantity=found.recomputed_quantity,
                )
                for found in progress.differences
            ]
    except grpc.aio.AioRpcError as error:
        raise CallRefused("verify", error_from_rpc(error)) from error
    return checked_sku_count, differences


async def count_units(
    callers: Sequence[Caller],
    opening: Counter[str],
    sold: Counter[str],
    on_progress: Callable[[float], None],
) -> list[Violation]:
    """Ask for the positions of every SKU, and answer where units appeared or disappeared.

    Args:
        callers: the connections to ask over.
        opening: by SKU, the units on hand before the first order.
        sold: by SKU, the units that left, from the clients' own books.
        on_progress: told the fraction after each SKU.
    """
    skus = list(opening | sold)
    violations = []
    counted_count = 0

    async def count(numbered: tuple[int, str]) -> None:
        nonlocal counted_count
        index, sku = numbered
        caller = callers[index % len(callers)]
        found = await caller.call(
            "positions",
            caller.inventory.ListPositions,
            inventory_pb2.ListPositionsRequest(sku=sku),
        )
        on_hand = sum(position.on_hand_quantity for position in found.positions)
        missing = sum(
            position.overcommitted_quantity + max(0, -position.on_hand_quantity)
            for position in found.positions
        )
        if missing or on_hand + sold[sku] != opening[sku]:
            violations.append(
                Violation(
                    sku=sku,
                    opening_units=opening[sku],
                    sold_units=sold[sku],
                    on_hand_units=on_hand,
                    missing_units=missing,
                )
            )
        counted_count += 1
        on_progress(counted_count / len(skus))

    await for_each(enumerate(skus), count, at_once_max=_AT_ONCE_MAX)
    return violations
