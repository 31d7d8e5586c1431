"""The service, assembled: store, services, background work; started in order, closed in reverse."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import structlog

from sellable.errors import SellableError
from sellable.ingest.opening import attached
from sellable.maintenance.rollout import Rollout
from sellable.maintenance.sweeper import Sweeps, run_finisher, run_sweeper
from sellable.metrics import process as metrics
from sellable.metrics.endpoint import metrics_served
from sellable.metrics.process import Meter
from sellable.registrations import dispatch_of, express, postal_codes_of, registrations
from sellable.rpc.listen import TlsFiles
from sellable.rpc.run import run
from sellable.rpc.server import ServerOptions, cancel
from sellable.store.courtesy import note_clients
from sellable.store.embedded import EmbeddedServer
from sellable.store.guard import check_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from pathlib import Path

    from sellable.metrics.series import Series
    from sellable.rpc.server import RunningServer
    from sellable.settings import Settings
    from sellable.store.store import Store

ONLY_WORKER: Final = "1"

_log = structlog.get_logger("sellable")


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine of a store: its URL, and the server where it is our own."""

    url: str
    server: EmbeddedServer | None = None

    async def keep(self) -> None:
        """Keep a server of our own alive."""
        if self.server is not None:
            await self.server.run()


@asynccontextmanager
async def open_engine(settings: Settings, data: Path | None) -> AsyncIterator[Engine]:
    """Find or start the engine that the settings name; one that was started ends with the block.

    Args:
        settings: Where the store is and what is asked of it.
        data: Folder of the embedded store; None takes a temporary one. Not used with `--store`.

    Raises:
        StoreRefused: The store cannot keep our promises, or the data folder is in use or damaged.
        StoreUnavailable: Nothing answers there.
    """
    durability = settings.durability_effective
    if settings.store is not None:
        engine = await check_url(settings.store, durability=durability)
        _log.info("store_found", engine=engine.name, version=engine.version)
        yield Engine(settings.store)
        return
    async with await EmbeddedServer.start(data, fsync=durability.fsync) as server:
        yield Engine(server.url, server)


@asynccontextmanager
async def open_store(
    settings: Settings, data: Path | None, sweeps: Sweeps | None = None
) -> AsyncIterator[Store]:
    """Open the store that the settings name, with its background work, until the block ends.

    Args:
        settings: Where the store is and what is asked of it.
        data: As `open_engine`.
        sweeps: Where to count what the sweeper did.

    Raises:
        StoreRefused, StoreUnavailable: As `open_engine`.
    """
    async with open_engine(settings, data) as engine, attached(settings, engine.url) as store:
        work = maintenance(engine, store, settings, sweeps or Sweeps())
        async with beside(*work, note_clients(store.runner)):
            yield store


def maintenance(
    engine: Engine, store: Store, settings: Settings, sweeps: Sweeps
) -> tuple[Coroutine[Any, Any, None], ...]:
    """Return the work on a store that is done beside the calls; any number of processes may."""
    return (
        engine.keep(),
        run_sweeper(store.runner, settings.sweep_interval_ms, sweeps),
        run_finisher(store.runner, settings.sweep_interval_ms),
        Rollout(store.runner).run(),
    )


@asynccontextmanager
async def beside(*work: Coroutine[Any, Any, Any]) -> AsyncIterator[None]:
    """Run this beside the block; what it raises ends the block."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in work]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


def server_options(settings: Settings) -> ServerOptions:
    """Return how to serve, by the settings."""
    tls = None
    if settings.tls_certificate_file is not None and settings.tls_key_file is not None:
        tls = TlsFiles(
            certificate_file=settings.tls_certificate_file, key_file=settings.tls_key_file
        )
    return ServerOptions(
        listen=settings.listen,
        transport=settings.transport,
        tls=tls,
        drain_notice_ms=settings.drain_notice_ms,
        drain_grace_ms=settings.drain_grace_ms,
        health_interval_ms=settings.health_interval_ms,
        concurrent_streams_max=settings.concurrent_streams_max,
    )


async def answers(store: Store) -> bool:
    """Tell whether the store answers."""
    try:
        return bool(await store.runner.connection.execute("PING"))
    except SellableError:
        return False


async def serve(settings: Settings, on_ready: Callable[[RunningServer], None]) -> None:
    """Serve from this process until SIGTERM or SIGINT, then drain and close the store."""
    sweeps, meter = Sweeps(), Meter(ONLY_WORKER)
    meter.add(partial(metrics.sweeper, sweeps))
    meter.add(partial(metrics.worker_state, ONLY_WORKER, up=True, restarts=0))

    async def read() -> list[Series]:
        return meter.read()

    async with open_store(settings, settings.data, sweeps) as store:
        with metrics_served(settings.metrics_listen, read):
            await serve_store(store, settings, meter, on_ready)


async def serve_store(
    store: Store,
    settings: Settings,
    meter: Meter,
    on_ready: Callable[[RunningServer], None],
    *,
    shared: bool = False,
) -> None:
    """Serve a store until SIGTERM or SIGINT, then drain.

    Args:
        store: The store.
        settings: How to serve.
        meter: What is counted here is told to it.
        on_ready: Called once calls are accepted.
        shared: Whether other processes serve on the same port, which somebody holds for all.
    """

    async def store_answers() -> bool:
        begun_s = perf_counter()
        answered = await answers(store)
        meter.store_ping.observe(perf_counter() - begun_s)
        return answered

    def ready(server: RunningServer) -> None:
        meter.add(partial(metrics.calls, server.gate))
        on_ready(server)

    meter.add(partial(metrics.store, store))
    dispatch = None
    if settings.only != "availability":
        # The store is kept alive meanwhile.
        codes = await asyncio.to_thread(postal_codes_of, settings)
        dispatch = dispatch_of(store, settings, codes)
        meter.add(partial(metrics.sourcing, dispatch))
    looking = asyncio.ensure_future(meter.run())
    try:
        await run(
            registrations(store, settings, dispatch),
            replace(server_options(settings), shared=shared),
            store_answers=store_answers,
            express=lambda gate: express(store, gate, settings),
            on_ready=ready,
        )
    finally:
        await cancel(looking)
