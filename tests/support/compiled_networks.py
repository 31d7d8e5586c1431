"""Looks numbers up in a compiled network as the scripts do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import msgpack

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS: Final = ("protection_buffer", "cap", "safety_stock", "blocked", "quotas")


class Lookup:
    """Finds the number of a SKU, else of its class, else the default."""

    def __init__(self, fields: Mapping[str, bytes]) -> None:
        """Decode the fields."""
        self._fields: dict[str, Any] = {name: msgpack.decode(raw) for name, raw in fields.items()}

    def number(self, effect: str, place: str, sku: str, item_class: str | None) -> Any:
        """Answer the first number found; -1 for no cap."""
        kind = KINDS.index(effect)
        for key in (f"u:{sku}", f"c:{item_class}"):
            if key in self._fields and place in self._fields[key][kind]:
                return self._fields[key][kind][place]
        return self._default(effect, place)

    def quotas(self, market: str, sku: str, item_class: str | None) -> list[tuple[str, int]]:
        """Answer counter and units of every quota of the SKU and of its class."""
        found = []
        for key in (f"u:{sku}", f"c:{item_class}"):
            found += self._fields.get(key, ({},) * len(KINDS))[4].get(market, [])
        return [(key, units) for key, units in found]

    def _default(self, effect: str, place: str) -> Any:
        if effect in {"safety_stock", "blocked"}:
            return self._fields[f"l:{place}"][1 if effect == "safety_stock" else 3]
        for key, value in self._fields.items():
            flat = value[2] if key.startswith("l:") else []
            for start in range(0, len(flat), 5):
                if flat[start] == place:
                    return flat[start + 4] if effect == "cap" else flat[start + 1 : start + 4]
        raise AssertionError(place)


def buffer_values(buffer: int | str) -> list[int]:
    """Write a buffer of a document as the compiled form does."""
    if isinstance(buffer, int):
        return [buffer, 0, 0]
    percent, _, floor = buffer.partition("%")
    return [0, int(percent) * 100, int(floor.removeprefix(", at least ") or 0)]
