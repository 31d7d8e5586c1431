"""The methods that read a market, as they answer nearly all of their calls."""

from __future__ import annotations

from itertools import chain
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
    from sellable.store.ages import Ages
    from sellable.store.columns import Columns

_NUMBERS: Final = b"\x0a"  # field 1, packed
ITEMS_KEPT_MAX: Final = 100_000  # SKUs over all markets, some 400 bytes each


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
        self._items: dict[str, Items] = {}

    async def answers(self, group: Group) -> Iterable[bytes | None]:
        """Ask for the times too, and cut both into items."""
        skus = list(chain.from_iterable([asked.names for asked in group.asked]))
        self._ages.follow()
        column = await self.column(group)
        meta = column.meta
        if not meta.complete or meta.horizon_ms:
            return [None] * len(group.events)
        times = await self._times(group.market, skus, meta.epoch)
        items = self._items_of(group.market, meta.low_stock_threshold)
        tail, begin = self.revision(column), 0
        answers: list[bytes | None] = []
        for asked in group.asked:
            part = slice(begin, begin + asked.skus)
            try:
                answers.append(items.write(skus[part], column.texts[part], times[part]) + tail)
            except ValueError:
                answers.append(None)
            begin += asked.skus
        return answers

    async def _times(self, market: str, skus: Sequence[str], epoch: int) -> Sequence[int]:
        known: list[Any] = self._ages.of(market, skus, epoch)
        if None in known:
            missing = [at for at, time in enumerate(known) if time is None]
            asked = await self._ages.ask(market, [skus[at] for at in missing])
            for at, time in zip(missing, asked, strict=True):
                known[at] = time
        return known

    def _items_of(self, market: str, low_stock_threshold: int) -> Items:
        if sum(map(len, self._items.values())) > ITEMS_KEPT_MAX:
            self._items.clear()
        items = self._items.get(market)
        if items is None or items.low_stock_threshold != low_stock_threshold:
            items = self._items[market] = Items(market, low_stock_threshold)
        return items
