"""What a worker runs: `python -P -m sellable.workers.worker NUMBER`, with its job on a socket.

Its standard input is that socket. A worker outlives nobody: when the supervisor is gone, however
that ended, the worker drains as it does on SIGTERM; and the last of them ends the embedded store,
unless another service has taken the data folder over by then.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import sys
import threading
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

import structlog

from sellable.errors import SellableError, StoreRefused
from sellable.ingest.opening import attached
from sellable.logs import configure_logs
from sellable.metrics.process import Meter
from sellable.rpc.run import run_event_loop
from sellable.rpc.server import cancel
from sellable.service import serve_store
from sellable.store.courtesy import note_clients
from sellable.store.embedded import EmbeddedServer
from sellable.workers.messages import LINE_BYTES_MAX, Counted, Ready, Refused, job_of, line_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sellable.rpc.server import RunningServer
    from sellable.workers.messages import Job

_HUNG_S: Final = 5.0  # beyond the grace of a drain


def main(arguments: list[str]) -> int:
    """Serve until told to stop, or until the supervisor is gone; answer the exit code."""
    number = arguments[0]
    control = socket.socket(fileno=os.dup(sys.stdin.fileno()))
    with control.makefile("rb") as lines:
        job = job_of(lines.readline())
    settings = job.settings
    configure_logs(level=settings.log_level, form=settings.log_format)
    structlog.contextvars.bind_contextvars(worker=int(number))
    if settings.worker_cores == "own":
        _keep_to_one_core(int(number))
    supervisor = _Supervisor(control)
    grace_s = (settings.drain_notice_ms + settings.drain_grace_ms) / 1_000
    threading.Thread(target=supervisor.follow, args=(grace_s + _HUNG_S,), daemon=True).start()
    try:
        run_event_loop(_serve(job, control, number))
    except SellableError as error:
        with suppress(OSError):  # nobody may be there to hear it
            control.sendall(line_of(Refused(type(error).__name__, str(error))))
        return 1
    os.close(job.kin[1])
    if supervisor.gone and job.embedded is not None and _is_last(job):
        run_event_loop(_end_store(job))
    return 0


class _Supervisor:
    """The process at the other end of the socket."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control

    @property
    def gone(self) -> bool:
        return _hung_up(self._control.fileno(), 0)

    def follow(self, limit_s: float) -> None:
        """Have this process drain when that one is gone, and end it if it does not.

        In a thread, as a worker whose event loop hangs must not keep the port for ever.
        """
        _hung_up(self._control.fileno(), None)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(limit_s)
        os._exit(1)


def _hung_up(descriptor: int, timeout_ms: int | None) -> bool:
    poll = select.poll()
    poll.register(descriptor, 0)  # nothing is asked for: that the other end is gone is always told
    return bool(poll.poll(timeout_ms))


def _is_last(job: Job) -> bool:
    return _hung_up(job.kin[0], 0)


def _keep_to_one_core(number: int) -> None:
    """Stay on the core of this number, of those that the service may use.

    The threads of a worker wake one another all the time. Where they and others run all over the
    machine, that costs half as much again for each call.
    """
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[(number - 1) % len(cores)]})


async def _serve(job: Job, control: socket.socket, number: str) -> None:
    settings = job.settings
    assert settings.store is not None
    meter = Meter(number)

    async with attached(settings, settings.store) as store, _answering(control, meter) as writer:

        def ready(server: RunningServer) -> None:
            writer.write(line_of(Ready(server.address, server.transport)))

        noting = asyncio.ensure_future(note_clients(store.runner, settings.workers))
        try:
            await serve_store(store, settings, meter, ready, shared=True)
        finally:
            await cancel(noting)


@asynccontextmanager
async def _answering(control: socket.socket, meter: Meter) -> AsyncIterator[asyncio.StreamWriter]:
    """Tell the counters whenever the supervisor asks, and once more at the end."""
    reader, writer = await asyncio.open_connection(sock=control.dup(), limit=LINE_BYTES_MAX)

    async def answer() -> None:
        while await reader.readline():
            writer.write(line_of(Counted(meter.read())))

    answering = asyncio.ensure_future(answer())
    try:
        yield writer
    finally:
        await cancel(answering)
        writer.write(line_of(Counted(meter.read())))
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def _end_store(job: Job) -> None:
    fsync = job.settings.durability_effective == "fsync"
    with suppress(StoreRefused):  # the folder belongs to somebody else by now
        await (await EmbeddedServer.start(job.embedded, fsync=fsync)).stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
