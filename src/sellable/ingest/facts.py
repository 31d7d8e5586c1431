"""Cells of a row to facts, as layout and profile say.

`RowMaker.fast` answers the common row, compiled for the layout; whatever it does not know goes to
`RowMaker.slow`, which says what is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable.ingest.columns import ABSENT, stock_columns
from sellable.ingest.common_rows import COUNTS, Known, common_row
from sellable.ingest.numbers import Quantities
from sellable.ingest.profile import folded
from sellable.ingest.rows import refused
from sellable.ingest.times import Times
from sellable.limits import QUANTITY_MAX, REASON_BYTES_MAX, SEQUENCE_MAX
from sellable.names import identifier_problem, location_problem, sku_problem, text_problem
from sellable.network.report import quoted
from sellable.stock import Fact, FactKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from sellable.ingest.columns import FactColumn, Layout
    from sellable.ingest.rows import ReadContext, Row

_DIGITS_MAX: Final = len(str(SEQUENCE_MAX))
_PLACES_MAX: Final = 10_000
_FLAGS: Final = {"true": 1, "yes": 1, "1": 1, "y": 1, "false": 0, "no": 0, "0": 0, "n": 0}
_SUFFIX: Final = {FactKind.SAFETY_STOCK: ":safety", FactKind.BLOCKED: ":blocked"}


class RowMaker:
    """Makes the rows of one table."""

    def __init__(self, layout: Layout, context: ReadContext) -> None:
        """Compile what is the same for every row."""
        self.width = layout.width
        self._layout = layout
        self._context = context
        self._profile = context.profile
        self._known = Known(Quantities(context.profile), Times(context.profile))
        if context.location:
            self._known.places[""] = context.location
        self._stock = stock_columns(layout)
        self.fast = common_row(layout, context, self._known)

    def slow(self, line: int, cells: list[str], payload: Callable[[], str]) -> list[Row]:
        """Return the rows of any line; none if the profile says that it is no fact."""
        texts = [cell.strip() for cell in cells]
        if len(texts) != self._layout.width and any(texts[self._layout.width :]):
            return self._refuse(line, payload, [self._ragged(len(texts))])
        if not any(texts):
            return self._skip()
        if len(texts) < self._layout.width:
            return self._refuse(line, payload, [self._ragged(len(texts))])
        stated = [(column, texts[column.at]) for column in self._layout.facts]
        filled = [(column, text) for column, text in stated if text]
        held = [
            (column, text)
            for column, text in filled
            if folded(text) not in self._profile.not_a_position
        ]
        if not held and (filled or self._profile.blank_quantity == "skip"):
            return self._skip()
        problems: list[str] = []
        shared = self._shared(texts, line, problems)
        if not held:
            names = ", ".join(self._layout.headers[column.at] for column in self._layout.facts)
            problems.append(f"{names}: blank")
        if self._layout.wide:
            return self._wide(line, payload, shared, held, problems)
        facts = [self._fact(shared, texts, column, text, problems) for column, text in held]
        stock = [self._layout.headers[c.at] for c, _ in held if c in self._stock]
        if len(stock) > 1:
            problems.append(f"{' and '.join(stock)} are both filled: a row states one of them")
        if problems:
            return self._refuse(line, payload, problems)
        return [(line, fact) for fact in facts if fact is not None]

    def _wide(
        self,
        line: int,
        payload: Callable[[], str],
        shared: Fact | None,
        held: list[tuple[FactColumn, str]],
        problems: list[str],
    ) -> list[Row]:
        """Make one row a location; what is wrong in one cell leaves the others."""
        if problems or shared is None:
            return self._refuse(line, payload, problems)
        rows: list[Row] = []
        for column, text in held:
            wrong: list[str] = []
            fact = self._fact(shared, [], column, text, wrong)
            rows += self._refuse(line, payload, wrong) if fact is None else [(line, fact)]
        return rows

    def _shared(self, texts: list[str], line: int, problems: list[str]) -> Fact | None:
        """Read what all facts of a row have in common, as a fact without a quantity."""
        at = self._layout.at

        def text_of(name: str) -> str:
            return texts[at[name]] if at[name] != ABSENT else ""

        before = len(problems)
        sku = text_of("sku")
        if problem := ("is blank" if not sku else sku_problem(sku)):
            problems.append(f"sku {problem}")
        location = "" if self._layout.wide else self._place(text_of("location"), problems)
        observe = self._known.times.read(text) if (text := text_of("observe_time")) else 0
        if isinstance(observe, str):
            problems.append(f"observe_time {observe}")
        event_id = text_of("event_id") or f"{self._context.log_id}:{line}"
        if problem := identifier_problem(event_id):
            problems.append(f"event_id {problem}")
        sequence = _sequence(text_of("sequence"), line, problems)
        reason = text_of("reason")
        if reason and (problem := text_problem(reason, REASON_BYTES_MAX)):
            problems.append(f"reason {problem}")
        if len(problems) > before or isinstance(observe, str):
            return None
        return Fact(
            kind=FactKind.COUNT,
            event_id=event_id,
            source=self._context.source,
            sku=sku,
            location=location,
            observe_us=observe if text_of("observe_time") else self._context.observe_us,
            sequence=sequence,
            reason=reason,
        )

    def _place(self, text: str, problems: list[str]) -> str:
        """Return the location that a cell names."""
        if not text:
            if not self._context.location:
                problems.append("location is blank, and none was given for the whole file")
            return self._context.location
        location = self._profile.locations.get(text.casefold(), text)
        if problem := location_problem(location):
            problems.append(
                f"location {quoted(text)} {problem}; or say which one it is in `locations` of the "
                "profile"
            )
        elif len(self._known.places) < _PLACES_MAX:
            self._known.places[text] = location
        return location

    def _fact(
        self,
        shared: Fact | None,
        texts: list[str],
        column: FactColumn,
        text: str,
        problems: list[str],
    ) -> Fact | None:
        name = self._layout.headers[column.at]
        quantity = self._quantity(column, text)
        if isinstance(quantity, str):
            problems.append(f"{name} {quantity}")
            return None
        if self._layout.at["status"] != ABSENT and texts and column.kind in COUNTS:
            quantity = 0 if self._is_zero(texts[self._layout.at["status"]]) else quantity
        if shared is None:
            return None
        suffix = _SUFFIX.get(column.kind, "")
        if suffix and (problem := identifier_problem(shared.event_id + suffix)):
            problems.append(f"event_id with {suffix} {problem}")
            return None
        return Fact(
            kind=column.kind,
            event_id=shared.event_id + suffix,
            source=shared.source,
            sku=shared.sku,
            location=column.location or shared.location,
            observe_us=shared.observe_us,
            sequence=shared.sequence,
            quantity=quantity,
            reason=shared.reason,
        )

    def _quantity(self, column: FactColumn, text: str) -> int | str:
        if column.kind is FactKind.BLOCKED:
            flag = _FLAGS.get(text.casefold())
            return f"{quoted(text)} must be true or false" if flag is None else flag
        quantity = self._known.quantities.read(text, up=column.sold)
        if isinstance(quantity, str):
            return quantity
        bound = self._profile.quantity_max
        if bound and abs(quantity) > bound:
            return (
                f"{quoted(text)} is beyond {bound}, the quantity_max of the profile "
                f"{self._profile.name}: taken for a place-holder"
            )
        if column.kind is FactKind.DELTA:
            signed = -quantity if column.sold else quantity
            return signed or "must not be 0: nothing came or went"
        if quantity < 0 and column.kind in COUNTS and self._profile.negative_counts == "zero":
            return 0
        return quantity if quantity >= 0 else f"{quoted(text)} is negative: 0 to {QUANTITY_MAX}"

    def _ragged(self, count: int) -> str:
        return f"the row has {count} cells, the header {self._layout.width}"

    def _skip(self) -> list[Row]:
        self._context.notes.skipped += 1
        return []

    def _refuse(self, line: int, payload: Callable[[], str], problems: list[str]) -> list[Row]:
        return [(line, refused(self._context, "; ".join(problems), payload()))]

    def _is_zero(self, status: str) -> bool:
        """Tell whether a count with this status is 0."""
        zero = folded(status) in self._profile.status_is_zero
        if len(self._known.statuses) < _PLACES_MAX:
            self._known.statuses[status] = zero
        return zero


def _sequence(text: str, line: int, problems: list[str]) -> int:
    if not text:
        return line
    if (
        text.isdecimal()
        and text.isascii()
        and len(text) <= _DIGITS_MAX
        and int(text) <= SEQUENCE_MAX
    ):
        return int(text)
    problems.append(f"sequence {quoted(text)} must be a whole number from 0 to {SEQUENCE_MAX}")
    return 0
