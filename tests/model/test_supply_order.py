"""Facts about future supply in every order of arrival, with repeats, while somebody waits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from sellable.reservation import Line, ReserveRequest
from sellable.stock import Fact, FactKind, Outcome
from support.driving import START_MS
from support.story import FR, Story

_DAY_MS: Final = 24 * 3600 * 1000
_TIMES_US: Final = tuple((START_MS - second * 1_000) * 1_000 for second in (0, 1, 2, 3))
_KINDS: Final = (
    (FactKind.COUNT, st.integers(0, 9)),
    (FactKind.DELTA, st.integers(-9, 9).filter(bool)),
    (FactKind.FUTURE_SUPPLY, st.integers(0, 9)),
    (FactKind.FUTURE_SUPPLY, st.integers(0, 9)),
    (FactKind.SUPPLY_RECEIPT, st.integers(0, 5)),
    (FactKind.SUPPLY_RECEIPT, st.integers(0, 5)),
)
_WAITING: Final = 4

if TYPE_CHECKING:
    from collections.abc import Sequence


@st.composite
def _arrivals(draw: st.DrawFn) -> tuple[list[Fact], list[Fact]]:
    """Draw a history, and another order of it in which some facts come more than once."""
    history = [_fact(draw, number) for number in range(draw(st.integers(1, 8)))]
    again = draw(st.lists(st.sampled_from(history), max_size=4))
    return history, draw(st.permutations([*history, *again]))


def _fact(draw: st.DrawFn, number: int) -> Fact:
    kind, quantities = draw(st.sampled_from(_KINDS))
    quantity = draw(quantities)
    of_supply = kind in (FactKind.FUTURE_SUPPLY, FactKind.SUPPLY_RECEIPT)
    return Fact(
        kind=kind,
        event_id=f"e{number}",
        source=draw(st.sampled_from(("erp", "wms"))),
        sku="A",
        location="L0",
        observe_us=draw(st.sampled_from(_TIMES_US)),
        sequence=draw(st.integers(0, 3)),
        quantity=quantity,
        supply_id=draw(st.sampled_from(("P", "Q"))) if of_supply else "",
        expect_ms=START_MS + _DAY_MS if kind is FactKind.FUTURE_SUPPLY else 0,
        final=kind is FactKind.SUPPLY_RECEIPT and (not quantity or draw(st.booleans())),
    )


def test_supplies_in_every_order_give_the_same_positions(store_url: str) -> None:
    """What is expected, arrived and kept, and who was served, depends on no order of the facts.

    Four orders of one unit wait for either supply before the first fact.
    """
    story = Story(store_url)
    market = story.document["markets"][0] | {"backorder_horizon": "30d"}
    story.document = story.document | {"markets": [market]}
    story.network()

    @settings(max_examples=200, deadline=None, derandomize=True, print_blob=True)
    @given(_arrivals())
    def both_orders_end_alike(arrivals: tuple[list[Fact], list[Fact]]) -> None:
        one, other = arrivals
        ends = story.pair.run(_ends(story, _of("A", one), _of("B", other)))
        assert ends[0] == ends[1]

    try:
        both_orders_end_alike()
    finally:
        story.pair.close()


def _of(sku: str, facts: Sequence[Fact]) -> list[Fact]:
    names = Fact.__struct_fields__
    return [Fact(**{name: getattr(fact, name) for name in names} | {"sku": sku}) for fact in facts]


async def _ends(story: Story, *histories: list[Fact]) -> list[tuple[Any, ...]]:
    """Tell each history of a SKU that somebody waits for, and return where that ends."""
    store = story.pair.store
    ends = []
    for facts in histories:
        sku = facts[0].sku
        names = await _wait(story, sku)
        for fact in facts:
            ((row,), _) = await store.inventory.apply([fact])
            assert row.outcome != Outcome.REJECTED
        positions, _ = await store.inventory.positions(sku)
        items, _ = await store.availability.items(FR, [sku])
        held = await asyncio.gather(*(store.reservations.get(name) for name in names))
        places = [[a.location for a in each.lines[0].allocations if a.open] for each in held]
        numbers = items[0].sellable, items[0].future, items[0].oldest_observe_us
        ends.append((positions, numbers, places))
        for name in names:
            await store.reservations.release(name)
        await store.inventory.delete_skus([sku])
    return ends


async def _wait(story: Story, sku: str) -> list[str]:
    """Let orders of one unit wait, half of them for either supply."""
    store = story.pair.store
    names = []
    for at, supply_id in enumerate("PQ" * (_WAITING // 2)):
        announced = Fact(
            kind=FactKind.FUTURE_SUPPLY,
            event_id=f"first-{at}",
            source="erp",
            sku=sku,
            location="L0",
            observe_us=(START_MS - 9_000 + at) * 1_000,
            quantity=at // 2 + 1,
            supply_id=supply_id,
            expect_ms=START_MS + _DAY_MS,
        )
        await store.inventory.apply([announced])
        story.events += 1
        names.append(f"{sku}-{story.events}")
        request = ReserveRequest(
            reservation_id=names[-1],
            market=FR,
            lines=(Line(sku=sku, quantity=1),),
            ttl_ms=1_000,
            accept_backorder_until_ms=START_MS + 2 * _DAY_MS,
        )
        await store.reservations.reserve(request)
    return names
