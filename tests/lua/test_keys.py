"""keys.py and the scripts name the same keys, and all of them are of one hash tag."""

from __future__ import annotations

import inspect
import re
import socket
from typing import TYPE_CHECKING, Final

import pytest

from sellable.errors import BugError
from sellable.maintenance.rollout import Rollout
from sellable.store.connection import Connection
from sellable.store.keys import Partition
from sellable.store.scripts import SCRIPTS
from support.bench import Bench
from support.calls import FACTS, VERBS
from support.connections import script
from support.keyspace import TAG, keys
from support.server import ValkeyProcess
from support.wait import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

NAME: Final = "<name>"
PARTITION: Final = Partition("0")
PLAIN: Final = ("net", "expiry", "overcommitted", "ledger", "closed", "number", "pending")
AGES: Final = ("unsettled", "seen", "aged", "aging", "quotas", "applying", "counted", "rebased")
FEEDS: Final = ("waiting", "begun", "feed", "dead", "tried", "sync", "sync_rows")
PLAIN_OF_FEEDS: Final = ("feeds", "counted", "applying", "asked")
OF_PLANS: Final = ("ship_by", "escalated", "days")
# Every key that Partition can name, with a placeholder for what varies.
NAMED: Final[dict[str, str]] = {
    "view": PARTITION.view(NAME),
    "sku": PARTITION.sku(NAME),
    "stage": PARTITION.stage(NAME),
    "version": PARTITION.version(NAME),
    "reservation": PARTITION.reservation(NAME),
    "holders": PARTITION.holders(NAME),
    "deltas": PARTITION.deltas(NAME, NAME),
    "facts": PARTITION.facts(NAME, NAME),
    "location": PARTITION.location(NAME),
    "sourced": PARTITION.sourced(NAME),
    "follower": PARTITION.follower(NAME),
    "lease": PARTITION.lease(NAME),
    "sync": PARTITION.sync(NAME),
    "sync_rows": PARTITION.sync_rows(NAME),
    "log": PARTITION.log(NAME, NAME),
    **{name: getattr(PARTITION, name)(NAME) for name in FEEDS},
    **{name: getattr(PARTITION, name) for name in (*PLAIN_OF_FEEDS, *OF_PLANS)},
    **{f"index {kind}": PARTITION.index(f"{kind}:{NAME}") for kind in ("s", "k", "l", "o", "w")},
    **{name: getattr(PARTITION, name) for name in (*PLAIN, *AGES, "rollout", "identity", "mark")},
}
# Kinds that no script builds by the include: they are Python's, or of another form there.
WRITTEN_BY_PYTHON: Final = frozenset({"asked", "stage", "identity", "lease", "mark"})

