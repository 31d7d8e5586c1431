"""The short ways of reserve, confirm and release leave what the general ways leave, key by key."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import pytest

from sellable.store.connection import Connection
from support.bench import Bench
from support.server import ValkeyProcess
from support.twins import Twins

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS: Final = 1_000
STEPS_BETWEEN_LOOKS: Final = 40  # a look at every key takes long, and what differs stays
SKUS: Final = ("A", "B", "C", "D")
LOCATIONS: Final = ("L0", "L1", "L2")
STOCK: Final = ("put_items A X", *(f"count {sku} {place} 9" for sku in SKUS for place in LOCATIONS))
# Each makes more or other requests unusual, or changes what the numbers of usual ones are.
NETWORKS: Final = (
    "network horizon=1h",
    "network horizon=1h buffer=2 FR=L1,L0,L2",
    "network horizon=1h rule=A:2 class=X:1",
    "network horizon=1h off=L1 safety=L0:2",
    "network recall=B:L0 cap=3",
    "network horizon=1h quota=A:9 class_quota=X:20",
    "network horizon=1h stale=L0:2",
    "network dated=1:20000:60000",
    "network capacity=L0:3",
)
# What short ways must have answered, whatever the dice say.
USUAL: Final = ("reserve HELD", "reserve SHORT", "reserve REPLAYED", "confirm DONE", "release DONE")

# Commands inside the script of a usual call.
COMMANDS: Final = {
    "reserve new{} FR A=1": 15,
    "reserve none{} FR B=1": 4,
    "reserve old{} FR A=1": 4,
    "confirm old{}": 9,
    "release old{}": 14,
}
AROUND: Final = frozenset({"cmdstat_evalsha", "cmdstat_config|resetstat", "cmdstat_info"})


class Story:
    """Draws calls, most of them on reservations, most of those usual."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._made = 0
        self._held = ["r0"]

    def line(self) -> str:
        """Draw one call."""
        kinds = (self._reserve, self._again, self._close, self._fact, self._network, self._other)
        return self._dice.choices(kinds, (8, 2, 9, 4, 1, 3))[0]()

    def heard(self, line: str, outcome: str) -> None:
        """Note what was held: calls on reservations are mostly about those."""
        if outcome == "HELD":
            self._held.append(line.split()[1])

    def _reserve(self) -> str:
        dice = self._dice
        self._made += 1
        lines = [
            f"{sku}={dice.choice((1, 1, 1, 2, 3, 9))}"
            for sku in dice.sample(SKUS, dice.choice((1, 1, 2, 3)))
        ]
        extra = ["ttl=" + dice.choice(("1000", "30000", "30000"))]
        if dice.random() < 0.4:
            extra.append(dice.choice(("partial", "order=o1", "until=90000", "until=90000 partial")))
        if dice.random() < 0.1:
            lines.append(dice.choice((lines[0], "A=1@L0", "B=1@L1", "Z=1", "D=1@L9")))
        if dice.random() < 0.05:
            extra.append(f"replaces={self._some()}")
        if dice.random() < 0.1:
            place, day = dice.choice(LOCATIONS[:2]), dice.choice((15, 16))
            return f"reserve_planned r{self._made} FR A=1@{place} days={place}:{day}"
        market = dice.choice(("FR", "FR", "FR", "FR", "DE", "DE", "DE", "XX"))
        return " ".join((f"reserve r{self._made} {market}", *lines, *extra))

    def _again(self) -> str:
        return f"reserve {self._some()} FR A=1"

    def _close(self) -> str:
        dice, name = self._dice, self._some()
        kinds = (
            f"confirm {name}",
            f"confirm {name} order=o{dice.randrange(3)}",
            f"release {name}",
            f"extend {name} ttl=40000",
            f"fulfil {name}",
            f"fulfil {name} A=1 req=q1",
            f"release {name} A=1 req=q2",
            f"release {name} req=q3",
            f"release {name} refusal={dice.choice(('DAMAGED', 'CLOSED'))}",
        )
        return dice.choices(kinds, (4, 4, 6, 1, 1, 1, 1, 1, 1))[0]

    def _fact(self) -> str:
        dice = self._dice
        sku, location = dice.choice(SKUS), dice.choice(LOCATIONS)
        number = dice.choice((0, 1, 8, 12, 30))
        return dice.choice(
            (
                f"count {sku} {location} {number}",
                f"count {sku} {location} {number}",
                f"delta {sku} {location} {dice.choice((-2, 3, 5))}",
                f"safety {sku} {location} {dice.randrange(3)}",
                f"blocked {sku} {location} {dice.randrange(2)}",
                f"future {sku} {location} {number} supply=P",
                f"receipt {sku} {location} {dice.randrange(3)} supply=P",
            )
        )

    def _other(self) -> str:
        dice = self._dice
        return dice.choice(
            (
                "refresh " + " ".join(SKUS),
                "switch_network",
                f"put_items {dice.choice(SKUS)} X",
                f"wait {dice.choice((1, 500, 1000))}",
                f"wait {dice.choice((1000, 1000, 30000))}",
                "expire",
            )
        )

    def _network(self) -> str:
        return self._dice.choice(NETWORKS)

    def _some(self) -> str:
        return self._dice.choice(self._held[-5:])


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[ValkeyProcess, ValkeyProcess]]:
    """Two stores of this module's own."""
    with ValkeyProcess() as short, ValkeyProcess() as general:
        yield short, general


@pytest.mark.parametrize("seed", range(5))
async def test_a_short_way_leaves_what_the_general_way_leaves(
    seed: int, servers: tuple[ValkeyProcess, ValkeyProcess]
) -> None:
    """After the same calls the answers are the same, and so is every key; both ways are taken."""
    story = Story(seed)
    asked: Counter[str] = Counter()
    async with Twins(*servers) as twins:
        for line in STOCK:
            await twins.tell(line)
        for step in range(STEPS):
            line = story.line()
            outcome = await twins.tell(line)
            story.heard(line, outcome)
            asked[f"{line.split()[0]} {outcome}"] += 1
            if outcome == "STALE":
                await twins.tell("switch_network")
                await twins.tell("refresh " + " ".join(SKUS))
            if step % STEPS_BETWEEN_LOOKS == 0:
                assert {} == twins.differences(), line
        assert {} == twins.differences()
        taken = twins.taken()
    assert [] == [name for name in USUAL if not taken[name]]
    assert taken["reserve HELD"] < asked["reserve HELD"]
    assert taken["confirm DONE"] < asked["confirm DONE"]


@pytest.mark.parametrize(("line", "commands"), COMMANDS.items(), ids=COMMANDS)
async def test_a_short_way_is_few_commands(
    line: str, commands: int, store_url: str, valkey: ValkeyProcess
) -> None:
    """The cost of a usual call follows from its commands; a refusal has a quarter of a sale's."""
    async with await Connection.open(store_url) as connection:
        bench = Bench(connection)
        await bench.open()
        for earlier in ("count A L0 9", "count B L0 0", *map("reserve old{} FR A=1".format, "12")):
            await bench.call(earlier)
        await bench.call(line.format(1))  # loads the script
        with valkey.client() as client:
            client.config_resetstat()
            await bench.call(line.format(2))
            stats: Any = client.info("commandstats")
        assert commands == sum(stat["calls"] for name, stat in stats.items() if name not in AROUND)
