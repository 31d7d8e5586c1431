"""What the person sees while the demo works: moving bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Final, Protocol

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

_BAR_INTERVAL_S: Final = 0.1
_LINE_INTERVAL_S: Final = 2.0


class Show(Protocol):
    """Takes how much is done, 0 to 1, and a detail that is asked for when it is shown."""

    def __call__(self, fraction: float, detail: Callable[[], str], /) -> None:
        """Take note of it."""
        ...


class Display:
    """Tells what the demo does.

    Args:
        console: where; a bar needs a terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str) -> None:
        """Write one line."""
        self._console.print(text, highlight=False, soft_wrap=True)

    @contextmanager
    def working(self, title: str) -> Iterator[Show]:
        """Show some work until the block ends; tell what it yields as often as you like."""
        if self._console.is_terminal:
            with self._bar(title) as show:
                yield _spaced(show, _BAR_INTERVAL_S)
        else:
            began = perf_counter()

            def line(fraction: float, detail: Callable[[], str], /) -> None:
                self.say(f"{title}: {fraction:4.0%} {detail()}, {perf_counter() - began:.0f} s")

            self.say(title)
            yield _spaced(line, _LINE_INTERVAL_S)

    @contextmanager
    def _bar(self, title: str) -> Iterator[Show]:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TextColumn("{task.fields[detail]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console) as bars:
            task = bars.add_task(title, total=1.0, detail="")

            def show(fraction: float, detail: Callable[[], str], /) -> None:
                bars.update(task, completed=fraction, detail=detail())

            yield show
            bars.update(task, completed=1.0)


def _spaced(show: Show, interval_s: float) -> Show:
    """Pass on one call in an interval, and the first that says it is done."""
    next_s = perf_counter() + interval_s
    done = False

    def spaced(fraction: float, detail: Callable[[], str], /) -> None:
        nonlocal next_s, done
        now_s = perf_counter()
        if not done and (now_s >= next_s or fraction >= 1.0):
            next_s = now_s + interval_s
            done = fraction >= 1.0
            show(fraction, detail)

    return spaced
