"""How postal codes are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable.limits import POSTAL_PREFIX_CHARACTERS_MAX

if TYPE_CHECKING:
    from sellable.network.entry import Entry
    from sellable.network.report import Report

_LEFT_OUT: Final = str.maketrans("", "", " -")


def plain_postal_code(text: str) -> str:
    """Write a postal code without spaces and hyphens, in upper case: `sw1a 1aa` as `SW1A1AA`."""
    return text.translate(_LEFT_OUT).upper()


def read_postal_prefixes(entry: Entry, key: str, report: Report) -> tuple[str, ...]:
    """Read how postal codes begin, each as `plain_postal_code` writes it."""
    found: dict[str, None] = {}
    for text, mark, path in entry.texts(key):
        plain = plain_postal_code(text)
        if plain.isalnum() and len(plain) <= POSTAL_PREFIX_CHARACTERS_MAX:
            found[plain] = None
        else:
            most = POSTAL_PREFIX_CHARACTERS_MAX
            report.add(mark, path, f"must be 1 to {most} letters and digits, such as 75 or SW1A")
    return tuple(found)
