"""How parts of a network are told in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sellable.network.values import Window

LISTED_MAX: Final = 10
NOTHING: Final = "none"


def listed(words: Iterable[str]) -> str:
    """Write a list, cut where it is too long to help."""
    shown = list(words)
    rest = len(shown) - LISTED_MAX
    return ", ".join(shown[:LISTED_MAX]) + (f" and {rest} more" if rest > 0 else "")


def members_changed(before: Iterable[str], after: Iterable[str]) -> str:
    """Write what was added and removed; nothing if only the order differs."""
    kept_before, kept_after = dict.fromkeys(before), dict.fromkeys(after)
    added = [f"+{name}" for name in kept_after if name not in kept_before]
    removed = [f"-{name}" for name in kept_before if name not in kept_after]
    return listed([*added, *removed])


def ends_shown(window: Window | None) -> dict[str, str]:
    """Answer both ends of a window as the document writes them."""
    start, end = (window.start, window.end) if window else (None, None)
    return {
        "from": start.isoformat() if start else NOTHING,
        "until": end.isoformat() if end else NOTHING,
    }


def window_shown(window: Window | None) -> str:
    """Write " from A until B", with what there is."""
    ends = ends_shown(window)
    return "".join(f" {key} {moment}" for key, moment in ends.items() if moment != NOTHING)
