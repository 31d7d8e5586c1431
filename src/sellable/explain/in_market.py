"""What a market makes of its supply, as terms: buffer, window, cap and quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.errors import BugError
from sellable.explain.terms import Sum, TermKind
from sellable.explain.words import buffer_words, kept
from sellable.network import deciding, market_open, quotas_in_force
from sellable.network.windows import instants, shown, span_shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sellable.explain.at_location import Sku
    from sellable.network import Market, NetworkAt, QuotaInForce


def market_terms(
    at: NetworkAt, market: Market, sku: Sku, supply: int, counted: int, taken: Mapping[str, int]
) -> Sum:
    """Answer what lies between the market's supply and its number.

    Args:
        at: The network of the moment.
        market: One of it.
        sku: Whose number it is.
        supply: What its locations come to.
        counted: The on hand that a percentage is of.
        taken: Units taken of each quota.
    """
    found = Sum(total=supply)
    buffer = deciding(at, "protection_buffer", market.key, sku.name, sku.item_class)
    words = buffer_words(buffer.value, counted) if buffer.value.basis_points else ""
    found.add(
        TermKind.PROTECTION_BUFFER,
        -kept(buffer.value, counted),
        rule=buffer.rule,
        line=buffer.line,
        detail=words,
    )
    found.floor()
    if market_open(at, market):
        _cap(found, at, market, sku)
    else:
        found.add(
            TermKind.MARKET_CLOSED,
            -found.total,
            rule=f"market {market.key}",
            line=market.line,
            detail="open "
            + span_shown(instants(market.window, market.time_zone), market.time_zone),
        )
    for quota, left in _quotas(at, market, sku, taken):
        found.add(
            TermKind.QUOTA,
            -max(0, found.total - left),
            rule=quota.name or "quota",
            line=quota.line,
            detail=_quota_words(quota, taken[quota.key], market.time_zone),
        )
    return found


def quota_rest(at: NetworkAt, market: Market, sku: Sku, taken: Mapping[str, int]) -> int | None:
    """Answer what the quotas in force leave; None where there is none."""
    return min((left for _, left in _quotas(at, market, sku, taken)), default=None)


def _cap(found: Sum, at: NetworkAt, market: Market, sku: Sku) -> None:
    cap = deciding(at, "cap", market.key, sku.name, sku.item_class)
    if cap.value is not None:
        found.add(
            TermKind.CAP,
            -max(0, found.total - cap.value),
            rule=cap.rule,
            line=cap.line,
            detail=f"at most {cap.value} shown",
        )


def _quotas(
    at: NetworkAt, market: Market, sku: Sku, taken: Mapping[str, int]
) -> list[tuple[QuotaInForce, int]]:
    """Answer the quotas in force with what each leaves, the smallest rest first."""
    quotas = quotas_in_force(at, market.key, sku.name, sku.item_class)
    for quota in quotas:
        if quota.key not in taken:
            raise BugError(f"the quota {quota.key} is in force and {sku.name} is not counted in it")
    rest = [(quota, max(0, quota.units - taken[quota.key])) for quota in quotas]
    return sorted(rest, key=lambda pair: pair[1])


def _quota_words(quota: QuotaInForce, taken: int, zone: str | None) -> str:
    until = f" until {shown(quota.end_ms, zone)}" if quota.end_ms is not None else ""
    return f"{quota.units} in all{until}, {taken} taken"
