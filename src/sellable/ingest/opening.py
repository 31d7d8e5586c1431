"""The store for processes beside the service: the one that the settings name, or the running one.

A worker and a file loader never start an embedded server: who owns the data folder is
`sellable serve`. They only connect to the socket of its server, after that said whose data it
serves, so that a copied folder or a socket left over never leads to other data.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sellable.errors import StoreRefused, StoreUnavailable
from sellable.store.connection import Connection
from sellable.store.data_folder import ID_FILE, own_socket, runtime_socket
from sellable.store.guard import check_url
from sellable.store.replicated import ReplicatedWrites
from sellable.store.runner import Retention
from sellable.store.server_options import title_of
from sellable.store.server_process import ask_identity
from sellable.store.store import PARTITION, Store
from sellable.store.wire import WireLimits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sellable.settings import Settings

_HINT: Final = "start `sellable serve` on it, or name a store with --store"


@asynccontextmanager
async def open_ingest_store(settings: Settings) -> AsyncIterator[Store]:
    """Open the store that `sellable serve` works on, without its background work.

    Raises:
        StoreRefused: The store cannot keep our promises, or the data folder cannot be read.
        StoreUnavailable: Nothing answers there, or no service works on the data folder.
    """
    async with attached(settings, await store_address(settings)) as store:
        yield store


async def store_address(settings: Settings) -> str:
    """Return the address of the store that `sellable serve` works on, once it is fit for us.

    Raises:
        StoreRefused, StoreUnavailable: As `open_ingest_store`.
    """
    if settings.store is None:
        return await _running_address(settings.data)
    await check_url(settings.store, durability=settings.durability_effective)
    return settings.store


@asynccontextmanager
async def attached(settings: Settings, url: str) -> AsyncIterator[Store]:
    """Connect to a store and take it into use, until the block ends.

    Raises:
        StoreRefused: It was initialised by another release or with other partitions.
        StoreUnavailable: Nothing answers there.
    """
    limits = WireLimits(
        command_timeout_ms=settings.command_timeout_ms,
        connect_timeout_ms=settings.connect_timeout_ms,
        queue_max=settings.command_queue_max,
    )
    replicas = settings.durability_effective.replicas
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(await Connection.open(url, limits=limits))
        writes = None
        if replicas:
            # A batch takes a command's time and then waits as long for the replicas.
            patient = replace(
                limits,
                command_timeout_ms=2 * limits.command_timeout_ms,
                queue_max=limits.queue_max + 2,
            )
            writes = ReplicatedWrites(
                await stack.enter_async_context(
                    await Connection.open(url, limits=patient, beside=connection)
                ),
                mark=PARTITION.mark,
                replicas=replicas,
                timeout_ms=limits.command_timeout_ms,
                writes_max=limits.queue_max,
            )
        yield await Store.attach(
            connection,
            retention=Retention(
                retention_ms=settings.retention_ms,
                ledger_entries_max=settings.ledger_entries_max,
            ),
            future_tolerance_ms=settings.future_tolerance_ms,
            read_queue_max=settings.read_queue_max,
            network_versions_max=settings.network_versions_max,
            writes=writes,
        )


@asynccontextmanager
async def reading_connection(
    settings: Settings, url: str, block_ms: int
) -> AsyncIterator[Connection]:
    """Connect once more for reads that wait up to `block_ms`, which would hold up all others."""
    limits = WireLimits(
        command_timeout_ms=block_ms + settings.command_timeout_ms,
        connect_timeout_ms=settings.connect_timeout_ms,
    )
    async with await Connection.open(url, limits=limits) as connection:
        yield connection


async def _running_address(data: Path) -> str:
    folder, data_id, sockets = _noted(data)
    for socket_path in sockets:
        identity = await ask_identity(socket_path)
        if identity is not None and (identity.folder, identity.title) == (
            str(folder),
            title_of(data_id),
        ):
            return f"unix://{socket_path}"
    raise StoreUnavailable(f"no service works on the data folder {data}: {_HINT}")


def _noted(data: Path) -> tuple[Path, str, list[Path]]:
    """Return the folder, its id, and where its server may listen."""
    folder = data.resolve()
    try:
        data_id = (folder / ID_FILE).read_text(encoding="utf-8").strip()
        # A copied folder brings along the note of the other folder's socket: look at both.
        sockets = list(dict.fromkeys((runtime_socket(folder), own_socket(folder))))
    except FileNotFoundError:
        raise StoreUnavailable(f"{data} is not a data folder of sellable: {_HINT}") from None
    except (OSError, UnicodeDecodeError) as error:
        told = error.strerror if isinstance(error, OSError) else "its id is not text"
        raise StoreRefused(f"the data folder {data} cannot be read: {told}") from None
    return folder, data_id, sockets
