"""Reads which markets, SKUs and item classes an entry speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable import names
from sellable.network.report import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sellable.network.entry import Entry
    from sellable.network.report import Report
    from sellable.network.values import Market


def known_markets(entry: Entry, markets: Mapping[str, Market], report: Report) -> tuple[str, ...]:
    """Read the markets that an entry names, and report those that there are not."""
    known = []
    for text, mark, path in entry.texts("market"):
        if text in markets:
            known.append(text)
        else:
            hint = report.hint(text, markets)
            report.add(mark, path, f"unknown market {quoted(text)}{hint}")
    return tuple(known)


def skus(entry: Entry, report: Report) -> tuple[str, ...]:
    """Read the SKUs that an entry names."""
    return checked_texts(entry, "sku", names.sku_problem, report)


def item_classes(entry: Entry, report: Report) -> tuple[str, ...]:
    """Read the item classes that an entry names."""
    return checked_texts(entry, "item_class", names.item_class_problem, report)


def checked_texts(
    entry: Entry, key: str, check: Callable[[str], str | None], report: Report
) -> tuple[str, ...]:
    """Read one text or a list of them, and report those that are wrong."""
    items = entry.texts(key)
    for text, mark, path in items:
        if problem := check(text):
            report.add(mark, path, problem)
    return tuple(text for text, _, _ in items)
