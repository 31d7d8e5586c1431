"""What the store knows of one SKU in one market, raw and of one moment.

The script `explain` answers what there is once, packed, and then, as the engine has them: the
fields of the SKU, and the market's locations in binding order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LIMITED: Final = "q"  # a view's mark for a number that quotas limit further
# How many values are packed in a field: lua/README.md says which.
_POSITION_VALUES, _BASE_VALUES, _SETTING_VALUES = 4, 7, 5
_LIST_HEAD: Final = 0x90  # of MessagePack, for up to 15 values


class Told(Struct, frozen=True):
    """What a back end said of a position; without a value nobody said anything."""

    value: int | None = None
    observe_us: int = 0
    source: str = ""


class PositionAt(Struct, frozen=True, kw_only=True):
    """A position at a location of the market.

    `level` says for how many periods its feed has been silent, `seen_ms` when it was last heard.
    """

    location: str
    on_hand: int
    reserved: int
    level: int = 0
    seen_ms: int = 0
    base: Told = Told()
    safety_stock: Told = Told()
    blocked: Told = Told()


class Once(Struct, frozen=True, array_like=True):
    """What there is once; `view` is what readers are answered from, empty without a position."""

    now_ms: int
    network_version: int
    as_of_ms: int
    next_switch_ms: int
    item_class: str
    view: str
    quotas: list[tuple[str, int]]
    silent: list[tuple[str, int, int]]
    future: int = 0


class Snapshot(Struct, frozen=True):
    """A SKU in a market, with its positions in binding order."""

    once: Once
    positions: list[PositionAt]

    @property
    def taken(self) -> Mapping[str, int]:
        """Units taken of each quota that the scripts count this SKU in."""
        return dict(self.once.quotas)

    @property
    def limited(self) -> bool:
        """Whether the scripts ask quotas beside the view."""
        return self.once.view.endswith(_LIMITED)

    @property
    def shown(self) -> int | None:
        """The number of the view, before any quota; None without a position in the market."""
        return int(self.once.view.removesuffix(_LIMITED)) if self.once.view else None


_decode_once: Final = msgspec.msgpack.Decoder(Once).decode
_decode_names: Final = msgspec.msgpack.Decoder(list[str]).decode
_decode_values: Final = msgspec.msgpack.Decoder(list[Any]).decode


def read_snapshot(packed: bytes, fields: Sequence[bytes], chunks: Sequence[bytes]) -> Snapshot:
    """Read what the script answered."""
    once = _decode_once(packed)
    found = dict(zip(fields[::2], fields[1::2], strict=True))
    silent = {location: (level, seen_ms) for location, level, seen_ms in once.silent}
    positions = []
    for location in (name for chunk in chunks for name in _decode_names(chunk)):
        name = location.encode()
        if name not in found:
            continue
        on_hand, reserved, *_ = _values(found[name], _POSITION_VALUES)
        level, seen_ms = silent.get(location, (0, 0))
        positions.append(
            PositionAt(
                location=location,
                on_hand=on_hand,
                reserved=reserved,
                level=level,
                seen_ms=seen_ms,
                base=_told(found.get(b"b:" + name), _BASE_VALUES),
                safety_stock=_told(found.get(b"s:" + name), _SETTING_VALUES),
                blocked=_told(found.get(b"x:" + name), _SETTING_VALUES),
            )
        )
    return Snapshot(once, positions)


def _told(packed: bytes | None, count: int) -> Told:
    """Read a fact: value, observe time, sequence, event id, source, and more of a base."""
    if packed is None:
        return Told()
    value, observe_us, _, _, source, *_ = _values(packed, count)
    return Told(value, observe_us, source)


def _values(packed: bytes, count: int) -> list[Any]:
    """Read a field: some values one after the other, which are a list once they have its head.

    The last one of a base is missing where no release that knows it has written the base.
    """
    try:
        return _decode_values(bytes((_LIST_HEAD + count,)) + packed)
    except msgspec.DecodeError:
        return _decode_values(bytes((_LIST_HEAD + count - 1,)) + packed)
