"""What a location gives its market of a SKU, as terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sellable.explain.terms import Sum, TermKind
from sellable.explain.words import buffer_words, duration_words, kept
from sellable.network import deciding

if TYPE_CHECKING:
    from sellable.explain.snapshot import PositionAt
    from sellable.network import Location, NetworkAt


class Sku(NamedTuple):
    """What rules select by."""

    name: str
    item_class: str


def location_terms(
    at: NetworkAt, place: Location, position: PositionAt, sku: Sku, now_ms: int
) -> Sum:
    """Answer what is there, less what is kept back there, in the order of the contract."""
    found = Sum(place.id)
    _on_hand(found, position)
    found.add(TermKind.RESERVED, -position.reserved)
    _safety_stock(found, at, position, sku)
    _stale_feed(found, place, position, now_ms)
    found.floor()
    _blocked(found, at, place, position, sku)
    if place.enabled:
        missing = max(0, position.reserved - position.on_hand)
        words = f"{position.reserved} reserved, {position.on_hand} on hand"
        found.add(TermKind.OVERCOMMITTED, -missing, detail=words)
    return found


def counted_units(at: NetworkAt, place: Location, position: PositionAt, sku: Sku) -> int:
    """Answer the on hand that a market's percentage is of: in sellable condition only."""
    if not place.enabled or position.blocked.value or _recall(at, place.id, sku):
        return 0
    return max(0, position.on_hand)


def _on_hand(found: Sum, position: PositionAt) -> None:
    base = position.base
    detail = "never counted"
    if base.value is not None:
        since = position.on_hand - base.value
        detail = f"{base.value} counted, {since:+} since" if since else ""
    found.add(
        TermKind.ON_HAND,
        position.on_hand,
        observe_us=base.observe_us,
        source=base.source,
        detail=detail,
    )


def _safety_stock(found: Sum, at: NetworkAt, position: PositionAt, sku: Sku) -> None:
    fact = position.safety_stock
    if fact.value is not None:
        found.add(
            TermKind.SAFETY_STOCK, -fact.value, observe_us=fact.observe_us, source=fact.source
        )
        return
    decision = deciding(at, "safety_stock", position.location, sku.name, sku.item_class)
    found.add(TermKind.SAFETY_STOCK, -decision.value, rule=decision.rule, line=decision.line)


def _stale_feed(found: Sum, place: Location, position: PositionAt, now_ms: int) -> None:
    if not position.level:
        return
    on_hand = max(0, position.on_hand)
    buffer = place.stale_protection_buffer
    silence = duration_words(now_ms - position.seen_ms)
    found.add(
        TermKind.STALE_FEED,
        -position.level * kept(buffer, on_hand),
        rule=f"location {place.id}",
        line=place.line,
        detail=f"silent for {silence}: {position.level} x {buffer_words(buffer, on_hand)}",
    )


def _blocked(found: Sum, at: NetworkAt, place: Location, position: PositionAt, sku: Sku) -> None:
    if not place.enabled:
        found.add(
            TermKind.BLOCKED,
            -found.total,
            rule=f"location {place.id}",
            line=place.line,
            detail="the location is disabled",
        )
        return
    fact, recall = position.blocked, _recall(at, place.id, sku)
    if recall is None and not fact.value:
        return
    rule, line = recall or ("", 0)
    found.add(
        TermKind.BLOCKED,
        -found.total,
        rule=rule,
        line=line,
        observe_us=fact.observe_us if fact.value else 0,
        source=fact.source if fact.value else "",
        detail="recalled",
    )


def _recall(at: NetworkAt, location: str, sku: Sku) -> tuple[str, int] | None:
    decision = deciding(at, "blocked", location, sku.name, sku.item_class)
    return (decision.rule, decision.line) if decision.value else None
