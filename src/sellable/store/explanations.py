"""Why numbers are what they are: a snapshot by one script, explained by its own document."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from sellable.errors import UnknownMarket, UnknownSku
from sellable.explain import explain, read_snapshot

if TYPE_CHECKING:
    from sellable.explain import Explanation
    from sellable.revision import Revisions
    from sellable.store.networks import Networks
    from sellable.store.runner import Runner


_AT_ONCE_MAX: Final = 100  # positions: some 2 ms


class Explanations:
    """Explanations of numbers, for one partition."""

    def __init__(self, runner: Runner, networks: Networks, revisions: Revisions) -> None:
        self._runner = runner
        self._networks = networks
        self._revisions = revisions

    async def explain(self, market: str, sku: str) -> tuple[Explanation, str]:
        """Return the terms of one number, and the revision that they are of.

        Raises:
            UnknownMarket: No such market.
            UnknownSku: No fact and no item about it was ever applied.
            BugError: The terms do not add up to the number that is shown.
        """
        answer = await self._runner.run_settled("explain", market, sku)
        if answer.outcome == "UNKNOWN_MARKET":
            raise UnknownMarket(market)
        if answer.outcome == "UNKNOWN_SKU":
            raise UnknownSku(sku)
        snapshot = read_snapshot(answer.packed, *answer.raw)
        network = await self._networks.parsed(snapshot.once.network_version)
        if len(snapshot.positions) <= _AT_ONCE_MAX:
            explanation = explain(snapshot, network, market, sku)
        else:  # thousands of locations take a while, and other calls go on meanwhile
            explanation = await asyncio.to_thread(explain, snapshot, network, market, sku)
        return explanation, self._revisions.encode(answer.position)
