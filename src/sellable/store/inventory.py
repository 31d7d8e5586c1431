"""Facts, positions and items on the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from sellable import limits
from sellable.errors import UnknownSku
from sellable.stock import FactResult, Outcome, Position, parts_of_place
from sellable.store.applying import Pace, apply_rows, settle_receipts
from sellable.store.courtesy import WORK_MAX
from sellable.store.runner import pack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.stock import Item
    from sellable.store.applying import Row
    from sellable.store.runner import Runner

_ITEMS_WORK_MAX: Final = 400  # an item costs 1, a position that is recomputed more: about 1 ms

_decode_positions: Final = msgspec.msgpack.Decoder(list[Position], strict=False).decode


class Inventory:
    """Every call on stock, for one partition."""

    def __init__(
        self,
        runner: Runner,
        future_tolerance_ms: int = limits.FUTURE_TOLERANCE_MS_DEFAULT,
    ) -> None:
        self._runner = runner
        self._future_tolerance_ms = future_tolerance_ms

    async def apply(self, facts: Sequence[Row]) -> tuple[list[FactResult], str]:
        """Apply facts in order; return one answer each, and the ledger position.

        What was refused before is counted for its source, and answered as it is.
        """
        results: list[FactResult] = []
        position = ""
        pace = Pace()
        while len(results) < len(facts):
            applied = await apply_rows(
                self._runner,
                facts[len(results) : len(results) + pace.rows],
                self._future_tolerance_ms,
                work_max=WORK_MAX,
            )
            pace.learn(len(applied.results), applied.done.work, WORK_MAX)
            results += applied.results
            position = applied.position
        return results, await settle_receipts(self._runner, facts, results) or position

    async def positions(self, sku: str) -> tuple[list[Position], str]:
        """Return every position of a SKU by location name, and the ledger position.

        Raises:
            UnknownSku: No fact and no item about it was ever applied.
        """
        answer = await self._runner.run_settled("list_positions", sku)
        if answer.outcome == "UNKNOWN_SKU":
            raise UnknownSku(sku)
        found = _decode_positions(answer.packed)
        found.sort(key=lambda position: parts_of_place(position.location))
        return found, answer.position

    async def put_items(self, items: Sequence[Item]) -> list[FactResult]:
        """Put master data; the latest update time of a SKU wins."""
        results: list[FactResult] = []
        while len(results) < len(items):
            request = pack(
                {
                    "work_max": _ITEMS_WORK_MAX,
                    "future_tolerance_ms": self._future_tolerance_ms,
                    "items": items[len(results) :],
                }
            )
            answer = await self._runner.run("put_items", request)
            results += [self._item_result(Outcome(code)) for code in answer.body]
        return results

    async def delete_skus(self, skus: Sequence[str]) -> list[FactResult]:
        """Forget SKUs; one that is held is REJECTED, one that is not known is UNCHANGED."""
        results = []
        for sku in skus:
            answer = await self._runner.run_settled("delete_sku", sku)
            if answer.outcome == "IN_USE":
                detail = f"{answer.body} reservations hold it"
                results.append(FactResult(Outcome.REJECTED, "SKU_IN_USE", detail))
            else:
                results.append(FactResult(Outcome.APPLIED if answer.body else Outcome.UNCHANGED))
        return results

    def _item_result(self, outcome: Outcome) -> FactResult:
        if outcome is not Outcome.REJECTED:
            return FactResult(outcome)
        detail = f"updated more than {self._future_tolerance_ms} ms ahead"
        return FactResult(outcome, "IN_FUTURE", detail)
