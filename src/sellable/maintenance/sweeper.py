"""The sweeper: gives back what overdue holds took, and forgets what is past its retention.

It also moves to stock what waits for goods that have arrived, where whoever should have is gone.

Nothing depends on its timing: every script expires what is due on the SKUs that it touches. The
sweeper keeps the readers' view fresh. Any number of processes may sweep one store.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

import structlog

from sellable.errors import BugError, Overloaded, StoreUnavailable
from sellable.limits import FEEDS_MAX
from sellable.store.supplies import settle_supplies
from sellable.store.syncs import Syncs

if TYPE_CHECKING:
    from sellable.store.runner import Runner

_PER_CALL: Final = 100
_SWEEPS_PER_PURGE: Final = 100

_log: Final = structlog.get_logger(__name__)


@dataclass(slots=True)
class Sweeps:
    """What the sweeper of this process did since its start."""

    expired: int = 0
    settled: int = 0
    forgotten: int = 0
    failed: int = 0  # to be tried again at the next interval


async def purge(runner: Runner) -> int:
    """Forget closed reservations past their retention; return how many that was.

    Of more sources than are kept, those that were silent longest are forgotten too.
    """
    forgotten = 0
    while (count := (await runner.run("purge", FEEDS_MAX)).body) >= _PER_CALL:
        forgotten += count
    return forgotten + int(count)


async def run_finisher(runner: Runner, interval_ms: int) -> NoReturn:
    """Finish full counts whose process is gone, for ever; beside the sweeper, as one may last."""
    syncs = Syncs(runner)
    while True:
        try:
            if finished := await syncs.settle():
                _log.info("full_counts_finished", locations=finished)
        except (StoreUnavailable, Overloaded) as problem:
            _log.debug("finishing_skipped", problem=str(problem))
        except BugError:
            _log.exception("finishing_failed")
        await asyncio.sleep(interval_ms / 1000)


async def run_sweeper(runner: Runner, interval_ms: int, sweeps: Sweeps) -> NoReturn:
    """Sweep for ever; a store that is lost or busy is tried again at the next interval."""
    number = 0
    while True:
        try:
            expired = await runner.expire_all()
            sweeps.expired += expired
            if expired:
                _log.info("expired", reservations=expired)
            if settled := await settle_supplies(runner):
                sweeps.settled += settled
                _log.info("settled", supplies=settled)
            if number % _SWEEPS_PER_PURGE == 0:
                sweeps.forgotten += await purge(runner)
            number += 1
        except (StoreUnavailable, Overloaded) as problem:
            sweeps.failed += 1
            _log.debug("sweep_skipped", problem=str(problem))
        except BugError:
            sweeps.failed += 1
            _log.exception("sweep_failed")
        await asyncio.sleep(interval_ms / 1000)
