"""A process that serves: until a signal asks it to stop, on the fast event loop."""

from __future__ import annotations

import asyncio
import gc
import signal
from typing import TYPE_CHECKING, Final, Self

import structlog
import uvloop

from sellable.rpc.server import RunningServer, ServerOptions, cancel, serve

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence

    from sellable.rpc.express.events import Express
    from sellable.rpc.guard import Gate
    from sellable.rpc.server import Registration

STOPS: Final = (signal.SIGTERM, signal.SIGINT)

_log = structlog.get_logger("sellable.rpc")


def run_event_loop(main: Coroutine[None, None, None]) -> None:
    """Run a program on uvloop and close the loop after it."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


def settle_memory() -> None:
    """Spare the collector what lives as long as the process, and let it come less often.

    A call leaves no cycles behind, yet by default every 700 new objects start a look for some,
    and the larger looks walk through all modules: a fifth of the time of a busy event loop.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


async def run(
    registrations: Sequence[Registration],
    options: ServerOptions,
    *,
    store_answers: Callable[[], Awaitable[bool]] | None = None,
    express: Callable[[Gate], Mapping[str, Express]] | None = None,
    on_ready: Callable[[RunningServer], None],
) -> None:
    """Serve until SIGTERM or SIGINT, then drain; a second signal ends it at once.

    On a shared port SIGHUP drains as well, without notice to balancers: others go on serving.
    """
    with Signals(*STOPS, *((signal.SIGHUP,) if options.shared else ())) as signals:
        async with serve(
            registrations, options, store_answers=store_answers, express=express
        ) as server:
            settle_memory()
            on_ready(server)
            name = await signals.next()
            _log.info("draining", signal=name, grace_ms=options.drain_grace_ms)
            notice = name != signal.SIGHUP.name
            await _drain_unless_hurried(server, signals, notice=notice)
    _log.info("stopped")


async def _drain_unless_hurried(server: RunningServer, signals: Signals, *, notice: bool) -> None:
    drain = asyncio.ensure_future(server.drain(notice=notice))
    hurry = asyncio.ensure_future(signals.next())
    await asyncio.wait({drain, hurry}, return_when=asyncio.FIRST_COMPLETED)
    if not drain.done():
        _log.warning("stopped_at_once", signal=hurry.result())
    await cancel(hurry)
    await cancel(drain)


class Signals:
    """Signals of this process, one after the other, while a `with` block lasts.

    Once one has come, the process is about to end, so after the block they are ignored: one that
    comes while the interpreter closes must not turn a clean end into a killed process. The loop's
    own handlers would leave a gap there, as taking one away restores the default first.
    """

    def __init__(self, *numbers: signal.Signals) -> None:
        self._numbers = numbers
        self._seen: asyncio.Queue[str] = asyncio.Queue()
        self._ending = False

    async def next(self) -> str:
        """Return the name of the next signal, once it comes."""
        return await self._seen.get()

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()

        def see(number: int, _: object) -> None:
            self._ending = True
            name = signal.Signals(number).name
            loop.call_soon_threadsafe(self._seen.put_nowait, name)

        self._before = {number: signal.signal(number, see) for number in self._numbers}
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, signal.SIG_IGN if self._ending else before)
