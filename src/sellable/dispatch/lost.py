"""What is answered once the last plan of a call has lost its race too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable.errors import (
    BlockedLine,
    InsufficientStock,
    NoFeasiblePlan,
    ShortLine,
    StoreUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sellable.errors import SellableError
    from sellable.sourcing.order import Order
    from sellable.sourcing.plan import Plan
    from sellable.store.planned import LostRace

_OF_STOCK: Final = frozenset({"position", "number", "quota"})


def refusal(
    lost: LostRace, order: Order, plan: Plan, held: Mapping[tuple[str, str], int]
) -> SellableError:
    """Say what the last plan lacked, line by line.

    Short stock comes first, then capacities; what changes by itself may be asked for again.

    Args:
        lost: What the store lacked.
        order: What was planned.
        plan: Of the lines of the order.
        held: By SKU and location what the plan had already.
    """
    short: dict[int, int] = {}  # units that a line lacks
    blocked: dict[int, str] = {}
    for shortage in lost.shortages:
        concerned = [
            one
            for one in plan.assignments
            if shortage.location in ("", one.location)
            and (shortage.kind not in _OF_STOCK or one.sku == shortage.name)
        ]
        if shortage.kind in _OF_STOCK:
            places = {(one.sku, one.location) for one in concerned}
            there = shortage.quantity + sum(held.get(place, 0) for place in places)
            lacking = sum(one.quantity for one in concerned) - there
            for one in reversed(concerned):
                taken = min(one.quantity, max(0, lacking))
                lacking -= taken
                if taken:
                    short[one.line] = max(short.get(one.line, 0), taken)
        elif shortage.kind == "capacity":
            for one in concerned:
                blocked[one.line] = f"others took the last capacity of {shortage.location}"
    if short:
        return InsufficientStock(
            *(
                ShortLine(line.line_id, line.sku, line.quantity, max(0, line.quantity - short[at]))
                for at, line in enumerate(order.lines)
                if at in short
            )
        )
    if blocked:
        return NoFeasiblePlan(
            *(
                BlockedLine(line.line_id, line.sku, "capacity", blocked[at])
                for at, line in enumerate(order.lines)
                if at in blocked
            )
        )
    return StoreUnavailable("what is planned for keeps changing under this request; try again")
