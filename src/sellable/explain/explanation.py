"""A number and its terms, computed from raw state and the document, never from the number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sellable.errors import BugError
from sellable.explain.at_location import Sku, counted_units, location_terms
from sellable.explain.in_market import market_terms, quota_rest
from sellable.explain.rules import Rules

if TYPE_CHECKING:
    from sellable.explain.snapshot import Snapshot
    from sellable.explain.terms import Term
    from sellable.network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why the number of a SKU in a market is what it is; `terms` add up to `sellable`.

    `next_switch_ms` is 0 where the document plans no further change.
    """

    sellable: int
    terms: tuple[Term, ...]
    network_version: int
    next_switch_ms: int = 0
    future: int = 0


def explain(snapshot: Snapshot, network: Network, market_key: str, sku: str) -> Explanation:
    """Explain a number by the document of the snapshot's version.

    Raises:
        BugError: The terms do not add up to what readers are answered.
    """
    once = snapshot.once
    of_sku = Sku(sku, once.item_class)
    market = next(market for market in network.markets if market.key == market_key)
    places = {place.id: place for place in network.locations}
    rules = Rules(network, once.as_of_ms, of_sku)
    terms: list[Term] = []
    supply = counted = 0
    for position in snapshot.positions:
        place = places[position.location]
        at = rules.of_location(place)
        found = location_terms(at, place, position, of_sku, once.now_ms)
        terms += found.terms
        supply += found.total
        counted += counted_units(at, place, position, of_sku)
    number, rest = 0, None
    if snapshot.positions:
        at = rules.of_market(market)
        found = market_terms(at, market, of_sku, supply, counted, snapshot.taken)
        terms += found.terms
        number = found.total
        rest = quota_rest(at, market, of_sku, snapshot.taken)
    _check(snapshot, number, rest, market_key, sku)
    return Explanation(
        sellable=number,
        terms=tuple(terms),
        network_version=once.network_version,
        next_switch_ms=once.next_switch_ms,
        future=once.future,
    )


def _check(snapshot: Snapshot, number: int, rest: int | None, market: str, sku: str) -> None:
    """Hold the sum against what readers are answered; both come from the same moment."""
    shown = snapshot.shown
    if shown is not None and rest is not None:
        shown = min(shown, rest)
    if (shown is None) != (not snapshot.positions) or number != (shown or 0):
        problem = f"add up to {number}, but {shown} is shown"
    elif snapshot.limited != (rest is not None):
        problem = "count a quota that readers do not" if rest is not None else "lack a quota"
    else:
        return
    hint = "`sellable verify` says which counter differs"
    raise BugError(f"the terms of {sku!r} in {market} {problem}: {hint}")
