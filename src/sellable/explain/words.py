"""How quantities come about, for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sellable.network import Buffer

_STEPS: Final = (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000))


def kept(buffer: Buffer, on_hand: int) -> int:
    """Answer how many units a buffer keeps back: a percentage is rounded up."""
    share = -(-on_hand * buffer.basis_points // 10_000)
    return max(buffer.units, buffer.floor, share)


def buffer_words(buffer: Buffer, on_hand: int) -> str:
    """Answer how `kept` comes about, e.g. `10% of 120 on hand, at least 5`."""
    percent, comma, floor = str(buffer).partition(", ")
    if not buffer.basis_points:
        return str(buffer)
    return f"{percent} of {on_hand} on hand{comma}{floor}"


def duration_words(duration_ms: int) -> str:
    """Answer the two largest units of a duration, e.g. `1 h 40 min`."""
    parts: list[str] = []
    rest = max(0, duration_ms)
    for unit, unit_ms in _STEPS:
        count, rest = divmod(rest, unit_ms)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
    return " ".join(filter(None, parts[:2])) or "0 s"
