"""Reads of SKUs as they arrive: from the bytes of a request to arguments of an HMGET.

Nearly all clients write the market first and then the SKUs, and many retailers' SKUs have one size.
Such a request is looked up and looked through as a whole, by a few passes in C, and needs no
message. Others are parsed. What is not good, or asks for more than numbers, is left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from google.protobuf.message import DecodeError

from sellable import limits
from sellable.names import skus_are_plain
from sellable.rpc.convert.checks import known_market
from sellable.store.columns import COLUMN_MAX, arguments_of, same_sized
from sellable.v1.availability_pb2 import CheckAvailabilityRequest, CheckSellableRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

_SKU_TAG: Final = b"\x1a"  # field 3 of both requests, a text
_PLAIN: Final = bytes(range(0x20, 0x7F))  # printable ASCII
_SIZE_MAX: Final = 0x7F  # of a text whose size is one byte
_MESSAGE: Final[dict[bool, Any]] = {False: CheckSellableRequest, True: CheckAvailabilityRequest}


class Asked(NamedTuple):
    """A good request: the SKUs as arguments, and by name where names are wanted."""

    market: str
    skus: int
    arguments: bytes
    names: Sequence[str]


class Requests:
    """Reads requests of one method.

    Args:
        named: Whether the SKUs are wanted by name too, which is so of CheckAvailability.
    """

    def __init__(self, *, named: bool) -> None:
        self._named = named
        self._parse = _MESSAGE[named].FromString
        self._markets: dict[bytes, str] = {}  # by the bytes before the first SKU

    def read(self, payload: bytes) -> Asked | None:
        """Return what is asked for; None where that is for the ordinary way to tell."""
        begin = payload.find(_SKU_TAG)
        market = self._markets.get(payload[:begin])
        if market is None:
            return self._parsed(payload)
        texts = payload[begin:]
        size = texts[1] if len(texts) > 1 else 0
        count, odd = divmod(len(texts), size + 2)
        mark = texts[:2]
        if (
            odd
            or not 0 < size <= _SIZE_MAX
            or count > COLUMN_MAX
            or texts[0 :: size + 2] != _SKU_TAG * count
            or texts[1 :: size + 2] != mark[1:] * count
            # Nothing that is not plain but the marks themselves.
            or texts.translate(None, _PLAIN) != mark.translate(None, _PLAIN) * count
        ):
            return self._parsed(payload)
        listed: Sequence[str] = ()
        if self._named:
            listed = texts.decode("ascii").split(mark.decode("ascii"))[1:]
        return Asked(market, count, same_sized(texts, mark, size), listed)

    def _parsed(self, payload: bytes) -> Asked | None:
        try:
            request = self._parse(payload)
        except DecodeError:
            return None
        market = known_market(request.channel, request.country)
        skus = list(request.skus)
        if (
            market is None
            or not 0 < len(skus) <= COLUMN_MAX
            or request.HasField("consistency")
            or len(payload) > limits.MESSAGE_BYTES_MAX
            or (self._named and request.location)
            or not skus_are_plain(skus)
        ):
            return None
        if len(self._markets) < limits.MARKETS_MAX:
            head = _MESSAGE[self._named](channel=request.channel, country=request.country)
            self._markets[head.SerializeToString()] = market
        return Asked(market, len(skus), arguments_of(tuple(skus)), skus)
