"""Answers of reads as protobuf bytes, from the texts of the engine.

Written out because building a message costs more than reading its number: a text is looked up as
the bytes that protobuf would write for it, and an answer is what `join` makes of them. The wire
format is https://protobuf.dev/programming-guides/encoding; the tests parse every kind of answer
with protobuf.
"""

from __future__ import annotations

from typing import Final

from sellable.store.view import ABSENT

_MORE: Final = 0x80
_NUMBERS_COMMON: Final = 10_000
_SIZES_COMMON: Final = 16_384
_NEGATIVE: Final = 1 << 64


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


class _Varints(dict[bytes | None, bytes]):
    """Text of the engine to varint; what a quota marks is no number yet: ValueError."""

    def __missing__(self, text: bytes) -> bytes:
        return varint(int(text))


class _Sizes(dict[int, bytes]):
    """Sizes as varints."""

    def __missing__(self, size: int) -> bytes:
        return varint(size)


_common = {b"%d" % number: varint(number) for number in range(_NUMBERS_COMMON)}
number_of: Final = _Varints({None: varint(ABSENT)} | _common).__getitem__
size_of: Final = _Sizes({size: varint(size) for size in range(_SIZES_COMMON)}).__getitem__


def text_field(tag: int, text: str) -> bytes:
    """Write a field of text; nothing for an empty one."""
    written = text.encode()
    return varint(tag << 3 | 2) + varint(len(written)) + written if written else b""
