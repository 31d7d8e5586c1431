"""Windows in time: the instants they are for a place, and how they are told."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo

from sellable.network.zones import instant_ms

if TYPE_CHECKING:
    from sellable.network.values import Window

# From the first, until just before the second, in ms since 1970; None: no bound.
Instants: TypeAlias = tuple[int | None, int | None]

ALWAYS: Instants = (None, None)


def instants(window: Window | None, zone: str | None) -> Instants:
    """Answer when a window begins and ends for a place with this zone."""
    return ALWAYS if window is None else _instants(window, zone)


def holds(window: Window | None, time_zone: str | None, at_ms: int) -> bool:
    """Tell whether the moment is in the window, for a place with this zone.

    `at_ms` is in ms since 1970. The first moment of the window belongs to it, the last does not;
    of a local time that occurs twice, when clocks go back, `from` means the first and `until` the
    second. Without a window it always holds. A place without a zone is asked about windows with an
    offset alone: local ones were refused for it.
    """
    return window is None or within(_instants(window, time_zone), at_ms)


def within(span: Instants, at_ms: int) -> bool:
    """Tell whether a moment is between two instants; the first belongs to it, the second not."""
    start, end = span
    return (start is None or start <= at_ms) and (end is None or at_ms < end)


def shown(at_ms: int, zone: str | None) -> str:
    """Write an instant as the clocks of a zone show it, with the offset."""
    place = UTC if zone is None else ZoneInfo(zone)
    return datetime.fromtimestamp(at_ms / 1000, place).isoformat(timespec="seconds")


def span_shown(span: Instants, zone: str | None) -> str:
    """Write both instants: "from A until B", with what there is; "always" without any."""
    words = [
        f"{word} {shown(at_ms, zone)}"
        for word, at_ms in zip(("from", "until"), span, strict=True)
        if at_ms is not None
    ]
    return " ".join(words) or "always"


# Windows are few, but each is asked for once a place, rule and moment.
@lru_cache(maxsize=65_536)
def _instants(window: Window, zone: str | None) -> Instants:
    start, end = window.start, window.end
    return (
        None if start is None else instant_ms(start, zone, last=False),
        None if end is None else instant_ms(end, zone, last=True),
    )
