"""The store as the service sees it: one object a room of calls, over one partition."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sellable import limits
from sellable.errors import StoreRefused
from sellable.revision import Revisions
from sellable.store.availability import Availabilities
from sellable.store.explanations import Explanations
from sellable.store.feed_list import FeedList
from sellable.store.feeds import Feeds
from sellable.store.inventory import Inventory
from sellable.store.keys import Partition
from sellable.store.letters import Letters
from sellable.store.networks import Networks
from sellable.store.reads import Reads
from sellable.store.reservations import Reservations
from sellable.store.runner import Retention, Runner, engine_clock, pack
from sellable.store.sourced import Sourced
from sellable.store.syncs import Syncs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sellable.store.connection import Connection
    from sellable.store.replicated import ReplicatedWrites

PARTITION = Partition("0")
PARTITION_COUNT = 1  # more come with the cluster; every key and script takes its partition already
READ_QUEUE_MAX_DEFAULT = 10_000
_SCHEMA = 2


class Store:
    """Reads, reservations, inventory and network of one store; made by `attach`."""

    def __init__(
        self,
        runner: Runner,
        store_id: str,
        future_tolerance_ms: int = limits.FUTURE_TOLERANCE_MS_DEFAULT,
        *,
        read_queue_max: int = READ_QUEUE_MAX_DEFAULT,
        network_versions_max: int = limits.NETWORK_VERSIONS_DEFAULT,
    ) -> None:
        self.runner = runner
        self.future_tolerance_ms = future_tolerance_ms
        self.revisions = Revisions(store_id)
        self.reservations = Reservations(runner, self.revisions)
        self.inventory = Inventory(runner, future_tolerance_ms)
        self.syncs = Syncs(runner, future_tolerance_ms)
        self.feed_list = FeedList(runner)
        self.letters = Letters(runner, self.feed_list, future_tolerance_ms)
        self.feeds = Feeds(runner, future_tolerance_ms)
        self.networks = Networks(runner, network_versions_max)
        self.reads = Reads(
            runner.connection,
            runner.partition,
            refresh=self._refresh,
            limited=self._limited,
            clock=self._clock,
            requests_max=read_queue_max,
        )
        self.sourced = Sourced(runner, self.revisions)
        self.explanations = Explanations(runner, self.networks, self.revisions)
        self.availability = Availabilities(runner, self.reads, self.revisions)

    @classmethod
    async def attach(
        cls,
        connection: Connection,
        *,
        retention: Retention,
        future_tolerance_ms: int = limits.FUTURE_TOLERANCE_MS_DEFAULT,
        clock: Callable[[], int] = engine_clock,
        read_queue_max: int = READ_QUEUE_MAX_DEFAULT,
        network_versions_max: int = limits.NETWORK_VERSIONS_DEFAULT,
        writes: ReplicatedWrites | None = None,
    ) -> Store:
        """Take a store into use; an empty one becomes ours.

        Raises:
            StoreRefused: It was initialised with another number of partitions, or by a release
                with another layout.
        """
        partition = PARTITION
        identity = partition.identity
        replies = await connection.pipeline(
            [
                ("HSETNX", identity, "id", secrets.token_hex(8)),
                ("HSETNX", identity, "partitions", PARTITION_COUNT),
                ("HSETNX", identity, "schema", _SCHEMA),
                ("HMGET", identity, "id", "partitions", "schema"),
            ]
        )
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        store_id, partitions, schema = (value.decode() for value in replies[-1])
        if int(partitions) != PARTITION_COUNT:
            raise StoreRefused(
                f"the store was initialised with {partitions} partitions and this service is set "
                f"to {PARTITION_COUNT}: the number is fixed for the life of a store"
            )
        if int(schema) != _SCHEMA:
            raise StoreRefused(
                f"the store has layout {schema} and this release reads layout {_SCHEMA}"
            )
        runner = Runner(connection, partition, retention, clock, writes)
        return cls(
            runner,
            store_id,
            future_tolerance_ms,
            read_queue_max=read_queue_max,
            network_versions_max=network_versions_max,
        )

    def _clock(self) -> int:
        return self.runner.clock()  # asked for each time: a test may hand in another one

    async def _refresh(self, market: str, skus: Sequence[str]) -> int:
        del market  # a SKU is recomputed for all its markets at once
        return await self.runner.refresh(skus)

    async def _limited(self, market: str, skus: Sequence[str]) -> list[int]:
        answer = await self.runner.read("read_limited", market, pack(skus))
        numbers: list[int] = answer.body
        return numbers
