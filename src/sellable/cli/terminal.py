"""What the commands write: results to standard output, everything else to standard error."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson
from rich.console import Console
from rich.text import Text

from sellable.cli.failure import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from rich.console import RenderableType

    from sellable.cli.failure import Failure

# Nobody wraps lines for a pipe or a file: a table there is as wide as its cells.
_WIDTH_UNBOUNDED: Final = 10_000


class Answer(NamedTuple):
    """The result of a command: a value for scripts, a view for people.

    A string of the view is written as it is, to the byte.
    """

    value: Any
    view: Sequence[RenderableType]
    exit_code: ExitCode = ExitCode.DONE


def console_of(stream: TextIO) -> Console:
    """Return a console that writes text as it is: a SKU may look like markup, or like a number."""
    width = None if stream.isatty() or "COLUMNS" in os.environ else _WIDTH_UNBOUNDED
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


def write_answer(answer: Answer, *, as_json: bool) -> None:
    """Write a result to standard output."""
    if as_json:
        _write_json(sys.stdout, answer.value)
    else:
        console = console_of(sys.stdout)
        for part in answer.view:
            if isinstance(part, str):
                sys.stdout.write(part)
            else:
                console.print(part)


def write_failure(failure: Failure, *, as_json: bool) -> None:
    """Write why there is no result to standard error."""
    if as_json:
        _write_json(sys.stderr, failure.value)
        return
    console = console_of(sys.stderr)
    console.print(Text.assemble(("error: ", "bold red"), failure.message), soft_wrap=True)
    for note in failure.notes:
        console.print(Text(f"  {note}"), soft_wrap=True)
    if failure.hint:
        console.print(Text.assemble(("hint: ", "bold cyan"), failure.hint), soft_wrap=True)


def _write_json(stream: TextIO, value: object) -> None:
    stream.write(orjson.dumps(value).decode() + "\n")
    stream.flush()
