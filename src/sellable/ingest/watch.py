"""Loads the files that arrive in a folder, each once, whenever it is killed and started again.

What is loaded is known by its content, in the store. So a file that was loaded but not yet moved is
only moved, a file that was cut off goes on where it was, and a copy of a file is not loaded again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import structlog

from sellable.errors import BugError, Overloaded, StoreUnavailable
from sellable.ingest.content import Changing, content_of
from sellable.ingest.counting import load_count
from sellable.ingest.loading import LoadedBefore, LoadedElsewhere, load
from sellable.ingest.rows import FileProblem

if TYPE_CHECKING:
    from pathlib import Path

    from sellable.ingest.content import Content
    from sellable.ingest.inbox import Inbox
    from sellable.ingest.order import Loaded, Order, Watcher
    from sellable.store.store import Store

_LOOK_S: Final = 0.5
_AGAIN_S: Final = 1.0  # after the store did not answer, or another process has the folder
_log = structlog.get_logger("sellable.ingest")


@dataclass(slots=True)
class Seen:
    """What became of files so far."""

    done: int = 0
    known: int = 0
    failed: int = 0
    refused_rows: int = 0
    stuck: int = 0
    left: list[str] = field(default_factory=list)


class Watch:
    """Works on one folder.

    Args:
        store: Where rows go.
        inbox: Where files come from.
        order: How each of them is loaded; `resume` is implied.
        watcher: Told of rows.
    """

    def __init__(self, store: Store, inbox: Inbox, order: Order, watcher: Watcher) -> None:
        self._store = store
        self._inbox = inbox
        self._order = replace(order, resume=True, again=False)
        self._watcher = watcher
        self.seen = Seen()

    async def run(self) -> None:
        """Load files as they come, until cancelled; wait while another process does it here."""
        self._inbox.prepare()
        waits = False
        while True:
            with self._inbox.held() as ours:
                if ours:
                    _log.info("watching", folder=str(self._inbox.folder))
                    await self._work()
            if not waits:
                _log.info("folder_is_watched", folder=str(self._inbox.folder))
                waits = True
            await asyncio.sleep(_AGAIN_S)

    async def once(self) -> bool:
        """Load what is there and complete; answer False if another process has the folder.

        Files that were written to a moment ago are waited for, as long as a file has to settle.

        Raises:
            StoreUnavailable, Overloaded: What was applied stays, and files stay where they are.
        """
        self._inbox.prepare()
        with self._inbox.held() as ours:
            if not ours:
                return False
            paths, unsettled = self._inbox.look()
            if unsettled:
                await asyncio.sleep(self._inbox.settle_s)
                paths, _ = self._inbox.look()
            for path in paths:
                await self._take(path)
            return True

    async def _work(self) -> None:
        while True:
            paths, _ = self._inbox.look()
            for path in paths:
                try:
                    await self._take(path)
                except (StoreUnavailable, Overloaded) as error:
                    _log.warning("store_does_not_answer", file=path.name, problem=str(error))
                    await asyncio.sleep(_AGAIN_S)
                    break
            await asyncio.sleep(min(_LOOK_S, self._inbox.settle_s or _LOOK_S))

    async def _take(self, path: Path) -> None:
        """Load one file and move it, or leave it where it is for the next look."""
        try:
            # Its bytes are read in a thread: a folder may be far away.
            await self._load(path, await asyncio.to_thread(content_of, path))
        except Changing as problem:
            self._leave(path, str(problem))
        except FileProblem as problem:
            self._fail(path, str(problem))
        except FileNotFoundError:
            self._leave(path, "it went away")
        except LoadedElsewhere as other:
            self._leave(path, str(other))

    async def _load(self, path: Path, content: Content) -> None:
        work = load_count if self._order.sync else load
        try:
            loaded = await work(self._store, content, self._order, self._watcher)
        except LoadedBefore as before:
            self.seen.known += 1
            if target := self._done(path, content):
                _log.info("file_known", file=path.name, rows=before.rows, moved_to=str(target))
        except BugError as error:
            # It would be so each time, and what arrives behind it would never be loaded.
            _log.exception("file_not_applied", file=path.name)
            self._fail(path, f"{error}: the log says why; what was applied before stays")
        else:
            self._settle(path, content, loaded)

    def _settle(self, path: Path, content: Content, loaded: Loaded) -> None:
        self.seen.refused_rows += loaded.refused
        if loaded.changing:
            self._leave(path, loaded.problem)
            return
        stopped = [f"{n}: {r}" for n, r in loaded.counts.items() if isinstance(r, str)]
        if loaded.problem or stopped:
            self._fail(path, "\n".join(filter(None, (loaded.problem, *stopped))), loaded)
            return
        self.seen.done += 1
        if target := self._done(path, content):
            _log.info("file_loaded", file=path.name, moved_to=str(target), **_told(loaded))

    def _done(self, path: Path, content: Content) -> Path | None:
        """Move a file away, or leave it: it is known when it is looked at again."""
        try:
            return self._inbox.done(path, content.size, content.modified_us)
        except FileNotFoundError:
            self._leave(path, "it went away, or another file took its name")
        except OSError as error:
            self._stuck(path, error)
        return None

    def _fail(self, path: Path, problem: str, loaded: Loaded | None = None) -> None:
        self.seen.failed += 1
        told = _told(loaded) if loaded else {}
        lines = [problem]
        if loaded is not None:
            lines += [f"{count} rows {name}" for name, count in loaded.outcomes.items() if count]
        try:
            target = self._inbox.failed(path, "\n".join(lines))
        except FileNotFoundError:
            self._leave(path, "it went away")
            return
        except OSError as error:
            self._stuck(path, error)
            return
        _log.warning("file_failed", file=path.name, problem=problem, moved_to=str(target), **told)

    def _stuck(self, path: Path, error: OSError) -> None:
        self.seen.stuck += 1
        self._leave(path, f"it cannot be moved: {error.strerror}")

    def _leave(self, path: Path, problem: str) -> None:
        self.seen.left.append(path.name)
        _log.info("file_left", file=path.name, problem=problem)


def _told(loaded: Loaded) -> dict[str, object]:
    counts = {name: count for name, count in loaded.outcomes.items() if count}
    told = {"sync_problem": loaded.sync_problem} if loaded.sync_problem else {}
    return {"rows": loaded.rows, **counts, "seconds": round(loaded.seconds, 3), **told}
