"""A JetStream stream of NATS as a log: one message is one row, its sequence is the row's number.

Decisions

*NATS keeps no position for us.* A consumer of its own would acknowledge beside our store, and a
death between the two would lose rows or count them twice. So every read has a throw-away consumer
that begins behind the position which our store moved together with the rows.

*A gap is believed only from a consumer that lost nothing.* Sequences are missing where messages
were purged, expired or are of other subjects; the consumer's own count of deliveries is without a
gap then. Where it is not, a delivery was lost on its way, and the read begins anew.

*A stream is its name and its birth.* One that was deleted and made again counts from 1 again, and
is another log.
"""

from __future__ import annotations

import contextlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import nats
import nats.errors
import nats.js.errors
import structlog
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from sellable.errors import Overloaded, StoreUnavailable
from sellable.ingest.events import decode
from sellable.ingest.log import Log, LogBatch
from sellable.ingest.pause import Pause
from sellable.ingest.sizing import Sizing

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Sequence

    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

    from sellable.ingest.source import Batch
    from sellable.store.feeds import Feeds

_FETCH_S: Final = 0.5  # also how long a stop waits for a read that is under way
_CONNECT_S: Final = 2
_FORGET_S: Final = 60.0  # what a worker that was killed left at the server is gone then
_QUIET_FETCHES: Final = 4  # then it is asked whether the consumer is still there

_log: Final = structlog.get_logger("sellable.ingest")


class _ReadAgain(Exception):
    """The read cannot go on where it is, and begins anew behind the position in the store."""


class NatsStream:
    """One stream, or one subject of it, as the log of a source.

    Args:
        server: nats://host:port, or tls://.
        stream: Its name.
        subject: Which messages, with wildcards; "": all.
        source: Whose rows these are.
        batch_rows: How many messages to read at once.
        tries_max: How often a row that fails is tried before it is refused.
    """

    at_once = 1

    def __init__(
        self,
        feeds: Feeds,
        server: str,
        stream: str,
        *,
        source: str,
        subject: str,
        batch_rows: int,
        tries_max: int,
    ) -> None:
        self._feeds = feeds
        self._server = server
        self._stream = stream
        self._subject = subject
        self._source = source
        self._batch_rows = batch_rows
        self._tries_max = tries_max

    async def batches(self, stopping: asyncio.Event) -> AsyncIterator[Batch]:
        pause = Pause(stopping)
        problem = ""
        while not stopping.is_set():
            try:
                async with self._connected() as client:
                    async for batch in self._read(client, stopping):
                        problem = ""
                        pause.reset()
                        yield batch
            except _ReadAgain:
                continue
            except (StoreUnavailable, Overloaded):
                await pause.longer()
            except (nats.errors.Error, OSError, TimeoutError) as error:
                told = f"{type(error).__name__}: {error}"
                if told != problem:
                    _log.warning("nats_stream_not_read", stream=self._stream, problem=told)
                problem = told
                await pause.longer()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Client]:
        # Connecting again by ourselves: the position is asked for each time.
        client = await nats.connect(
            self._server,
            name="sellable",
            allow_reconnect=False,
            connect_timeout=_CONNECT_S,
            error_cb=_ignore,
        )
        try:
            yield client
        finally:
            with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):
                await client.close()

    async def _read(self, client: Client, stopping: asyncio.Event) -> AsyncIterator[LogBatch]:
        context = client.jetstream()
        log, position = await self._position(context)
        fetching = await context.pull_subscribe(
            self._subject or ">",
            stream=self._stream,
            config=ConsumerConfig(
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=position + 1,
                ack_policy=AckPolicy.NONE,
                inactive_threshold=_FORGET_S,
            ),
        )
        sizing = Sizing(self._batch_rows)
        delivered = 0
        quiet = 0
        while not stopping.is_set() and not log.back:
            try:
                messages = await fetching.fetch(sizing.count, timeout=_FETCH_S)
            except nats.errors.TimeoutError:
                messages = []
            if not messages:
                quiet += 1
                if quiet % _QUIET_FETCHES == 0:
                    await self._check(context, fetching, log)
                continue
            quiet = 0
            if messages[-1].metadata.sequence.consumer != delivered + len(messages):
                raise _ReadAgain
            delivered += len(messages)
            sizing.note(1, max(len(message.data) for message in messages))
            yield self._batch(log, position, messages)
            position = messages[-1].metadata.sequence.stream
        with contextlib.suppress(nats.errors.Error, TimeoutError):
            await context.delete_consumer(self._stream, (await fetching.consumer_info()).name)

    def _batch(self, log: Log, position: int, messages: Sequence[Msg]) -> LogBatch:
        numbers = [message.metadata.sequence.stream for message in messages]
        rows = [decode(message.data, self._source) for message in messages]
        return LogBatch(log, position, numbers, rows)

    async def _position(self, context: JetStreamContext) -> tuple[Log, int]:
        name = await self._name(context)
        state = await self._feeds.log_state(self._source, name)
        return Log(self._source, name, self._tries_max), state.rows if state else 0

    async def _name(self, context: JetStreamContext) -> str:
        info = await context.stream_info(self._stream)
        born = f"{info.created:%Y%m%dT%H%M%S.%f}" if info.created else ""
        return ":".join(filter(None, ("nats", self._stream, born, self._subject)))

    async def _check(
        self, context: JetStreamContext, fetching: JetStreamContext.PullSubscription, log: Log
    ) -> None:
        """Look, while it is quiet, if the stream and its consumer are still those of this read."""
        if await self._name(context) != log.name:
            raise _ReadAgain
        try:
            await fetching.consumer_info()
        except nats.js.errors.NotFoundError:
            raise _ReadAgain from None


async def _ignore(error: Exception) -> None:
    """Whatever the client tells in the background also ends a read, and is logged there."""
    _log.debug("nats_client", error=str(error))
