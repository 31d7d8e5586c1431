"""What the sourcing section may refer to, and where its problems go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sellable import names
from sellable.network.report import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from sellable.network.entry import Entry
    from sellable.network.report import Report
    from sellable.network.schema import Places
    from sellable.network.values import Location, Market


@dataclass(frozen=True, slots=True)
class Known:
    """The rest of the document."""

    report: Report
    places: Places
    locations: tuple[Location, ...]
    markets: Mapping[str, Market]

    def named(
        self, entry: Entry, key: str, there: Collection[str], unknown: str
    ) -> tuple[str, ...]:
        """Read names of what is there; `unknown` begins what is said of others."""
        found = []
        for text, mark, path in entry.texts(key):
            if text in there:
                found.append(text)
            else:
                hint = self.report.hint(text, there)
                self.report.add(mark, path, f"{unknown} {quoted(text)}{hint}")
        return tuple(found)

    def countries(self, entry: Entry, key: str) -> tuple[str, ...]:
        """Read country codes."""
        found = entry.texts(key)
        for text, mark, path in found:
            if problem := names.country_problem(text):
                self.report.add(mark, path, problem)
        return tuple(text for text, _, _ in found)


class Titles:
    """The names in one list of the document, each to be given once."""

    def __init__(self, kind: str, key: str, check: Callable[[str], str | None]) -> None:
        """Take what the things are called, and the key of their names."""
        self._kind = kind
        self._key = key
        self._check = check
        self._line_by_name: dict[str, int] = {}

    def read(self, entry: Entry) -> str:
        """Read the name of an entry; one that is wrong or repeated is reported, and answered."""
        name = entry.required_text(self._key, self._check)
        if name in self._line_by_name:
            line = self._line_by_name[name]
            text = f"duplicate {self._kind} {quoted(name)}, first at line {line}"
            entry.problem(self._key, text)
        elif name:
            self._line_by_name[name] = entry.mark.line
        return name


def slashless_problem(text: str) -> str | None:
    """Check the id of a carrier or service, of which `carrier/service` is made."""
    if problem := names.identifier_problem(text):
        return problem
    return "must not have a slash: services are named carrier/service" if "/" in text else None
