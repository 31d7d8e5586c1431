"""What a person sees of a file that is loaded: a bar on the way, a table at the end."""

from __future__ import annotations

import csv
import os
import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from sellable.cli.failure import usage
from sellable.cli.show import number, table
from sellable.cli.terminal import console_of
from sellable.ingest.events import encode
from sellable.stock import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from rich.console import RenderableType

    from sellable.ingest.order import Loaded
    from sellable.ingest.rows import Row

OUTCOMES: Final = ("applied", "unchanged", "stale", "duplicate", "rejected", "dead", "merged")
_STYLES: Final = {"applied": "green", "rejected": "bold red", "dead": "bold red"}
_COLUMNS: Final = ("file", "line", "reason", "detail", "row")
_SHOW_EVERY_S: Final = 0.2
_FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")
# What helps further, by the reason of rows that were refused.
_HINTS: Final = {
    "UNKNOWN_LOCATION": "`sellable network show` lists the locations; `locations` of a profile "
    "says what a file calls them",
}


class Rejects:
    """A CSV file of every row that was refused, as it came; appears when it is closed.

    People open it in a spreadsheet, and anybody may have written the rows: a detail or a row that
    begins as a formula does has an apostrophe before it.
    """

    def __init__(self, target: Path | None) -> None:
        """Take a file that may be there already; None writes nothing."""
        self._target = target
        self._part: Path | None = None
        self.file = ""

    def __enter__(self) -> Self:
        if self._target is not None:
            target = self._target.resolve()
            if target.exists() and not target.is_file():
                raise usage(f"cannot write {self._target}: it is not a file")
            self._part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
            try:
                self._stream = self._part.open("x", encoding="utf-8", newline="")
            except OSError as error:
                raise usage(f"cannot write {self._target}: {error.strerror}") from error
            self._writer = csv.writer(self._stream, lineterminator="\n")
            self._writer.writerow(_COLUMNS)
        return self

    def add(self, row: Row, reason: str, detail: str) -> None:
        """Write a row."""
        if self._part is None:
            return
        line, told = row
        payload = told.payload if isinstance(told, Refused) else encode(told).decode()
        self._writer.writerow((self.file, line or "", reason, _plain(detail), _plain(payload)))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._part is None or self._target is None:
            return
        # Also of a load that was cut off: those rows were refused all the same.
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        self._part.replace(self._target.resolve())


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text


class Display:
    """The bar of one load, on standard error and for people only; and the rejects beside it."""

    def __init__(self, rejects: Rejects) -> None:
        console = console_of(sys.stderr)
        self._rejects = rejects
        self._bar = Progress(
            TextColumn("{task.fields[name]}"),
            BarColumn(),
            TextColumn("{task.description}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=None, name="")
        self._begun = self._shown = time.monotonic()
        self._earlier = 0
        self._is_shown = console.is_terminal

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def begin(self, name: str) -> None:
        """Begin a file."""
        self._begun = time.monotonic()
        self._rejects.file = name
        self._bar.reset(self._task, name=Path(name).name)

    def progress(self, loaded: Loaded, bytes_read: int) -> None:
        now = time.monotonic()
        if not self._is_shown or now - self._shown < _SHOW_EVERY_S:
            return
        self._shown = now
        told = f"{number(loaded.rows)} rows, {number(_rate(loaded, now - self._begun))}/s"
        self._bar.update(
            self._task, completed=bytes_read, total=loaded.bytes_total, description=told
        )

    def rejected(self, row: Row, reason: str, detail: str) -> None:
        self._rejects.add(row, reason, detail)


def loaded_view(loaded: Loaded) -> Iterator[RenderableType]:
    """Show what became of one file."""
    if loaded.problem and not loaded.form:
        told = loaded.problem if loaded.known else f"{loaded.name}: {loaded.problem}"
        yield Text(told, style="yellow" if loaded.known else "bold red")
        yield from (Text(f"note: {note}", style="yellow") for note in loaded.notes)
        return
    style = "bold" if loaded.complete else "bold red"
    told = f": {loaded.form}, {number(loaded.rows)} rows in {loaded.seconds:.1f} s"
    yield Text.assemble((loaded.name, style), f"{told}, {number(_rate(loaded, loaded.seconds))}/s")
    counts = table("rows", "count")
    counts.columns[1].justify = "right"
    for name in OUTCOMES:
        if loaded.outcomes[name] or name not in {"dead", "merged"}:
            shown = Text(name, style=_STYLES.get(name, "") if loaded.outcomes[name] else "dim")
            counts.add_row(shown, number(loaded.outcomes[name]))
    if loaded.skipped:
        counts.add_row(Text("no facts, skipped", style="dim"), number(loaded.skipped))
    yield counts
    if loaded.reasons:
        yield _refused_view(loaded)
    yield from _counts_view(loaded)
    if loaded.sync_problem:
        yield Text.assemble(("no full count: ", "bold red"), loaded.sync_problem)
    yield from (Text(f"note: {note}", style="yellow") for note in loaded.notes)
    if loaded.problem:
        yield Text.assemble(("stopped: ", "bold red"), loaded.problem)
    for hint in (_HINTS[name] for name in loaded.reasons if name in _HINTS):
        yield Text.assemble(("hint: ", "bold cyan"), hint)


def _refused_view(loaded: Loaded) -> RenderableType:
    refused = table("refused", ">count", "line", "first of them")
    for name, reason in loaded.reasons.items():
        lines: dict[str, list[str]] = {}
        for line, text in reason.examples:
            lines.setdefault(text, []).append(str(line))
        for at, (text, numbers) in enumerate(lines.items()):
            first = (Text(name), number(reason.count)) if at == 0 else (Text(), Text())
            refused.add_row(*first, Text(", ".join(numbers)), Text(text))
    return refused


def _counts_view(loaded: Loaded) -> Iterator[RenderableType]:
    if not loaded.counts:
        return
    counted = table("full count of", "applied", "unchanged", "stale", "rejected", "now 0")
    problems = []
    for name, result in loaded.counts.items():
        if isinstance(result, str):
            problems.append(Text.assemble((name, "bold red"), f": {result}"))
        else:
            cells = (result.applied, result.unchanged, result.stale, result.rejected, result.zeroed)
            counted.add_row(Text(name), *map(number, cells))
    if counted.row_count:
        yield counted
    if problems:
        yield Group(*problems)


def _rate(loaded: Loaded, seconds: float) -> int:
    return round((loaded.rows - loaded.earlier) / max(1e-3, seconds))
