"""The service, assembled: store, services, background work; started in order, closed in reverse."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import structlog

from sellable.errors import SellableError
from sellable.ingest import events
from sellable.ingest.opening import attached
from sellable.maintenance.rollout import Rollout
from sellable.maintenance.sweeper import run_finisher, run_sweeper
from sellable.rpc.availability import AvailabilityService
from sellable.rpc.convert.reservations import TtlBounds
from sellable.rpc.express.reading import CheckAvailability, CheckSellable
from sellable.rpc.inventory import InventoryService
from sellable.rpc.listen import TlsFiles
from sellable.rpc.network import NetworkService
from sellable.rpc.operations import FeedRules, OperationsService
from sellable.rpc.reservations import ReservationService
from sellable.rpc.run import run
from sellable.rpc.server import ServerOptions
from sellable.settings import Silences
from sellable.store.ages import Ages
from sellable.store.courtesy import note_clients
from sellable.store.embedded import EmbeddedServer
from sellable.store.guard import check_url
from sellable.v1.availability_pb2_grpc import add_AvailabilityServiceServicer_to_server
from sellable.v1.inventory_pb2_grpc import add_InventoryServiceServicer_to_server
from sellable.v1.network_pb2_grpc import add_NetworkServiceServicer_to_server
from sellable.v1.operations_pb2_grpc import add_OperationsServiceServicer_to_server
from sellable.v1.reservations_pb2_grpc import add_ReservationServiceServicer_to_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from sellable.rpc.express.server import Express
    from sellable.rpc.guard import Gate
    from sellable.rpc.server import Registration, RunningServer
    from sellable.settings import Settings
    from sellable.store.store import Store

_log = structlog.get_logger("sellable")


@asynccontextmanager
async def open_store(settings: Settings, data: Path | None) -> AsyncIterator[Store]:
    """Open the store that the settings name, with its background work, until the block ends.

    Args:
        settings: Where the store is and what is asked of it.
        data: Folder of the embedded store; None takes a temporary one. Not used with `--store`.

    Raises:
        StoreRefused: The store cannot keep our promises, or the data folder is in use or damaged.
        StoreUnavailable: Nothing answers there.
    """
    async with AsyncExitStack() as stack:
        background = []
        url = settings.store
        durability = settings.durability_effective
        if url is None:
            server = await stack.enter_async_context(
                await EmbeddedServer.start(data, fsync=durability.fsync)
            )
            background.append(server.run())
            url = server.url
        else:
            engine = await check_url(url, durability=durability)
            _log.info("store_found", engine=engine.name, version=engine.version)
        store = await stack.enter_async_context(attached(settings, url))
        background += [
            run_sweeper(store.runner, settings.sweep_interval_ms),
            run_finisher(store.runner, settings.sweep_interval_ms),
            Rollout(store.runner).run(),
            note_clients(store.runner),
        ]
        group = await stack.enter_async_context(asyncio.TaskGroup())
        tasks = [group.create_task(work) for work in background]
        try:
            yield store
        finally:
            for task in tasks:
                task.cancel()


def registrations(store: Store, settings: Settings) -> list[Registration]:
    """Return every service of the contract over one store."""
    silences = Silences(settings.feed_silent_after or "")
    rules = FeedRules(
        read_row=events.decode,
        write_row=events.encode,
        silent_after_ms=silences.after_ms,
        expected=silences.named,
    )
    ttl = TtlBounds(settings.ttl_ms_default, settings.ttl_ms_min, settings.ttl_ms_max)
    return [
        (
            add_AvailabilityServiceServicer_to_server,
            AvailabilityService(store, settings.pickup_radius_km_default),
        ),
        (
            add_ReservationServiceServicer_to_server,
            ReservationService(store, ttl, settings.future_tolerance_ms),
        ),
        (add_InventoryServiceServicer_to_server, InventoryService(store)),
        (add_NetworkServiceServicer_to_server, NetworkService(store)),
        (add_OperationsServiceServicer_to_server, OperationsService(store, rules)),
    ]


def express(store: Store, gate: Gate) -> dict[str, Express]:
    """Return the methods that take their calls by the batch, by path."""
    service, columns = "/sellable.v1.AvailabilityService", store.reads.columns
    return {
        f"{service}/CheckSellable": CheckSellable(columns, store.revisions, gate),
        f"{service}/CheckAvailability": CheckAvailability(
            columns, store.revisions, gate, Ages(store.runner)
        ),
    }


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
    """Serve until SIGTERM or SIGINT, then drain and close the store."""
    options = server_options(settings)
    async with open_store(settings, settings.data) as store:
        await run(
            registrations(store, settings),
            options,
            store_answers=lambda: answers(store),
            express=lambda gate: express(store, gate),
            on_ready=on_ready,
        )
