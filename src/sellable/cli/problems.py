"""Problems of a document beside the line that has them, as compilers show them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from rich.cells import cell_len

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sellable.errors import Problem, Violation

# YAML's line breaks.
_BREAK: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
# How the contract writes the place of a problem before the path of the field.
_PLACE: Final = re.compile(r"document:(?P<line>\d+):(?P<column>\d+) ?(?P<field>.*)", re.DOTALL)
_BEFORE_MAX: Final = 60
_AFTER_MAX: Final = 40


class Placed(NamedTuple):
    """A problem at a 1-based line and column."""

    line: int
    column: int
    field: str
    description: str


def placed_problems(problems: Iterable[Problem]) -> list[Placed]:
    """Return the problems that were found here."""
    return [Placed(p.line, p.column, p.field, p.description) for p in problems]


def placed_violations(violations: Iterable[Violation]) -> list[Placed]:
    """Return the problems that the service found."""
    placed = []
    for violation in violations:
        match = _PLACE.fullmatch(violation.field)
        line, column, field = (
            (int(match["line"]), int(match["column"]), match["field"])
            if match
            else (1, 1, violation.field)
        )
        placed.append(Placed(line, column, field, violation.description))
    return placed


def problem_lines(file: str, document: str, problems: Iterable[Placed]) -> Iterator[str]:
    """Yield each problem with its place, its source line and a caret under the column."""
    lines = _BREAK.split(document)
    for problem in problems:
        yield f"{file}:{problem.line}:{problem.column}: {problem.field}: {problem.description}"
        source = lines[problem.line - 1] if problem.line <= len(lines) else ""
        before, after = source[: problem.column - 1], source[problem.column - 1 :]
        if len(before) > _BEFORE_MAX:
            before = "..." + before[-_BEFORE_MAX:]
        if len(after) > _AFTER_MAX:
            after = after[:_AFTER_MAX] + "..."
        before, after = _printable(before), _printable(after)
        margin = f"{problem.line:>6} | "
        yield f"{margin}{before}{after}".rstrip()
        yield f"{' ' * 6} | {' ' * cell_len(before)}^"


def _printable(text: str) -> str:
    """Replace, one for one, what a terminal would obey or draw in a width of its own."""
    return "".join(
        letter if letter.isprintable() else " " if letter == "\t" else "\ufffd" for letter in text
    )
