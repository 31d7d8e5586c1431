"""The rights of deploy/users.acl: what the code uses, and nothing else.

A script that is refused in its second half keeps the writes of its first, so a right must not be
missing; and one that nobody needs is one that a thief of the password has.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest
import redis
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError
from redis.retry import Retry

from sellable.durability import Durability
from sellable.errors import SellableError, StoreRefused
from sellable.store.connection import Connection
from sellable.store.guard import check_url
from sellable.store.keys import Partition
from support.bench import Bench
from support.client import Client, Want
from support.command import Command
from support.deployment import DEPLOY, DeployedStore
from support.rights import named, used_by_python, used_by_scripts
from support.service import ServiceProcess
from support.tables import rows
from support.wait import eventually
from support.workers import WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.server import ValkeyProcess

KEYS: Final = Partition("0")
NETWORK: Final = """
locations:
  - {id: DC, type: warehouse, country: FR}
  - {id: SHOP, type: store, country: FR}
markets:
  - {channel: web, country: FR, locations: [DC, SHOP]}
"""
COUNTS: Final = "".join(
    f'{{"event_id": "e{at}", "sku": "S{at}", "location": "{place}", "on_hand_quantity": 5,'
    f' "observe_time": "{datetime.now(UTC).isoformat()}"}}\n'
    for at, place in enumerate(["DC", "SHOP", "NOWHERE", "DC"])
)
# Sent by redis-py where a store is looked at before it is used, and by every look at it.
OF_THE_GUARD: Final = {"client|setinfo", "config|get", "evalsha", "info", "script|load"}
# A database by number: valkey.conf has one only. HELLO and AUTH need no right.
NEEDLESS: Final = {"select", "hello"}


def listed(user: str) -> set[str]:
    """Return the rights of a user in users.acl."""
    lines = [line.split() for line in (DEPLOY / "users.acl").read_text().splitlines()]
    words = [word for line in lines if line[:2] == ["user", user] for word in line[2:]]
    rights = [named(word) for word in words if word.startswith("+")]
    assert len(rights) == len(set(rights))
    return set(rights)


@pytest.fixture(scope="module")
def store() -> Iterator[DeployedStore]:
    """Run a store with these users."""
    with DeployedStore() as store:
        yield store


@pytest.fixture
def denied(store: DeployedStore) -> Iterator[redis.Redis]:
    """Connect as monitoring does; at the end nobody was denied anything."""
    with store.monitor_user() as monitor:
        yield monitor
        assert [] == monitor.acl_log()


def calls(monitor: redis.Redis) -> set[str]:
    """Return every command that was carried out, also within scripts."""
    told: Any = monitor.info("commandstats")
    return {
        name.removeprefix("cmdstat_")
        for name, counts in told.items()
        if counts["calls"] > counts["rejected_calls"] + counts["failed_calls"]
    }


def test_rights_are_those_that_the_code_uses(valkey: ValkeyProcess) -> None:
    """Whatever scripts and services send is listed, and nothing is listed that they do not."""
    with valkey.client() as client:
        known: Any = client.command_list()
    commands = {name.decode() for name in known}
    used = used_by_scripts(commands) | used_by_python(commands) | OF_THE_GUARD
    assert used - NEEDLESS == listed("sellable")


async def test_rights_suffice_and_each_is_used(store: DeployedStore, denied: redis.Redis) -> None:
    """Every row of the tables of scripts, and a service at work: no denial, and no idle right."""
    async with await Connection.open(store.url) as connection:
        for row in rows():
            await emptied(connection)
            bench = Bench(connection)
            await bench.open()
            for call in (*row.before, row.call):
                await bench.call(call)
        await emptied(connection)
    await at_work(store)
    assert set() == listed("sellable") - calls(denied)


async def test_a_missing_right_costs_more_than_its_call() -> None:
    """What the list is for: a script that is refused in its second half keeps its first."""
    admin = "user admin on nopass allkeys allchannels +@all\n"
    with DeployedStore(admin) as store:
        async with await Connection.open(store.url) as connection:
            bench = Bench(connection)
            await bench.open()
            await bench.call("count A L0 5")
            assert [] == await bench.differences()
            with redis.Redis.from_url(f"redis://admin:any@127.0.0.1:{store.port}") as client:
                client.acl_setuser("sellable", commands=["-xadd"])
                with pytest.raises(SellableError):
                    await bench.call("reserve r1 FR A=2")
                client.acl_setuser("sellable", commands=["+xadd"])
            assert [] != await bench.differences()


def test_nobody_else_comes_in(store: DeployedStore) -> None:
    """Without a name nothing is answered; services see their keys only, monitoring none."""
    nameless = redis.Redis(port=store.port, retry=Retry(NoBackoff(), 0))
    with nameless, pytest.raises(redis.AuthenticationError):
        nameless.ping()
    with store.service_user() as service:
        service.hset(KEYS.identity, "id", "x")
        for refused in ("other", "{1}:identity"):
            with pytest.raises(NoPermissionError):
                service.hset(refused, "id", "x")
        for line in ("FLUSHALL", "CONFIG SET save 1", "KEYS *", "EVAL return 0", "ACL LIST"):
            with pytest.raises(NoPermissionError):
                service.execute_command(*line.split())
    with store.monitor_user() as monitor, pytest.raises(NoPermissionError):
        monitor.hgetall(KEYS.identity)


async def emptied(connection: Connection) -> None:
    """Remove every key that services may see: their user may not empty the store as a whole."""
    cursor = b"0"
    while True:
        cursor, keys = await connection.execute("SCAN", cursor, "COUNT", 1_000)
        if keys:
            await connection.execute("UNLINK", *keys)
        if cursor == b"0":
            return


async def at_work(store: DeployedStore) -> None:
    """Serve, and do once what operators, shops and feeds do."""
    config = f"--config={store.config}"
    with pytest.raises(StoreRefused, match="0 are connected"):  # and not: WAIT is refused
        await check_url(store.url, durability=Durability("replica:1"))
    async with ServiceProcess(config=store.config, durability="fsync") as service:
        command = Command(service.address)

        async def ask(line: str, stdin: str = "") -> None:
            ended = await asyncio.to_thread(command, *line.split(), stdin=stdin)
            assert ended.exit_code == 0, ended.err

        await ask("network apply -", NETWORK)
        await ask(f"ingest push erp {config}", COUNTS)
        # A worker that died with rows in its hands: another one takes them over.
        with store.service_user() as client:
            client.xgroup_create(KEYS.waiting("erp"), "sellable", "0")
            client.xreadgroup("sellable", "dead", {KEYS.waiting("erp"): ">"}, count=1)
        worker = WorkerProcess("", config, ingest_claim_after_ms=50)
        try:
            with store.service_user() as client:
                eventually(lambda: not client.xlen(KEYS.waiting("erp")))
            assert 0 == await worker.terminate()
        finally:
            worker.leave()
        await ask("ingest dead-letters list")
        await ask("ingest dead-letters drop --source erp --all --yes")
        await ask(f"ingest file - --source erp {config}", COUNTS.replace("NOWHERE", "DC"))
        await ask("network whatif -", NETWORK.replace("[DC, SHOP]", "[DC]"))
        await ask("network apply -", NETWORK.replace("[DC, SHOP]", "[DC]"))
        await ask("export-market web/FR --format csv")
        async with Client(service.address) as caller:
            await caller.reserve("cart", "web/FR", Want("S0"))
        await ask("verify")
        await ask("verify S0")