NO_SCRIPTS: Final = frozenset({"wait", "waiting", "letter", "floor"})
STORY: Final = """
    put_items A X
    count A L0 5 at=-3
    delta A L0 1 at=-2
    count B L1 5
    reserve r1 FR A=2 order=o1
    reserve r2 FR A=1 ttl=1000
    reserve r3 FR A=1 B=1
    transfer r1 A=1@L0>L1 req=q1
    reserve r4 FR A=1
    reserve r5 FR A=1 replaces=r4
    confirm r1 order=o1
    confirm r3
    extend r5 ttl=20000
    release r5
    fulfil r1 A=1@L0 req=q2
    shipment A L0 1 r1
    safety A L0 1
    blocked B L1 1
    count A L0 0
    wait 1000
    expire
    get_reservation r2
    list_reservations s:HELD 0 10
    list_positions A
    delete_sku C
    purge
    observe_at FR L0 A
    observe_sku A
    observe_stock L0 A L9 A
    observe_times FR A
    inspect_sku A
    inspect_reservations r1 r2
    network base=0
    network buffer=1
    refresh B
    advance_rollout - 1 1
    count C L2 5
    reserve r6 DE C=1
    network quota=A:3 stale=L2:2 dated=3:130000:140000
    count C L2 5
    wait 130000
    switch_network
    count C L2 5
    switch_network
    switch_network
    refresh A B C
    explain FR A
    observe_pickup L0 A
    read_limited FR A
    preview_network A B buffer=3
    delta A L0 9
    reserve r7 FR A=1
    count D L0 1
    network horizon=1h quota=A:3 stale=L2:2
    refresh D
    future D L0 9 supply=P
    reserve r8 FR D=5 until=60000
    observe_future FR D
    receipt D L0 1 supply=P
    settle_supply L0+P D
    receipt D L0 1 supply=P id=two final
    sync_begin S1 L0 last
    sync_add L0 0 A=5 A=6 B=-
    sync_check L0 0
    sync_commit L0 3
    sync_rows L0
    sync_rest L0
    sync_begin S2 L1
    sync_add L1 0 B=5
    sync_commit L1 1
    net D L0 9
    floor L3 -5 s1
    count D L3 1 at=-6
    refused - - 0 log=f1:0 letters=10
    waiting 5-0 6-0
    count A L0 9 entry=5-0 more
    give_up_entry 6-0 rows=1
    forget_consumers erp 0 me
    letter 9999999999999-0 rejected
    retry_letter 9999999999999-0 refused - - 0
    list_feeds erp
    network buffer=1 capacity=L0:5
    refresh A B C D
    count A L0 9
    count A L1 9
    reserve_planned p1 FR A=1@L0 days=L0:29
    rebind_planned p1 A=1@L1 seen=A:L0:1
    reserve_planned p2 FR A=1@L0 days=L0:29
    escalate p2 LATE
    fulfil p1
    follow_ledger me - 5-0
    observe_sourcing FR A p2
    observe_positions L0,L1 A p2
    observe_capacities L0:29 p2
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyProcess]:
    """One node that owns every slot; it refuses a script that leaves the slot of its key."""
    nodes = tmp_path_factory.mktemp("cluster") / "nodes.conf"
    with socket.create_server(("127.0.0.1", 0)) as free, socket.create_server(("", 0)) as bus:
        port, bus_port = free.getsockname()[1], bus.getsockname()[1]
    options = {
        "cluster-enabled": "yes",
        "cluster-config-file": nodes,
        "bind": "127.0.0.1",
        "port": port,
        "cluster-port": bus_port,
    }
    arguments = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    with ValkeyProcess(*arguments) as process, process.client() as client:
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16_383)
        eventually(lambda: b"cluster_state:ok" in client.execute_command("CLUSTER", "INFO"))
        yield process


@pytest.fixture
async def bench(cluster: ValkeyProcess) -> AsyncIterator[Bench]:
    """Give a store on the cluster node after the story."""
    async with await Connection.open(cluster.url) as connection:
        await connection.execute("FLUSHALL")
        bench = Bench(connection)
        await bench.open()
        for line in filter(None, map(str.strip, STORY.splitlines())):
            await bench.call(line)
        yield bench


def test_story_runs_every_script() -> None:
    """The story leaves no script out."""
    verbs = {line.split()[0] for line in STORY.splitlines() if line.strip()} - NO_SCRIPTS
    assert sorted(SCRIPTS) == sorted({VERBS.get(verb, verb) for verb in verbs})
    assert set() == FACTS - verbs


def test_every_method_of_partition_is_named() -> None:
    """The table of this test leaves no key out."""
    known = {name.partition(" ")[0] for name in NAMED}
    members = inspect.getmembers(Partition, lambda value: callable(value) or is_property(value))
    assert known == {name for name, _ in members if not name.startswith("_")}


def is_property(value: object) -> bool:
    """Tell whether this is a key without a name of its own."""
    return isinstance(value, property)


async def test_every_script_keeps_to_its_slot(bench: Bench, cluster: ValkeyProcess) -> None:
    """All scripts run where a key of another slot is refused, and the counters are right."""
    assert [] == await bench.differences()
    with cluster.client() as client:
        assert [] == [key for key in keys(client) if not key.startswith(TAG)]


async def test_leaving_the_slot_would_be_refused(bench: Bench) -> None:
    """The node that the scripts run on does catch a key of another slot."""
    stray = script("#!lua\nreturn redis.call('GET', '{1}:net')")
    with pytest.raises(BugError):
        await bench.connection.script(stray, (PARTITION.net,), ())


async def test_keys_that_appear_are_those_that_partition_names(
    bench: Bench, cluster: ValkeyProcess
) -> None:
    """After a story with every call, each key has a name in keys.py, and each name has its key."""
    assert await Rollout(bench.store.runner).step() is True
    await bench.call("network buffer=2 stale=L2:2 quota=A:3")
    with cluster.client() as client:
        client.mset({PARTITION.asked: 1, PARTITION.mark: 1})  # a service would, not a call
        found = keys(client)
    patterns = {
        name: re.compile(re.escape(key).replace(re.escape(NAME), ".+"))
        for name, key in NAMED.items()
    }
    assert [] == [key for key in found if not any(p.fullmatch(key) for p in patterns.values())]
    assert [] == [name for name, p in patterns.items() if not any(map(p.fullmatch, found))]


def test_tag_comes_from_a_stage_as_well() -> None:
    """A script whose declared key is a staged network builds the same keys."""
    mirror = SCRIPTS["preview_network"].source.partition("local tag = ")[2].partition("\n")[0]
    assert "string.sub(KEYS[1], 1, string.find(KEYS[1], '}:', 1, true) + 1)" == mirror
    for name in (PARTITION.net, PARTITION.stage("0a")):
        assert TAG == name[: name.index("}:") + 2]


def test_kinds_of_the_scripts_are_those_of_partition() -> None:
    """Every kind that a script builds is one of keys.py, and the other way round."""
    sources = "".join(each.source for each in SCRIPTS.values())
    built = set(re.findall(r"(?<!function )\bkey\('([^']+)'", sources))
    built |= set(re.findall(r"'(i:[kslow]:|h:)' \.\. ", sources))  # inspect_reservations
    named = {
        key.removeprefix(TAG).partition(NAME)[0]
        for name, key in NAMED.items()
        if name not in WRITTEN_BY_PYTHON
    }
    assert named | {"i:"} == built  # list_reservations is told which index
