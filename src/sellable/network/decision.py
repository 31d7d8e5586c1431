"""Which rule decides a number, read straight from the table of ranks in README.md.

Nothing here is shared with `resolved.py`, which works out all numbers at once: each is the check of
the other, and the numbers shown are explained by a second reading of the document.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from sellable.errors import BugError
from sellable.network.values import Buffer, Location, Market
from sellable.network.windows import holds

if TYPE_CHECKING:
    from sellable.network.values import NetworkAt, Rule

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Decision(Generic[Value]):
    """A number with the rule that it comes from, and the line where that begins."""

    value: Value
    rule: str
    line: int


@overload
def deciding(
    at: NetworkAt,
    effect: Literal["protection_buffer"],
    target: str,
    sku: str,
    item_class: str | None,
) -> Decision[Buffer]: ...
@overload
def deciding(
    at: NetworkAt, effect: Literal["cap"], target: str, sku: str, item_class: str | None
) -> Decision[int | None]: ...
@overload
def deciding(
    at: NetworkAt, effect: Literal["safety_stock"], target: str, sku: str, item_class: str | None
) -> Decision[int]: ...
@overload
def deciding(
    at: NetworkAt, effect: Literal["blocked"], target: str, sku: str, item_class: str | None
) -> Decision[bool]: ...
def deciding(
    at: NetworkAt, effect: str, target: str, sku: str, item_class: str | None
) -> Decision[Any]:
    """Answer what decides an effect for a SKU in a market or at a location.

    Whether the market is open at all is for `market_open` to say.
    """
    place = _place(at, effect, target)
    best: tuple[int, Rule] | None = None
    for rule in at.network.rules:
        if getattr(rule, effect) is None:
            continue
        rank = _rank(rule, place, target, sku, item_class)
        if rank is None or (best is not None and best[0] <= rank):
            continue
        if holds(rule.window, place.time_zone, at.at_ms):
            best = rank, rule
    if best is None:
        kind = "market" if isinstance(place, Market) else "location"
        return Decision(_own_value(place, effect), f"{kind} {target}", place.line)
    _, rule = best
    return Decision(getattr(rule, effect), rule.name or "rule", rule.line)


def market_open(at: NetworkAt, market: Market) -> bool:
    """Tell whether the moment is in the market's own window."""
    return holds(market.window, market.time_zone, at.at_ms)


def _place(at: NetworkAt, effect: str, target: str) -> Location | Market:
    of_market = effect in {"protection_buffer", "cap"}
    known: tuple[Location | Market, ...] = at.network.markets if of_market else at.network.locations
    for place in known:
        if target == (place.key if isinstance(place, Market) else place.id):
            return place
    raise BugError(f"{effect} asked for {target}, which the network does not have")


def _rank(
    rule: Rule, place: Location | Market, target: str, sku: str, item_class: str | None
) -> int | None:
    """Answer the rank of a rule by the table, 1 being the highest; None if it does not apply."""
    named = rule.markets if isinstance(place, Market) else rule.locations
    if named is not None and target not in named:
        return None
    for_all = int(named is None)
    if rule.skus:
        return 1 + for_all if sku in rule.skus else None
    if rule.item_classes:
        return 3 + for_all if item_class in rule.item_classes else None
    return 5 + for_all


def _own_value(place: Location | Market, effect: str) -> Buffer | int | bool | None:
    """Answer what the market or location says itself."""
    if isinstance(place, Market):
        return place.protection_buffer if effect == "protection_buffer" else place.cap
    return False if effect == "blocked" else place.safety_stock
