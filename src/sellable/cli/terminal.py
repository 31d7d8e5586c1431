"""What the commands write: results to standard output, everything else to standard error."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson
from rich.console import Console
from rich.text import Text

from sellable.cli.failure import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import TextIO

    from rich.console import RenderableType

    from sellable.cli.failure import Failure

# Nobody wraps lines for a pipe or a file: a table there is as wide as its cells.
_WIDTH_UNBOUNDED: Final = 10_000


class Streamed(NamedTuple):
    """A JSON object with one long list that is written as it comes.

    Args:
        before: The members before the list.
        name: Of the list.
        items: Of the list.
        after: Answers the members after the list, once it has ended.
    """

    before: Mapping[str, Any]
    name: str
    items: Iterator[Any]
    after: Callable[[], Mapping[str, Any]]


class Answer(NamedTuple):
    """The result of a command: a value for scripts, a view for people; only one of them is read.

    A string of the view is written as it is, to the byte. Notes are for people, too, and go to
    standard error before it.
    """

    value: Any
    view: Iterable[RenderableType]
    exit_code: ExitCode = ExitCode.DONE
    notes: Iterable[Text] = ()


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Raise what every other writer raises."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def is_unbounded(stream: TextIO) -> bool:
    """Tell whether lines may be as long as they like: on no terminal, and nobody said otherwise."""
    return not stream.isatty() and "COLUMNS" not in os.environ


def console_of(stream: TextIO) -> Console:
    """Return a console that writes text as it is: a SKU may look like markup, or like a number."""
    width = _WIDTH_UNBOUNDED if is_unbounded(stream) else None
    return _Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


def write_answer(answer: Answer, *, as_json: bool) -> None:
    """Write a result to standard output, or as much of it as is wanted there."""
    try:
        _write(answer, as_json=as_json)
    except BrokenPipeError:
        # Whoever read it had enough, as `| head` has; Python would complain about the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write(answer: Answer, *, as_json: bool) -> None:
    if as_json and isinstance(answer.value, Streamed):
        _stream_json(sys.stdout, answer.value)
    elif as_json:
        _write_json(sys.stdout, answer.value)
    else:
        told = console_of(sys.stderr)
        for note in answer.notes:
            told.print(note, soft_wrap=True)
        console = console_of(sys.stdout)
        for part in answer.view:
            if isinstance(part, str):
                sys.stdout.write(part)
                sys.stdout.flush()  # whoever reads may have left: to be learned here, not at exit
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
    stream.write(f"{_json(value)}\n")
    stream.flush()


def _stream_json(stream: TextIO, value: Streamed) -> None:
    first = next(value.items, None)  # what is refused at once is refused before anything is written
    members = [f"{_json(name)}:{_json(member)}" for name, member in value.before.items()]
    stream.write("{" + "".join(f"{member}," for member in members) + f"{_json(value.name)}:[")
    if first is not None:
        stream.write(_json(first))
    stream.writelines(f",{_json(item)}" for item in value.items)
    after = "".join(f",{_json(name)}:{_json(member)}" for name, member in value.after().items())
    stream.write(f"]{after}}}\n")
    stream.flush()


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
