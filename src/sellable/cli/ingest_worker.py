"""`sellable ingest worker`: applies what sources put into their streams."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from sellable.cli.failure import usage
from sellable.cli.ingest_options import give_way
from sellable.names import identifier_problem
from sellable.settings import InForce

if TYPE_CHECKING:
    from sellable.ingest.source import Source
    from sellable.settings import Settings
    from sellable.store.store import Store


class _Nats(NamedTuple):
    """Which stream of which NATS server is read."""

    server: str
    stream: str
    subject: str


def worker_command(
    in_force: InForce,
    *,
    source: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="only these, e.g. 'wms-*'", show_default="all"),
    ] = None,
    nats: Annotated[
        str, typer.Option(metavar="URL", help="read a stream of this NATS server instead")
    ] = "",
    stream: Annotated[str, typer.Option(metavar="NAME", help="with --nats: which stream")] = "",
    subject: Annotated[
        str, typer.Option(metavar="SUBJECT", help="with --nats: which messages", show_default="all")
    ] = "",
) -> None:
    """Apply what sources put into their streams, until SIGTERM or SIGINT.

    Run as many workers as you like: each row is applied once, and what a
    dead worker left is taken over. In a store of very many SKUs name the
    sources: to find new streams means to walk over all keys.

    With --nats one JetStream stream is read, one event a message; --source
    says whose rows they are. It needs the extra `nats`.

    Examples:
      sellable ingest worker --data ./stock
      sellable ingest worker --store redis://localhost:6379 --source 'wms-*'
      sellable ingest worker --nats nats://localhost --stream STOCK --source erp
    """
    # What working needs takes a while to load: no other command waits for it.
    import uvloop  # noqa: PLC0415

    from sellable.logs import configure_logs  # noqa: PLC0415

    sources = source or []
    for name in sources:
        if problem := identifier_problem(name):
            raise usage(f"--source {problem}")
    if nats and (not stream or len(sources) != 1):
        raise usage("--nats needs one --stream and one --source, whose rows they are")
    if not nats and (stream or subject):
        raise usage("--stream and --subject are of a NATS server: name it with --nats")
    settings = in_force.settings
    configure_logs(level=settings.log_level, form=settings.log_format)
    asked = _Nats(nats, stream, subject) if nats else None
    give_way()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(settings, sources, asked))


async def _work(settings: Settings, sources: list[str], asked: _Nats | None) -> None:
    from sellable.ingest.opening import attached, store_address  # noqa: PLC0415 - as above
    from sellable.ingest.worker import Worker  # noqa: PLC0415

    url = await store_address(settings)
    async with (
        attached(settings, url) as store,
        (
            _nats_stream(settings, store, sources[0], asked)
            if asked
            else _redis_streams(settings, store, url, sources)
        ) as reading,
    ):
        worker = Worker(store.feeds, reading, grace_ms=settings.drain_grace_ms)
        loop = asyncio.get_running_loop()
        for stop in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(stop, worker.stop)
        await worker.run()


@asynccontextmanager
async def _redis_streams(
    settings: Settings, store: Store, url: str, sources: list[str]
) -> AsyncIterator[Source]:
    from sellable.ingest.opening import reading_connection  # noqa: PLC0415 - as above
    from sellable.ingest.redis_stream import BLOCK_MS, RedisStreams  # noqa: PLC0415

    async with reading_connection(settings, url, BLOCK_MS) as connection:
        yield RedisStreams(
            connection,
            store.runner.partition,
            sources,
            batch_rows=settings.ingest_batch_rows_max,
            claim_after_ms=settings.ingest_claim_after_ms,
            tries_max=settings.ingest_tries_max,
        )


@asynccontextmanager
async def _nats_stream(
    settings: Settings, store: Store, source: str, asked: _Nats
) -> AsyncIterator[Source]:
    try:
        from sellable.ingest.nats_stream import NatsStream  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise usage("--nats needs nats-py: install sellable with its extra nats") from error
    yield NatsStream(
        store.feeds,
        asked.server,
        asked.stream,
        source=source,
        subject=asked.subject,
        batch_rows=settings.ingest_batch_rows_max,
        tries_max=settings.ingest_tries_max,
    )
