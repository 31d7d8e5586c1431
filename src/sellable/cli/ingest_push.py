"""`sellable ingest push`: a producer for the shell."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Final

import typer
from rich.text import Text

from sellable.cli.client import AsJson
from sellable.cli.documents import document_name, opened_rows
from sellable.cli.failure import ExitCode, usage
from sellable.cli.show import number
from sellable.cli.terminal import Answer, write_answer
from sellable.names import identifier_problem
from sellable.settings import InForce

if TYPE_CHECKING:
    from sellable.settings import Settings
    from sellable.store.wire import Command

_EVENTS_PER_ENTRY: Final = 100
_ENTRIES_AT_ONCE: Final = 20
_LINES_AT_ONCE: Final = _EVENTS_PER_ENTRY * _ENTRIES_AT_ONCE
_TOLD_MAX: Final = 1_000  # lines that were refused, in JSON; a person is shown the first hundred
_SHOWN_MAX: Final = 100


def push_command(
    in_force: InForce,
    source: Annotated[str, typer.Argument(metavar="SOURCE", show_default=False)],
    path: Annotated[
        Path, typer.Argument(metavar="[PATH]", help="JSON Lines; - reads standard input")
    ] = Path("-"),
    *,
    as_json: AsJson = False,
) -> None:
    """Put events into the stream of a source, for its workers to apply.

    Each line is one event as JSON, with the field names of the API. Every
    line is checked first: one that is no event is told and not put in; then
    the exit code is 1. A line that is put in twice counts as its event_id says.

    Examples:
      sellable ingest push wms-paris counts.jsonl
      sellable ingest push till-7 - --store redis://localhost:6379
    """
    if problem := identifier_problem(source):
        raise usage(f"SOURCE {problem}")
    with opened_rows(path) as lines:
        pushed = asyncio.run(_push(in_force.settings, source, lines))
    name = document_name(path)
    notes = [Text(f"{name}:{row['line']}: {row['detail']}") for row in pushed.told[:_SHOWN_MAX]]
    if pushed.refused > _SHOWN_MAX:
        notes.append(Text(f"... and {number(pushed.refused - _SHOWN_MAX)} more lines"))
    value = {
        "source": source,
        "events": pushed.events,
        "entries": pushed.entries,
        "refused_count": pushed.refused,
        "refused": pushed.told,
    }
    line = Text.assemble(
        number(pushed.events), " events in ", number(pushed.entries), f" entries for {source}"
    )
    code = ExitCode.REFUSED if pushed.refused else ExitCode.DONE
    write_answer(Answer(value, [line], code, notes), as_json=as_json)
    if code:
        raise typer.Exit(code)


class _Pushed:
    """What was put in, and the lines that were not."""

    def __init__(self) -> None:
        self.events = 0
        self.entries = 0
        self.refused = 0
        self.told: list[dict[str, Any]] = []

    def refuse(self, line: int, detail: str) -> None:
        self.refused += 1
        if len(self.told) < _TOLD_MAX:
            self.told.append({"line": line, "detail": detail})


async def _push(settings: Settings, source: str, lines: BinaryIO) -> _Pushed:
    from sellable.ingest.opening import open_ingest_store  # noqa: PLC0415 - seconds to load

    pushed = _Pushed()
    async with open_ingest_store(settings) as store:
        key = store.runner.partition.waiting(source)
        numbered = enumerate(lines, 1)
        while some := list(islice(numbered, _LINES_AT_ONCE)):
            events = list(_good(some, source, pushed))
            commands: list[Command] = []
            for at in range(0, len(events), _EVENTS_PER_ENTRY):
                part = events[at : at + _EVENTS_PER_ENTRY]
                fields = [text for event in part for text in (b"event", event)]
                commands.append(("XADD", key, "*", *fields))
            await store.runner.change(commands)
            pushed.events += len(events)
            pushed.entries += len(commands)
    return pushed


def _good(some: list[tuple[int, bytes]], source: str, pushed: _Pushed) -> Iterator[bytes]:
    """Yield the lines that are events; an empty line is none."""
    from sellable.ingest.events import decode  # noqa: PLC0415 - as above
    from sellable.stock import Refused  # noqa: PLC0415

    for line, raw in some:
        event = raw.strip()
        if not event:
            continue
        row = decode(event, source)
        if isinstance(row, Refused):
            pushed.refuse(line, row.detail)
        else:
            yield event
