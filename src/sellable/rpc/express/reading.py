"""The methods that read a market, as they answer nearly all of their calls."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from sellable.rpc.express.batches import Batched
from sellable.rpc.express.columns import Items, number_of, size_of
from sellable.rpc.express.requests import Requests
from sellable.store.columns import COLUMN_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sellable.revision import Revisions
    from sellable.rpc.express.batches import Group
    from sellable.rpc.guard import Gate
    from sellable.store.ages import Age, Ages
    from sellable.store.columns import Columns
    from sellable.store.view import MarketMeta

_NUMBERS: Final = b"\x0a"  # field 1, packed


class CheckSellable(Batched):
    """Numbers only: the hot path."""

    method = "CheckSellable"

    def __init__(self, columns: Columns, revisions: Revisions, gate: Gate) -> None:
        super().__init__(Requests(named=False), columns, revisions, gate, COLUMN_MAX)

    async def answers(self, group: Group) -> Iterable[bytes | None]:
        """Cut the column into answers."""
        column = await self.column(group)
        if not column.meta.complete:
            return [None] * len(group.events)
        tail, texts, begin = self.revision(column), column.texts, 0
        answers: list[bytes | None] = []
        for asked in group.asked:
            end = begin + asked.skus
            try:
                numbers = b"".join(map(number_of, texts[begin:end]))
            except ValueError:  # a quota has a say in one of them
                answers.append(None)
            else:
                answers.append(_NUMBERS + size_of(len(numbers)) + numbers + tail)
            begin = end
        return answers


class CheckAvailability(Batched):
    """Numbers, what they mean, and how old the counts behind them are."""

    method = "CheckAvailability"

    def __init__(self, columns: Columns, revisions: Revisions, gate: Gate, ages: Ages) -> None:
        super().__init__(Requests(named=True), columns, revisions, gate, COLUMN_MAX)
        self._ages = ages

    async def answers(self, group: Group) -> Iterable[bytes | None]:
        """Ask for the ages too, and cut both into items."""
        self._ages.follow()
        column = await self.column(group)
        meta = column.meta
        if not meta.complete or meta.horizon_ms:
            return [None] * len(group.events)
        skus = list(chain.from_iterable([asked.names for asked in group.asked]))
        ages = await self._of(group.market, meta, skus)
        items = Items(group.market, meta.low_stock_threshold)
        tail, texts, begin = self.revision(column), column.texts, 0
        found = zip(ages, texts, strict=True)
        answers: list[bytes | None] = []
        for asked in group.asked:
            begin += asked.skus
            try:
                answers.append(items.write(islice(found, asked.skus)) + tail)
            except ValueError:  # a quota has a say in one of them
                answers.append(None)
                found = zip(ages[begin:], texts[begin:], strict=True)
        return answers

    async def _of(self, market: str, meta: MarketMeta, skus: Sequence[str]) -> Sequence[Age]:
        ages: list[Any] = self._ages.known(market, meta, skus)
        if not all(ages):
            missing = [at for at, age in enumerate(ages) if age is None]
            asked = await self._ages.ask(market, [skus[at] for at in missing])
            for at, age in zip(missing, asked, strict=True):
                ages[at] = age
        return ages
