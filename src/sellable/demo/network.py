"""The network of the demo, as shipped in this package."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sellable.network import Network


def network_document() -> str:
    """Answer the YAML of the demo's network."""
    return resources.files("sellable.demo").joinpath("network.yaml").read_text(encoding="utf-8")


def market_locations(network: Network) -> dict[str, tuple[str, ...]]:
    """Answer by market, like web/FR, the locations it sells from, in its order."""
    return {market.key: market.locations for market in network.markets}
