"""The same facts by every way in, in any order and repeated, give what the model says."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import TYPE_CHECKING, Any, Final

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sellable.stock import Fact, FactKind, Position
from support.driving import FUTURE_TOLERANCE_MS, RETENTION_MS, START_MS
from support.model import Model
from support.service import service
from support.ways_in import Way, WaysIn, batches

if TYPE_CHECKING:
    from pathlib import Path

    from support.networks import Document
    from support.service import Service

_LOCATIONS: Final = ("L0", "L1")
_SECOND_US: Final = 1_000_000
# Of this moment, some old, and one that is as late as the retention allows.
_AGES_S: Final = (0, 1, 2, 3, RETENTION_MS // 1_000)
_KINDS: Final = (
    (FactKind.COUNT, st.integers(0, 9)),
    (FactKind.COUNT, st.integers(0, 9)),
    (FactKind.NET_COUNT, st.integers(0, 9)),
    (FactKind.DELTA, st.integers(-9, 9).filter(bool)),
    (FactKind.DELTA, st.integers(-9, 9).filter(bool)),
    (FactKind.DELTA, st.integers(-9, 9).filter(bool)),
    (FactKind.SHIPMENT, st.integers(1, 9)),
    (FactKind.SAFETY_STOCK, st.integers(0, 3)),
    (FactKind.BLOCKED, st.integers(0, 1)),
)
_PLACES: Final[list[Document]] = [
    {"id": name, "type": "store", "country": "FR", "tags": [], "enabled": True}
    for name in _LOCATIONS
]


@st.composite
def _arrivals(draw: st.DrawFn) -> list[tuple[Way, Fact]]:
    """Draw facts, some twice, in any order, each by any way."""
    facts = [_drawn(draw, number) for number in range(draw(st.integers(1, 10)))]
    again = draw(st.lists(st.sampled_from(facts), max_size=5))
    order = draw(st.permutations([*facts, *again]))
    return [(draw(st.sampled_from(Way)), fact) for fact in order]


def _drawn(draw: st.DrawFn, number: int) -> Fact:
    kind, quantities = draw(st.sampled_from(_KINDS))
    return _fact(
        kind,
        draw(quantities),
        event_id=f"e{number}",
        source=draw(st.sampled_from(("erp", "wms", "pos"))),
        location=draw(st.sampled_from(_LOCATIONS)),
        observe_us=START_MS * 1_000 - draw(st.sampled_from(_AGES_S)) * _SECOND_US,
        sequence=draw(st.integers(0, 3)),
    )


def _fact(kind: FactKind, quantity: int, **more: Any) -> Fact:
    values: dict[str, Any] = {
        "location": "L0",
        "observe_us": START_MS * 1_000 - _SECOND_US,
        "reservation_id": "none" if kind is FactKind.SHIPMENT else "",
    }
    return Fact(kind=kind, quantity=quantity, sku="A", **values | more)


_SALE: Final = _fact(FactKind.DELTA, -1, event_id="sale", source="wms", sequence=1)
_COUNT: Final = _fact(FactKind.COUNT, 9, event_id="count", source="wms", sequence=2)
_OTHER: Final = _fact(FactKind.NET_COUNT, 8, event_id="other", source="erp", sequence=3)
_OLD: Final = _fact(
    FactKind.COUNT, 5, event_id="old", source="erp", observe_us=START_MS * 1_000 - 3 * _SECOND_US
)


def test_every_way_in_gives_the_same_positions(store_url: str, tmp_path: Path) -> None:
    """Calls, streams, queues and files in any mixture end where the sum of the facts ends."""
    skus = (f"S{number}" for number in itertools.count())
    clock = [START_MS]
    bounds = {"retention_ms": RETENTION_MS, "future_tolerance_ms": FUTURE_TOLERANCE_MS}
    running = service(store_url, now_ms=clock, **bounds)
    with asyncio.Runner() as runner:
        served = runner.run(running.__aenter__())
        runner.run(_network(served))
        ways = WaysIn(served, tmp_path)

        @settings(max_examples=150, deadline=None, derandomize=True, print_blob=True)
        @given(_arrivals())
        @example([(way, fact) for way in Way for fact in (_SALE, _COUNT, _OLD, _OTHER)])
        @example([(way, fact) for way in Way for fact in (_OTHER, _OLD, _SALE, _COUNT)])
        def ends_where_the_model_ends(arrivals: list[tuple[Way, Fact]]) -> None:
            sku = next(skus)
            told = [(way, msgspec.structs.replace(fact, sku=sku)) for way, fact in arrivals]
            assert _by_model([fact for _, fact in told]) == runner.run(_ends(served, ways, told))

        try:
            ends_where_the_model_ends()
            assert [] == runner.run(served.client.differences())
        finally:
            runner.run(running.__aexit__(None, None, None))


async def _network(served: Service) -> None:
    market = {"channel": "web", "country": "FR", "locations": list(_LOCATIONS)}
    document = {"locations": _PLACES, "markets": [market], "protections": []}
    await served.store.networks.apply(json.dumps(document))


async def _ends(served: Service, ways: WaysIn, told: list[tuple[Way, Fact]]) -> list[Position]:
    """Put the facts in, and return the positions that they left."""
    for way, facts in batches(told):
        await ways.put(way, facts)
    positions, _ = await served.store.inventory.positions(told[0][1].sku)
    return positions


def _by_model(facts: list[Fact]) -> list[Position]:
    model = Model(START_MS, RETENTION_MS, FUTURE_TOLERANCE_MS)
    model.apply_network({"locations": _PLACES, "markets": [], "protections": []})
    for fact in facts:
        # Nothing is reserved here, so a count without reserved units is a count.
        net = fact.kind is FactKind.NET_COUNT
        model.fact(msgspec.structs.replace(fact, kind=FactKind.COUNT) if net else fact)
    return model.list_positions(facts[0].sku)
