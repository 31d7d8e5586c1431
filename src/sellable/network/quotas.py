"""Quotas: their names in the store, and which of them count a SKU at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sellable.network.ranking import rule_items
from sellable.network.windows import instants, within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sellable.network.values import Network, NetworkAt, Quota
    from sellable.network.windows import Instants


@dataclass(frozen=True, slots=True)
class QuotaInForce:
    """A quota that counts what a market takes now; `key` names its counter in the store."""

    key: str
    units: int
    name: str | None
    line: int
    start_ms: int | None
    end_ms: int | None


def quota_key(market: str, item: tuple[str, str], start_ms: int | None) -> str:
    """Name the counter of one market, item and window."""
    kind, name = item
    return f"{market}|{'k' if kind == 'sku' else 'c'}|{name}|{start_ms or 0}"


def quota_keys(network: Network) -> set[str]:
    """Answer the counters of every quota of the document, past and future ones too."""
    return {
        quota_key(market, item, span[0])
        for quota in network.quotas
        for market, span in _spans(network, quota)
        for item in rule_items(quota)
    }


def quotas_in_force(
    at: NetworkAt, market: str, sku: str, item_class: str | None
) -> list[QuotaInForce]:
    """Answer the quotas that count a SKU in a market, its own before its class's."""
    found = []
    for item in (("sku", sku), ("item_class", item_class or "")):
        for quota in at.network.quotas:
            if market not in quota.markets or item not in rule_items(quota):
                continue
            for key, span in _spans(at.network, quota):
                if key == market and within(span, at.at_ms):
                    name = quota_key(market, item, span[0])
                    found.append(QuotaInForce(name, quota.units, quota.name, quota.line, *span))
    return found


def _spans(network: Network, quota: Quota) -> Iterator[tuple[str, Instants]]:
    zones = {market.key: market.time_zone for market in network.markets}
    return ((market, instants(quota.window, zones[market])) for market in quota.markets)
