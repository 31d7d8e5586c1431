"""Orders at risk: a worker in this process, step by step, and what the store says of its work."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sellable.dispatch.worker.acting import Policy
from sellable.dispatch.worker.worker import Worker
from sellable.registrations import dispatch_of
from sellable.settings import load_settings
from sellable.store.keys import Partition
from sellable.v1 import sourcing_pb2
from support.client import CALL_S_MAX, Want
from support.sourcing import hold

if TYPE_CHECKING:
    import redis

    from sellable.store.store import Store
    from support.client import Client

PARTITION: Final = Partition("0")
DAY_MS: Final = 24 * 3600 * 1000
POLICY: Final = Policy(
    late_after_ms=DAY_MS,
    late_sourced=True,
    retry_after_ms=60_000,
    lease_ms=60_000,
    solve_limit_ms=200,
)


def worker_of(store: Store, name: str = "w", **policy: Any) -> Worker:
    """Make a worker on a store; a test makes its steps."""
    return Worker(
        store,
        dispatch_of(store, load_settings(), None),
        name=name,
        policy=POLICY._replace(**policy),
        look_every_ms=50,
        at_once=4,
        grace_ms=1_000,
    )


async def caught_up(worker: Worker) -> Counter[str]:
    """Have a worker follow the ledger to its end and look through the indexes; tell what it did."""
    before = Counter(worker.outcomes)
    for _ in range(100):
        assert await worker.follow()
        position = await worker._follower.position()
        if position == await worker._runner.ledger_position():
            break
    await worker.look_through()
    return Counter(worker.outcomes) - before


async def placed(client: Client, name: str, *wants: Want, **of: Any) -> None:
    """Plan an order, hold and confirm it."""
    await hold(client, name, *wants, of={"order_reference": f"O-{name}", **of})
    await client.confirm(name)


async def to_decide(client: Client) -> list[sourcing_pb2.AtRiskOrder]:
    """Return all orders that a person must decide about, by pages of two."""
    found: list[sourcing_pb2.AtRiskOrder] = []
    token = ""
    while True:
        request = sourcing_pb2.ListAtRiskOrdersRequest(page_size=2, page_token=token)
        page = await client.sourcing.ListAtRiskOrders(request, timeout=CALL_S_MAX)
        found += page.orders
        token = page.next_page_token
        if not token:
            return found


def noted(client: redis.Redis, *kinds: str) -> Counter[tuple[str, str]]:
    """Count the entries of the ledger of these kinds by kind and reservation."""
    entries: Any = client.xrange(PARTITION.ledger)
    told = (msgspec.msgpack.decode(fields[b"e"]) for _, fields in entries)
    return Counter((entry[0], entry[4]) for entry in told if entry[0] in kinds)


def causes(order: sourcing_pb2.AtRiskOrder) -> set[str]:
    """Return why an order is at risk."""
    return {
        sourcing_pb2.RiskCause.Name(danger.cause).removeprefix("RISK_CAUSE_")
        for danger in order.dangers
    }


def needless(client: redis.Redis) -> list[str]:
    """Replay the ledger; return what was done to orders without need, or twice.

    An order moves at most once for each time that a shortage has come to fall on it; a person is
    asked again only after the order moved, or after nobody was asked any more.
    """
    holds: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    confirmed: dict[str, None] = {}
    due: set[str] = set()
    asked: set[str] = set()
    found = []
    entries: Any = client.xrange(PARTITION.ledger)
    for _, fields in entries:
        kind, sku, location, quantity, name, *_ = msgspec.msgpack.decode(fields[b"e"])
        if kind in {"HELD", "TRANSFERRED"}:
            holds[name][sku, location] += quantity
        elif kind == "CONFIRMED":
            confirmed[name] = None  # one entry a line
        elif kind == "OVERCOMMITTED":
            due |= short_of((sku, location), quantity, confirmed, holds)
        elif kind == "SOURCED" and name in confirmed:
            found += [] if name in due else [f"{name} moved without need"]
            due.discard(name)
            asked.discard(name)
        elif kind == "ESCALATED":
            found += [f"{name} escalated twice"] if name in asked else []
            asked.add(name)
        elif kind == "RELIEVED":
            asked.discard(name)
    return found


def short_of(
    place: tuple[str, str],
    owed: int,
    confirmed: dict[str, None],
    holds: dict[str, Counter[tuple[str, str]]],
) -> set[str]:
    """Return on whom the units fall that a position owes: the youngest orders."""
    found = set()
    for name in reversed(confirmed):
        held = holds[name][place]
        if owed > 0 and held > 0:
            found.add(name)
        owed -= held
    return found
