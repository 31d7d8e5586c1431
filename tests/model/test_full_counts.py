"""Facts and full counts in every order of arrival, with repeats, give the same positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sellable.stock import Fact, FactKind, Outcome, Position
from sellable.store.syncs import SyncHeader
from support.driving import FUTURE_TOLERANCE_MS, RETENTION_MS, START_MS
from support.model import Model
from support.model_facts import Told
from support.story import Story

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.store.store import Store
    from support.networks import Document

_LOCATIONS: Final = ("L0", "L1")
_SKUS: Final = ("A", "B")
_TIMES_US: Final = tuple((START_MS - second * 1_000) * 1_000 for second in (0, 1, 2, 3))
_KINDS: Final = (
    (FactKind.COUNT, st.integers(0, 9)),
    (FactKind.DELTA, st.integers(-9, 9).filter(bool)),
    (FactKind.DELTA, st.integers(-9, 9).filter(bool)),
    (FactKind.SAFETY_STOCK, st.integers(0, 3)),
)
_SOURCES: Final = st.sampled_from(("erp", "wms"))


class FullCount(msgspec.Struct, frozen=True):
    """One full count of a location."""

    header: SyncHeader
    rows: tuple[tuple[str, int], ...]


@st.composite
def _facts(draw: st.DrawFn, number: int) -> Fact:
    kind, quantities = draw(st.sampled_from(_KINDS))
    return Fact(
        kind=kind,
        quantity=draw(quantities),
        event_id=f"e{number}",
        source=draw(_SOURCES),
        sku=draw(st.sampled_from(_SKUS)),
        location=draw(st.sampled_from(_LOCATIONS)),
        observe_us=draw(st.sampled_from(_TIMES_US)),
        sequence=draw(st.integers(0, 2)),
    )


@st.composite
def _full_counts(draw: st.DrawFn, number: int) -> FullCount:
    header = SyncHeader(
        sync_id=f"s{number}",
        source=draw(_SOURCES),
        location=draw(st.sampled_from(_LOCATIONS)),
        observe_us=draw(st.sampled_from(_TIMES_US)),
        max_zeroed_fraction=1.0,
    )
    named = draw(st.lists(st.sampled_from(_SKUS), unique=True))
    return FullCount(header, tuple((sku, draw(st.integers(0, 9))) for sku in named))


@st.composite
def _arrivals(draw: st.DrawFn) -> tuple[list[Fact | FullCount], list[Fact | FullCount]]:
    """Draw a history, and another order of it in which some of it comes more than once."""
    history: list[Fact | FullCount] = []
    for number in range(draw(st.integers(1, 8))):
        if draw(st.integers(0, 2)) == 0:
            history.append(draw(_full_counts(number)))
        else:
            history.append(draw(_facts(number)))
    again = draw(st.lists(st.sampled_from(history), max_size=3))
    return history, draw(st.permutations([*history, *again]))


def _sale(sku: str, observe_us: int, quantity: int) -> Fact:
    return Fact(
        kind=FactKind.DELTA,
        quantity=quantity,
        event_id="sale",
        source="pos",
        sku=sku,
        location="L0",
        observe_us=observe_us,
    )


_EMPTY: Final = FullCount(
    SyncHeader(
        sync_id="s", source="wms", location="L0", observe_us=_TIMES_US[1], max_zeroed_fraction=1.0
    ),
    (),
)
_BEFORE: Final = _sale("A", _TIMES_US[2], 5)
_AFTER: Final = _sale("A", _TIMES_US[0], 5)


def test_every_order_gives_the_same_positions(store_url: str) -> None:
    """A fact older than a full count changes nothing, whichever of the two comes first."""
    story = Story(store_url)

    @settings(max_examples=300, deadline=None, derandomize=True, print_blob=True)
    @given(_arrivals())
    @example(([_BEFORE, _EMPTY], [_EMPTY, _BEFORE]))
    @example(([_AFTER, _EMPTY], [_EMPTY, _AFTER]))
    def both_orders_end_alike(
        arrivals: tuple[Sequence[Fact | FullCount], Sequence[Fact | FullCount]],
    ) -> None:
        one, other = arrivals
        wanted = _by_model(one)
        assert wanted == _by_model(other)
        for history in arrivals:
            assert wanted == story.pair.run(_by_store(story.pair.store, history))

    try:
        both_orders_end_alike()
    finally:
        story.pair.close()


async def _by_store(store: Store, history: Sequence[Fact | FullCount]) -> dict[str, list[Position]]:
    """Tell a history to a store that knows nothing of these SKUs, and return where it ends."""
    await store.inventory.delete_skus(_SKUS)
    partition, connection = store.runner.partition, store.runner.connection
    await connection.execute("DEL", partition.counted, *map(partition.sync, _LOCATIONS))
    for one in history:
        if isinstance(one, Fact):
            ((row,), _) = await store.inventory.apply([one])
            assert Outcome.REJECTED != row.outcome
        else:
            begun = await store.syncs.begin(one.header)
            if begun.result is None:
                state = await store.syncs.add(begun, 0, one.rows)
                await store.syncs.commit(state, len(one.rows))
    return {
        sku: (await store.inventory.positions(sku))[0]
        for sku in _SKUS
        if await connection.execute("EXISTS", partition.sku(sku))
    }


def _by_model(history: Sequence[Fact | FullCount]) -> dict[str, list[Position]]:
    model = Model(START_MS, RETENTION_MS, FUTURE_TOLERANCE_MS)
    places: list[Document] = [
        {"id": name, "type": "store", "country": "FR", "tags": [], "enabled": True}
        for name in _LOCATIONS
    ]
    model.apply_network({"locations": places, "markets": [], "protections": []})
    for one in history:
        if isinstance(one, Fact):
            model.fact(one)
        else:
            header = one.header
            told = Told(observe_us=header.observe_us, event_id=header.sync_id, source=header.source)
            model.full_count(header.location, told, dict(one.rows))
    return {sku: model.list_positions(sku) for sku in _SKUS if model.known(sku)}
