"""What the markets say of themselves: parsed when it changes, and judged by the time of day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.errors import SellableError
from sellable.store.view import MarketMeta, parse_meta

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sellable.store.replies import Reply


class Metas:
    """The facts of every market that was read.

    Args:
        clock: The time in ms; 0 is the engine's.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._current: dict[str, tuple[bytes | None, MarketMeta]] = {}

    def settled(self, market: str) -> bool:
        """Tell whether the market was complete when it was last read."""
        return market in self._current

    def read(self, market: str, replies: Sequence[Reply], now_ms: int) -> MarketMeta:
        """Return what holds for all answers of one question, at the engine's time.

        Args:
            market: Whose view was asked.
            replies: Of its HMGETs; the first value of each is the market's own field.
            now_ms: When the engine answered.

        Raises:
            UnknownMarket: It has none.
            SellableError: The store refused one of the HMGETs.
        """
        for reply in replies:
            if isinstance(reply, SellableError):
                raise reply
        known = self._current.get(market)
        if known is not None and all(reply[0] == known[0] for reply in replies):
            meta = known[1]
        else:
            meta = self.changed(market, [reply[0] for reply in replies])
        if (self._clock() or now_ms) >= meta.next_ms:
            return meta._replace(complete=False, due=True)
        return meta

    def changed(self, market: str, texts: list[bytes | None]) -> MarketMeta:
        """Parse what the HMGETs of one question saw, which may not be the same.

        The market may change between them: the least settled answer counts for all.
        """
        self._current.pop(market, None)
        metas = [parse_meta(market, text) for text in texts]
        next_ms = min(meta.next_ms for meta in metas)
        unsettled = [meta for meta in metas if not meta.complete]
        if unsettled:
            return max(unsettled, key=lambda meta: meta.epoch)._replace(next_ms=next_ms)
        self._current[market] = (texts[-1], metas[-1])
        return metas[-1]._replace(next_ms=next_ms)
