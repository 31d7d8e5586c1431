"""What a market's view holds: numbers as text, and what it says of itself in one field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sellable.errors import UnknownMarket

if TYPE_CHECKING:
    from collections.abc import Callable

META_FIELD: Final = b"\x01"  # no SKU may contain a control character
ABSENT: Final = -1  # the market has no position of the SKU
NEVER_MS: Final = 2**53 - 1  # of `next_ms`: nothing changes by itself

_MARK: Final = b"q"
_MARKED_FIRST: Final = -2  # 0 that is marked; 1 is one less, and so on
_COMMON_NUMBERS: Final = 10_000


class MarketMeta(NamedTuple):
    """What the view of a market says about itself.

    `due` is not there: it tells that the moment of `next_ms` had come when the view was read.
    """

    complete: bool
    epoch: int
    version: int
    low_stock_threshold: int
    next_ms: int = NEVER_MS
    limited: bool = False
    horizon_ms: int = 0
    due: bool = False


def parse_meta(market: str, text: bytes | None) -> MarketMeta:
    """Read a market's own field.

    Raises:
        UnknownMarket: There is none.
    """
    if text is None:
        raise UnknownMarket(market)
    complete, epoch, version, threshold, next_ms, limited, horizon_ms = map(int, text.split())
    return MarketMeta(complete == 1, epoch, version, threshold, next_ms, limited == 1, horizon_ms)


class _Numbers(dict[bytes | None, int]):
    """Text of the engine to number: looking a common one up takes half the time of parsing it."""

    def __missing__(self, text: bytes) -> int:
        return int(text.removesuffix(_MARK))


class _MarkedNumbers(_Numbers):
    """The same where quotas are in force: numbers that they limit further stand below ABSENT."""

    def __missing__(self, text: bytes) -> int:
        if text.endswith(_MARK):
            return _MARKED_FIRST - int(text[:-1])
        return int(text)


_COMMON: Final[dict[bytes | None, int]] = {None: ABSENT} | {
    b"%d" % number: number for number in range(_COMMON_NUMBERS)
}
number: Final[Callable[[bytes | None], int]] = _Numbers(_COMMON).__getitem__
marked_number: Final[Callable[[bytes | None], int]] = _MarkedNumbers(_COMMON).__getitem__


def is_marked(told: int) -> bool:
    """Tell whether a quota has a say in a number that `marked_number` read."""
    return told <= _MARKED_FIRST
