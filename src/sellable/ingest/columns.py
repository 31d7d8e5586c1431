"""Which column of a table is what: the header beside the profile."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from sellable.ingest.profile import COLUMNS, FACT_COLUMNS, STOCK_COLUMNS, CountMeaning, folded
from sellable.ingest.rows import FileProblem
from sellable.names import location_problem
from sellable.network.report import quoted
from sellable.stock import FactKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.ingest.profile import Profile
    from sellable.ingest.rows import ReadContext

_SHOWN_MAX: Final = 20
_COMPARED_MAX: Final = 1_000  # a hint must not cost more than the header did
_COMPARED_LENGTH_MAX: Final = 64
ABSENT: Final = -1
_KIND_OF_COUNT: Final = {
    CountMeaning.ON_HAND: FactKind.COUNT,
    CountMeaning.NET_OF_RESERVED: FactKind.NET_COUNT,
    CountMeaning.DELTA: FactKind.DELTA,
    CountMeaning.SOLD: FactKind.DELTA,
}
_KINDS: Final = {
    "on_hand_quantity": FactKind.COUNT,
    "net_quantity": FactKind.NET_COUNT,
    "delta_quantity": FactKind.DELTA,
    "safety_stock_quantity": FactKind.SAFETY_STOCK,
    "blocked": FactKind.BLOCKED,
}


@dataclass(frozen=True, slots=True)
class FactColumn:
    """A column that states a fact.

    `location` is set in wide tables only. `sold` units are those that went.
    """

    name: str
    at: int
    kind: FactKind
    location: str = ""
    sold: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """The 0-based places of the columns; ABSENT where there is none."""

    width: int
    at: dict[str, int]
    facts: tuple[FactColumn, ...]
    wide: bool = False
    headers: tuple[str, ...] = field(default=())


def find_columns(header: Sequence[str], profile: Profile) -> dict[str, int]:
    """Return the place of every column of the profile that the header has.

    Of several headers that may name a column, the one that the profile lists first counts.
    """
    places: dict[str, int] = {}
    for at, cell in enumerate(header):
        places.setdefault(folded(cell), at)
    found = {}
    for name, wanted in profile.columns.items():
        matches = (places[folded(one)] for one in wanted if folded(one) in places)
        if (at := next(matches, ABSENT)) != ABSENT:
            found[name] = at
    return found


def read_header(header: Sequence[str], context: ReadContext, line: int) -> Layout:
    """Return the layout; raise FileProblem if a column is missing or stands there twice."""
    profile = context.profile
    found = find_columns(header, profile)
    if "sku" not in found:
        raise _missing("the sku", profile.columns.get("sku", ()), header, line)
    if profile.wide:
        facts = _locations(header, found, context, line)
    else:
        facts = tuple(
            FactColumn(
                name,
                found[name],
                _KINDS.get(name) or _KIND_OF_COUNT[profile.count],
                sold=profile.count is CountMeaning.SOLD and name == "quantity",
            )
            for name in FACT_COLUMNS
            if name in found
        )
        if not facts:
            wanted = [one for name in FACT_COLUMNS for one in profile.columns.get(name, ())]
            raise _missing("a quantity", wanted, header, line)
        if "location" not in found and not context.location:
            wanted = list(profile.columns.get("location", ()))
            raise _missing("the location, and no location was given", wanted, header, line)
    _refuse_doubles(header, found, facts, line)
    at = {name: found.get(name, ABSENT) for name in COLUMNS}
    return Layout(len(header), at, facts, profile.wide, tuple(cell.strip() for cell in header))


def stock_columns(layout: Layout) -> list[FactColumn]:
    """Return the columns of which a row may fill only one."""
    return [column for column in layout.facts if column.name in STOCK_COLUMNS]


def _locations(
    header: Sequence[str], found: dict[str, int], context: ReadContext, line: int
) -> tuple[FactColumn, ...]:
    """Take every column that is nothing else for a location."""
    profile = context.profile
    taken = set(found.values())
    kind = _KIND_OF_COUNT[profile.count]
    columns: dict[str, FactColumn] = {}
    for at, cell in enumerate(header):
        name = cell.strip()
        if at in taken or not name or folded(name) in profile.not_locations:
            continue
        location = profile.locations.get(name.casefold(), name)
        if location_problem(location):
            raise FileProblem(
                f"column {at + 1}, {quoted(name)}, is no location id: say in `locations` of the "
                "profile which one it is, or list it in `not_locations`",
                line=line,
            )
        if location in columns:
            raise FileProblem(
                f"columns {columns[location].at + 1} and {at + 1} are both the location {location}",
                line=line,
            )
        columns[location] = FactColumn(
            "quantity", at, kind, location, profile.count is CountMeaning.SOLD
        )
    if not columns:
        raise FileProblem("no column is a location", line=line)
    return tuple(columns.values())


def _refuse_doubles(
    header: Sequence[str], found: dict[str, int], facts: Sequence[FactColumn], line: int
) -> None:
    used = {folded(header[at]) for at in found.values()} | {folded(header[f.at]) for f in facts}
    seen: dict[str, int] = {}
    for at, cell in enumerate(header):
        word = folded(cell)
        if word in used and word in seen:
            raise FileProblem(
                f"columns {seen[word] + 1} and {at + 1} are both called {quoted(cell.strip())}",
                line=line,
            )
        seen.setdefault(word, at)


def _missing(what: str, wanted: Sequence[str], header: Sequence[str], line: int) -> FileProblem:
    shown = [quoted(cell.strip()) for cell in header[:_SHOWN_MAX]]
    more = f" and {len(header) - _SHOWN_MAX} more" if len(header) > _SHOWN_MAX else ""
    short = (cell for cell in header[:_COMPARED_MAX] if len(cell) <= _COMPARED_LENGTH_MAX)
    by_folded = {folded(cell): cell.strip() for cell in short}
    near = [m for one in wanted for m in get_close_matches(folded(one), by_folded, n=1, cutoff=0.7)]
    hint = f"; did you mean {quoted(by_folded[near[0]])}?" if near else ""
    looked = ", ".join(quoted(one) for one in wanted) or "none: the profile names no header for it"
    return FileProblem(
        f"no column for {what}. Looked for: {looked}. Found: {', '.join(shown)}{more}{hint}",
        line=line,
    )
