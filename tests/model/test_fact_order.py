"""The same facts in every order of arrival, with repeats, give the same positions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sellable.stock import Fact, FactKind, Outcome, Position
from support.driving import FUTURE_TOLERANCE_MS, RETENTION_MS, START_MS
from support.model import Model
from support.story import Story

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.networks import Document

_LOCATIONS: Final = ("L0", "L1")
_TIMES_US: Final = tuple((START_MS - second * 1_000) * 1_000 for second in (0, 1, 2, 3))
_KINDS: Final = (
    (FactKind.COUNT, st.integers(0, 9)),
    (FactKind.COUNT, st.integers(0, 9)),
    (FactKind.DELTA, st.integers(-9, 9).filter(bool)),
    (FactKind.DELTA, st.integers(-9, 9).filter(bool)),
    (FactKind.SHIPMENT, st.integers(1, 9)),
    (FactKind.SAFETY_STOCK, st.integers(0, 3)),
    (FactKind.BLOCKED, st.integers(0, 1)),
)


@st.composite
def _histories(draw: st.DrawFn) -> list[Fact]:
    facts = []
    for number in range(draw(st.integers(1, 10))):
        kind, quantities = draw(st.sampled_from(_KINDS))
        facts.append(
            _fact(
                kind,
                draw(quantities),
                event_id=f"e{number}",
                source=draw(st.sampled_from(("erp", "wms"))),
                location=draw(st.sampled_from(_LOCATIONS)),
                observe_us=draw(st.sampled_from(_TIMES_US)),
                sequence=draw(st.integers(0, 3)),
            )
        )
    return facts


def _fact(kind: FactKind, quantity: int, **more: Any) -> Fact:
    values: dict[str, Any] = {
        "location": "L0",
        "observe_us": _TIMES_US[1],
        "reservation_id": "none",
    }
    return Fact(kind=kind, quantity=quantity, sku="A", **values | more)


@st.composite
def _arrivals(draw: st.DrawFn) -> tuple[list[Fact], list[Fact]]:
    """Draw a history, and another order of it in which some facts come more than once."""
    history = draw(_histories())
    again = draw(st.lists(st.sampled_from(history), max_size=4))
    return history, draw(st.permutations([*history, *again]))


def _of(sku: str, facts: Sequence[Fact]) -> list[Fact]:
    names = Fact.__struct_fields__
    return [Fact(**{name: getattr(fact, name) for name in names} | {"sku": sku}) for fact in facts]


_SALE: Final = _fact(FactKind.DELTA, -1, event_id="sale", source="wms", sequence=1)
_COUNT: Final = _fact(FactKind.COUNT, 9, event_id="count", source="wms", sequence=2)
_OTHER_COUNT: Final = _fact(FactKind.COUNT, 9, event_id="other", source="erp", sequence=3)


def test_facts_in_every_order_give_the_same_positions(store_url: str) -> None:
    """What arrives in which order, and how often, changes no position and no number."""
    story = Story(store_url)

    @settings(max_examples=300, deadline=None, derandomize=True, print_blob=True)
    @given(_arrivals())
    @example(([_COUNT, _OTHER_COUNT, _SALE], [_SALE, _COUNT, _OTHER_COUNT]))
    @example(([_COUNT, _OTHER_COUNT, _SALE], [_COUNT, _SALE, _OTHER_COUNT]))
    def both_orders_end_alike(arrivals: tuple[list[Fact], list[Fact]]) -> None:
        one, other = arrivals
        ends = story.pair.run(_ends(story, _of("A", one), _of("B", other)))
        assert ends[0] == ends[1]
        assert _by_model(one) == ends[0][0]

    try:
        both_orders_end_alike()
    finally:
        story.pair.close()


async def _ends(story: Story, *histories: list[Fact]) -> list[tuple[list[Position], list[int]]]:
    """Tell each history of another SKU, one fact a call, and return where that ends."""
    store = story.pair.store
    ends = []
    for facts in histories:
        sku = facts[0].sku
        await store.inventory.delete_skus([sku])
        for fact in facts:
            ((row,), _) = await store.inventory.apply([fact])
            assert row.outcome != Outcome.REJECTED
        (positions, _), (numbers, _) = await asyncio.gather(
            store.inventory.positions(sku), store.reads.sellable("web/FR", [sku])
        )
        ends.append((positions, numbers))
    return ends


def _by_model(facts: list[Fact]) -> list[Position]:
    model = Model(START_MS, RETENTION_MS, FUTURE_TOLERANCE_MS)
    places: list[Document] = [
        {"id": name, "type": "store", "country": "FR", "tags": [], "enabled": True}
        for name in _LOCATIONS
    ]
    model.apply_network({"locations": places, "markets": [], "protections": []})
    for fact in facts:
        model.fact(fact)
    return model.list_positions("A")
