"""Answers of reads as protobuf bytes, from the texts of the engine.

Written out because building a message costs more than reading its number: a text is looked up as
the bytes that protobuf would write for it, and an answer is what `join` makes of them. The wire
format is https://protobuf.dev/programming-guides/encoding; the tests parse every kind of answer
with protobuf.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable.rpc.convert.availability import status_of
from sellable.store.view import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sellable.store.ages import Age

_MORE: Final = 0x80
_COMMON: Final = 20_000  # texts of the engine whose bytes are kept
_SIZES_COMMON: Final = 16_384
_NEGATIVE: Final = 1 << 64
_VARINT, _TEXT = 0, 2  # wire types
_ITEMS_TAG: Final = 1  # of the rich answer


def varint(number: int) -> bytes:
    """Write a number; a negative one as its two's complement of 64 bits."""
    if number < 0:
        number += _NEGATIVE
    written = bytearray()
    while number >= _MORE:
        written.append(number % _MORE + _MORE)
        number //= _MORE
    written.append(number)
    return bytes(written)


def number_field(tag: int, number: int) -> bytes:
    """Write a field of a number; nothing for 0."""
    return varint(tag << 3 | _VARINT) + varint(number) if number else b""


def bytes_field(tag: int, value: bytes) -> bytes:
    """Write a field of bytes, a message or an encoded text; nothing for an empty one."""
    return varint(tag << 3 | _TEXT) + varint(len(value)) + value if value else b""


def text_field(tag: int, text: str) -> bytes:
    """Write a field of text; nothing for an empty one."""
    return bytes_field(tag, text.encode())


class _Varints(dict[bytes | None, bytes]):
    """Text of the engine to varint; what a quota marks is no number yet: ValueError."""

    def __missing__(self, text: bytes) -> bytes:
        return varint(int(text))


class _Sizes(dict[int, bytes]):
    """Sizes as varints."""

    def __missing__(self, size: int) -> bytes:
        return varint(size)


number_of: Final = _Varints(
    {None: varint(ABSENT)} | {b"%d" % number: varint(number) for number in range(_COMMON)}
).__getitem__
size_of: Final = _Sizes({size: varint(size) for size in range(_SIZES_COMMON)}).__getitem__


# Texts of numbers, each once: what many SKUs are compared with is then in the processor's cache.
_texts: Final[dict[bytes, bytes]] = {}


class Items:
    """Items of rich answers in one market, written once for as long as nothing of a SKU changes.

    Args:
        market: channel/country.
        low_stock_threshold: Of the market.
    """

    _SKU_TAG, _CHANNEL_TAG, _COUNTRY_TAG, _QUANTITY_TAG, _STATUS_TAG = 1, 2, 3, 4, 5
    _OBSERVED_TAG, _SECONDS_TAG, _NANOS_TAG = 8, 1, 2

    def __init__(self, market: str, low_stock_threshold: int) -> None:
        channel, _, country = market.partition("/")
        self._market = text_field(self._CHANNEL_TAG, channel) + text_field(
            self._COUNTRY_TAG, country
        )
        self._low_stock_threshold = low_stock_threshold

    def write(self, found: Iterable[tuple[Age, bytes | None]]) -> bytes:
        """Write the items of one answer, in order: of each SKU its age, and the view's text.

        Raises:
            ValueError: A quota has a say in one of them.
        """
        return b"".join(
            [age.written if age.text == text else self._written(age, text) for age, text in found]
        )

    def _written(self, age: Age, text: bytes | None) -> bytes:
        number = ABSENT if text is None else int(text)
        seconds, rest = divmod(age.observe_us, 1_000_000)
        time = number_field(self._SECONDS_TAG, seconds) + number_field(
            self._NANOS_TAG, rest * 1_000
        )
        age.written = bytes_field(
            _ITEMS_TAG,
            text_field(self._SKU_TAG, age.sku)
            + self._market
            + number_field(self._QUANTITY_TAG, max(0, number))
            + number_field(self._STATUS_TAG, status_of(number, self._low_stock_threshold))
            + bytes_field(self._OBSERVED_TAG, time),
        )
        if text is not None and len(_texts) < _COMMON:
            text = _texts.setdefault(text, text)
        age.text = text
        return age.written
