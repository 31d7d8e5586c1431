"""How much of the engine feeds take: all that is free, or a part while clients are answered.

Services note in the store that they answer clients; the note goes away by itself. While it is
there, whoever applies feeds sends one short script at a time and rests after it, so that a reader
waits behind one of them at most. Without it a feed may have the engine to itself.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final, NoReturn

from sellable.errors import Overloaded, StoreUnavailable

if TYPE_CHECKING:
    from sellable.store.runner import Runner

_LOOK_S: Final = 0.25
_NOTE_MS: Final = 1_000
_COMMANDS_MIN: Final = 100  # in one look; the work that services do by themselves is less
_COMMANDS_EACH_MIN: Final = 10  # of one of many workers, which does no such work
_REST: Final = 2.0  # times what the script took: a third of the engine is left to feeds
_REST_S_MAX: Final = 0.05
WORK_MAX: Final = 1_200  # about microseconds of the engine; see applying.py
_WORK_MAX_BESIDE: Final = 700


class Courtesy:
    """What one process that applies feeds allows itself."""

    def __init__(self, runner: Runner) -> None:
        self.beside_clients = False
        self._runner = runner
        self._looked_s = float("-inf")

    @property
    def scripts_at_once(self) -> int:
        """How many scripts of one log may be under way."""
        return 1 if self.beside_clients else 3

    @property
    def work_max(self) -> int:
        """How much work one script may do."""
        return _WORK_MAX_BESIDE if self.beside_clients else WORK_MAX

    async def rest(self, took_s: float) -> None:
        """Rest after a script, where clients are answered meanwhile."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._looked_s > _LOOK_S:
            self._looked_s = now_s
            asked = self._runner.partition.asked
            self.beside_clients = bool(await self._runner.connection.execute("EXISTS", asked))
        if self.beside_clients:
            await asyncio.sleep(min(_REST_S_MAX, _REST * took_s))


async def note_clients(runner: Runner, workers: int = 1) -> NoReturn:
    """Note, for ever, that this process answers clients while it does.

    Args:
        runner: Of the store, used for nothing but the calls of clients and little else.
        workers: How many processes share what clients ask.
    """
    commands_min = max(_COMMANDS_EACH_MIN, _COMMANDS_MIN // workers)
    traffic = runner.connection.traffic
    before = traffic.commands
    while True:
        await asyncio.sleep(_LOOK_S)
        if traffic.commands - before >= commands_min:
            # Where the store is lost nobody applies feeds either.
            with contextlib.suppress(StoreUnavailable, Overloaded):
                await runner.connection.execute("SET", runner.partition.asked, 1, "PX", _NOTE_MS)
        before = traffic.commands
