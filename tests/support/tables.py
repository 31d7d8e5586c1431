"""Tables of script calls, one file a script: what was there, a call, its outcome, what is then.

A row is its promise on a line of its own, then indented lines: what happened before, `>` the call,
`<` its outcome and body (`...` for a body that is not compared), `<<` those of the same call again
where they differ, and last the whole state of stock, views and reservations (`=` where there is
none left); no such line means that they did not change, and `unchanged` that nothing did: no key
has anything new. `#` begins a remark.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[1] / "lua" / "tables"


@dataclass
class Row:
    """One line of a table; `state` None means that the call changes nothing."""

    table: str
    promise: str
    before: list[str] = field(default_factory=list)
    call: str = ""
    answer: str = ""
    answer_again: str = ""
    state: str | None = None

    @property
    def verb(self) -> str:
        """What the call is."""
        return self.call.split()[0]

    @property
    def names_state(self) -> bool:
        """Whether the row says what stock, views and reservations become."""
        return self.state not in {None, "unchanged"}

    @property
    def outcomes(self) -> set[str]:
        """The outcomes that the row sees of the script called."""
        return {self.answer.split()[0], self.answer_again.split()[0]}


def rows() -> list[Row]:
    """Read every row of every table."""
    return [row for path in sorted(FOLDER.glob("*.txt")) for row in _parse(path)]


def _parse(path: Path) -> list[Row]:
    found: list[Row] = []
    for raw in path.read_text().splitlines():
        line = raw.partition("#")[0].rstrip()
        if not line:
            continue
        if not line.startswith(" "):
            found.append(Row(path.stem, line))
            continue
        row, (mark, _, rest) = found[-1], line.strip().partition(" ")
        if mark == ">":
            row.call = rest
        elif mark == "<":
            row.answer = row.answer_again = rest
        elif mark == "<<":
            row.answer_again = rest
        elif row.answer:
            row.state = " ".join(filter(None, (row.state, line.strip().removeprefix("="))))
        else:
            row.before.append(line.strip())
    assert all(row.call and row.answer for row in found), f"{path.name} has a row without a call"
    return found
