"""Tills: sales as deltas over opening counts, put into streams in any order, and what is left.

Every position is counted once, at the opening, and sold from afterwards. Counts and sales go into
the streams of their sources shuffled together, some twice; what is left of a position is its
opening less what was sold, whatever came first.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from sellable.store.keys import Partition
from support.wait import DEADLINE_S_DEFAULT, eventually
from support.workers import WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    import redis

    from sellable.store.store import Store

OPENING: Final = 1_000
STORES_PER_MARKET: Final = 20
EVENTS_PER_ENTRY: Final = 100
_ENTRIES_PER_CALL: Final = 50
_HOUR_US: Final = 3_600_000_000
# A week of retention less the time that the run itself may take.
_WINDOW_US: Final = 6 * 24 * _HOUR_US
_KEYS: Final = Partition("0")


class Sale(NamedTuple):
    """One line of a till; `moment` only orders lines, in any unit."""

    store: int
    sku: str
    quantity: int
    moment: int


@dataclass(frozen=True)
class Tills:
    """Sales of some stores, moved into the last six days.

    Args:
        sales: Every line.
        now_us: The time at which the last of them was an hour ago.
        sources: How many feeds the stores share.
    """

    sales: Sequence[Sale]
    now_us: int
    sources: int = 8

    @property
    def stores(self) -> list[int]:
        """Return every store that sold."""
        return sorted({sale.store for sale in self.sales})

    @property
    def positions(self) -> list[tuple[int, str]]:
        """Return every store and SKU that was sold there."""
        return sorted({(sale.store, sale.sku) for sale in self.sales})

    def network(self) -> str:
        """Write the network: a location a store, and a market for some stores."""
        names = [place(store) for store in self.stores]
        groups = [
            names[at : at + STORES_PER_MARKET] for at in range(0, len(names), STORES_PER_MARKET)
        ]
        return json.dumps(
            {
                "locations": [{"id": name, "type": "store", "country": "US"} for name in names],
                "markets": [
                    {"channel": f"shops-{number}", "country": "US", "locations": group}
                    for number, group in enumerate(groups)
                ],
            }
        )

    def put(self, client: redis.Redis, *, seed: int, repeated: float = 0.05) -> int:
        """Put counts and sales into the streams, shuffled, some twice; return how many."""
        chance = random.Random(seed)
        positions = self.positions
        order = list(range(len(positions) + len(self.sales)))
        order += chance.choices(order, k=int(len(order) * repeated))
        chance.shuffle(order)
        first, scale = self._clock()
        waiting: dict[str, list[bytes]] = {}
        calls = client.pipeline(transaction=False)
        for index in order:
            if index < len(positions):
                store, sku = positions[index]
                source, event = "opening", self._opening(index, store, sku)
            else:
                sale = self.sales[index - len(positions)]
                moment_us = self.now_us - _WINDOW_US + int((sale.moment - first) * scale)
                source = f"till-{sale.store % self.sources}"
                event = _sold(index, sale, moment_us)
            events = waiting.setdefault(source, [])
            events.append(event)
            if len(events) == EVENTS_PER_ENTRY:
                _add(calls, source, waiting.pop(source))
                if len(calls) >= _ENTRIES_PER_CALL:
                    calls.execute()
        for source, events in waiting.items():
            _add(calls, source, events)
        calls.execute()
        return len(order)

    def left(self) -> dict[tuple[str, str], int]:
        """Return what must be left of each SKU at each location."""
        sold: Counter[tuple[int, str]] = Counter()
        for sale in self.sales:
            sold[sale.store, sale.sku] += sale.quantity
        return {(sku, place(store)): OPENING - units for (store, sku), units in sold.items()}

    def _clock(self) -> tuple[int, float]:
        """Return the first moment, and microseconds of the window for each unit of a moment."""
        moments = [sale.moment for sale in self.sales]
        first, last = min(moments), max(moments)
        return first, (_WINDOW_US - _HOUR_US) / max(1, last - first)

    def _opening(self, index: int, store: int, sku: str) -> bytes:
        row = {
            "event_id": f"o{index}",
            "sku": sku,
            "location": place(store),
            "observe_time": self.now_us - _WINDOW_US - 1,
            "on_hand_quantity": OPENING,
        }
        return json.dumps(row).encode()


def place(store: int) -> str:
    """Return the location of a store."""
    return f"STORE-{store}"


def synthetic(stores: int, skus: int, lines: int, *, seed: int) -> list[Sale]:
    """Make lines as tills write them: a few SKUs sell most."""
    chance = random.Random(seed)
    return [
        Sale(
            store=chance.randrange(stores),
            sku=f"SKU-{int(chance.paretovariate(1.2)) % skus}",
            quantity=chance.choice((1, 1, 1, 2, 6, -1)),  # some come back
            moment=moment,
        )
        for moment in range(lines)
    ]


class Workers:
    """Processes of `sellable ingest worker`; `with` starts them, and ends those that are left."""

    def __init__(self, store_url: str, count: int, *, claim_after_ms: int = 1_000) -> None:
        self.killed = 0
        self._processes: list[WorkerProcess] = []
        self._count = count
        self._store_url = store_url
        self._claim_after_ms = claim_after_ms

    def kill_one(self, chance: random.Random) -> None:
        """End a worker as `kill -9` does, wherever it is, and start another one."""
        process = self._processes.pop(chance.randrange(len(self._processes)))
        process.kill()
        process.leave()
        self.killed += 1
        self._start()

    def run_dry(
        self,
        client: redis.Redis,
        *,
        kills: int,
        seed: int,
        deadline_s: float = 10 * DEADLINE_S_DEFAULT,
    ) -> None:
        """Return when nothing waits any more; meanwhile so many workers were killed."""
        chance = random.Random(seed)
        whole = waiting(client)
        for left in sorted((chance.randrange(whole) for _ in range(kills)), reverse=True):
            eventually(lambda left=left: waiting(client) <= left, deadline_s)  # type: ignore[misc]
            self.kill_one(chance)
        eventually(lambda: not waiting(client), deadline_s)

    def __enter__(self) -> Self:
        for _ in range(self._count):
            self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._processes:
            process.leave()

    def _start(self) -> None:
        self._processes.append(
            WorkerProcess(
                self._store_url,
                log_level="error",
                ingest_claim_after_ms=self._claim_after_ms,
            )
        )


def waiting(client: redis.Redis) -> int:
    """Return how many entries are not applied yet, of all sources."""
    keys = list(client.scan_iter(f"{_KEYS.waiting('')}*", count=10_000, _type="stream"))
    return sum(int(client.xlen(key)) for key in keys)


async def differences(store: Store, left: dict[tuple[str, str], int]) -> list[str]:
    """Compare every position with what must be left; return what differs, in words."""
    by_sku: dict[str, dict[str, int]] = {}
    for (sku, location), units in left.items():
        by_sku.setdefault(sku, {})[location] = units
    found = []
    for sku, expected in by_sku.items():
        positions, _ = await store.inventory.positions(sku)
        on_hand = {position.location: position.on_hand for position in positions}
        found += [
            f"{sku} at {location}: {on_hand.get(location)} and not {expected.get(location)}"
            for location in sorted(on_hand.keys() | expected.keys())
            if on_hand.get(location) != expected.get(location)
        ]
    return found


async def rows_told(store: Store) -> Counter[str]:
    """Return the rows of all sources by outcome, as operators are told."""
    told: Counter[str] = Counter()
    after, more = "", True
    while more:
        page, more = await store.feed_list.page(after, 1_000)
        for feed in page:
            did = feed.counters
            told["applied"] += did.applied
            told["unchanged"] += did.unchanged
            told["stale"] += did.stale
            told["duplicate"] += did.duplicate
            told["rejected"] += did.rejected
            told["given_up"] += did.given_up
            after = feed.source
    return told


def _sold(index: int, sale: Sale, moment_us: int) -> bytes:
    row = {
        "event_id": f"s{index}",
        "sku": sale.sku,
        "location": place(sale.store),
        "observe_time": moment_us,
        "delta_quantity": -sale.quantity,
    }
    return json.dumps(row).encode()


def _add(calls: redis.client.Pipeline, source: str, events: Sequence[bytes]) -> None:
    """Add an entry of many events; redis-py's own call takes each field once only."""
    fields: Iterator[bytes] = (part for event in events for part in (b"event", event))
    calls.execute_command("XADD", _KEYS.waiting(source), "*", *fields)  # type: ignore[no-untyped-call]
