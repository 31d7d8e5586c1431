"""Faults that the model found in the scripts, each kept as the calls that showed it.

Every call is made on the store and on the model; the answers, and in the end the whole state, are
compared, and what matters is stated beside.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sellable.limits import FEEDS_MAX, LOCATIONS_PER_MARKET_MAX
from sellable.reservation import Line, Part, Refusal, State
from sellable.stock import Fact, FactKind, Outcome
from support.driving import RETENTION_MS, START_MS, Pair
from support.story import FR, Story

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def story(store_url: str) -> Iterator[Story]:
    """Give both sides a network; whatever a test does, both end in the same state."""
    story = Story(store_url)
    try:
        yield story
        story.pair.compare()
        story.pair.compare_listings()
        story.pair.verify()
    finally:
        story.pair.close()


def reason(answer: Any) -> str:
    """Name the refusal."""
    assert isinstance(answer[0], str), answer
    return answer[0]


def test_a_refusal_does_not_lose_what_expired_before_it(story: Story) -> None:
    """A hold that is due gives its units back even if the call that meets it is then refused."""
    story.count("A@L0", 5)
    story.reserve("due", "2 A")
    story.wait(1_000)
    assert reason(story.reserve("new", "1 A", "1 UNKNOWN")) == "UNKNOWN_SKU"


def test_a_late_confirm_that_fails_does_not_lose_what_expired_before_it(story: Story) -> None:
    """The same for the holds that a late confirm meets before it finds one SKU forgotten."""
    story.count("A@L0", 5)
    story.count("B@L0", 5)
    story.reserve("late", "2 A", "2 B")
    story.wait(1_000)
    story.pair.compare()
    story.delete("B")
    story.reserve("due", "3 A")
    story.wait(1_000)
    assert reason(story.confirm("late")) == "RESERVATION_EXPIRED"


@pytest.mark.parametrize("waited_ms", [0, 1_000])
def test_a_line_that_was_granted_nothing_does_not_keep_an_order_back(
    story: Story, waited_ms: int
) -> None:
    """A SKU without any position is no fault of a reservation that holds none of it."""
    story.count("A@L0", 5)
    story.put_item("B")
    story.reserve("partial", "2 A", "1 B", allow_partial=True)
    story.reserve("other", "1 A", ttl_ms=9_000)
    story.count("A@L0", 2, observe_us=story.pair.model.now_ms * 1000)
    story.wait(waited_ms)
    story.confirm("partial")
    story.count("A@L0", 4, observe_us=story.pair.model.now_ms * 1000)
    assert story.confirm("partial")[0].state == State.CONFIRMED


def test_the_short_units_of_two_lines_move_together(story: Story) -> None:
    """Both lines of a hold find what the other location has, each unit once."""
    story.count("A@L0", 4)
    story.reserve("short", "2 A", "2 A")
    story.count("A@L1", 4)
    story.count("A@L0", 0, observe_us=story.pair.model.now_ms * 1000)
    confirmed = story.confirm("short")[0]
    assert [{"L0": 0, "L1": 2}] * 2 == [
        {allocation.location: allocation.open for allocation in line.allocations}
        for line in confirmed.lines
    ]


def test_a_count_of_another_source_at_the_same_time_does_not_know_a_delta(story: Story) -> None:
    """The greater of two counts decides which deltas of its moment are news, in every order."""
    story.tell(FactKind.DELTA, "A@L0", -1, event_id="sale", sequence=1)
    story.count("A@L0", 9, event_id="first", sequence=2)
    assert story.on_hand("A@L0") == 9
    story.count("A@L0", 9, event_id="second", sequence=3, source="erp")
    assert story.on_hand("A@L0") == 8
    story.count("A@L1", 9, event_id="first", sequence=2)
    story.tell(FactKind.DELTA, "A@L1", -1, event_id="sale", sequence=1)
    story.count("A@L1", 9, event_id="second", sequence=3, source="erp")
    assert story.on_hand("A@L1") == 8


@pytest.mark.parametrize("lines", [["2 A"], ["1 A", "1 A"]])
def test_goods_leave_once_whenever_their_reservation_becomes_known(
    story: Story, lines: list[str]
) -> None:
    """A shipment that came before its reservation lowers on hand then, and only then."""
    story.count("A@L0", 10)
    for _ in range(2):
        story.tell(FactKind.SHIPMENT, "A@L0", 2, event_id="left", reservation_id="early")
    assert story.on_hand("A@L0") == 8
    story.reserve("early", *lines)
    for _ in range(2):
        story.tell(FactKind.SHIPMENT, "A@L0", 2, event_id="left", reservation_id="early")
    assert story.on_hand("A@L0") == 8


def test_deltas_past_their_retention_are_no_count(story: Story) -> None:
    """What was never counted has no observation time, however old its deltas are."""
    story.count("A@L0", 5)
    story.tell(FactKind.DELTA, "A@L1", 2)
    story.wait(RETENTION_MS + 1)
    story.tell(FactKind.DELTA, "A@L1", 3)
    assert story.on_hand("A@L1") == 5


def test_a_shortage_does_not_fall_on_a_younger_hold_because_a_due_one_was_not_swept(
    story: Story,
) -> None:
    """What a due hold had counts as given back before the rest of a shortage is shared out."""
    story.count("A@L0", 8)
    story.reserve("due", "3 A")
    story.reserve("young", "5 A", ttl_ms=9_000)
    story.wait(999)
    story.count("A@L0", 3, observe_us=story.pair.model.now_ms * 1000)
    story.wait(1)
    young = story.pair.run(story.pair.store.reservations.get("young"))
    assert young.lines[0].allocations[0].short == 2


def test_a_due_hold_does_not_keep_a_location_in_the_network(story: Story) -> None:
    """A location can leave as soon as its last hold is due, swept or not."""
    story.count("A@L2", 2)
    story.reserve("due", "2 A")
    without = {
        **story.document,
        "locations": story.document["locations"][:2],
        "markets": [{"channel": "web", "country": "FR", "locations": ["L0", "L1"]}],
    }
    story.pair.apply_network(without)
    assert story.pair.model.version == 1
    story.wait(1_000)
    story.pair.apply_network(without)
    assert story.pair.model.version == 2


def test_an_order_may_bring_another_reference_than_its_hold(story: Story) -> None:
    """The reference of a confirmation replaces that of the hold; after that another is refused."""
    story.count("A@L0", 2)
    story.reserve("cart", "2 A", order_reference="draft")
    assert story.confirm("cart", "order")[0].order_reference == "order"
    assert reason(story.confirm("cart", "draft")) == "IDEMPOTENCY_CONFLICT"


def test_an_unreserved_shipment_does_not_release_what_expired(story: Story) -> None:
    """A hold that ran out stays EXPIRED when units leave that it never had; it can come late."""
    story.count("A@L0", 5)
    story.put_item("B")
    story.reserve("late", "2 A", "1 B", allow_partial=True)
    story.wait(1_000)
    story.fulfil("late", "q", Part(sku="B", quantity=1, location="L0"))
    assert story.confirm("late")[0].state == State.CONFIRMED


def test_ids_with_slashes_are_not_mistaken_for_each_other(story: Story) -> None:
    """Reservation a/b with request c and reservation a with request b/c are two shipments."""
    story.count("A@L0", 5)
    for name, request_id in (("a/b", "c"), ("a", "b/c")):
        story.reserve(name, "2 A")
        story.fulfil(name, request_id, Part(sku="A", quantity=1))
        story.release(name, f"{request_id}2", Part(sku="A", quantity=1), refusal=Refusal.DAMAGED)
    assert story.on_hand("A@L0") == 1


def test_an_id_that_is_free_again_ships_again(story: Story) -> None:
    """The second life of a reservation id does not take the shipment of the first for its own."""
    story.count("A@L0", 5)
    for on_hand in (4, 3):
        story.reserve("again", "1 A")
        story.fulfil("again", "q", Part(sku="A", quantity=1))
        assert story.on_hand("A@L0") == on_hand
        story.wait(RETENTION_MS)
        story.pair.run(story.pair.store.runner.run("purge", FEEDS_MAX))
        story.pair.model.purge()


def test_one_event_may_ship_several_skus_of_an_order(story: Story) -> None:
    """A repeat is one of the same position: a dispatch note with two SKUs ships both."""
    for sku in "AB":
        story.count(f"{sku}@L0", 5)
    story.reserve("order", "1 A", "1 B")
    outcomes = [
        story.tell(
            FactKind.SHIPMENT, f"{sku}@L0", 1, event_id="note", reservation_id="order", line_id=""
        )
        for sku in ("A", "B", "B")
    ]
    assert [Outcome.APPLIED, Outcome.APPLIED, Outcome.DUPLICATE] == outcomes


def test_a_move_of_two_lines_that_cannot_be_made_is_told_once(story: Story) -> None:
    """A move names one shortfall, with all that its target has."""
    story.count("A@L0", 6)
    story.reserve("order", "3 A", "3 A")
    story.count("A@L1", 4)
    refused = story.transfer("order", "q", Part(sku="A", quantity=6, to_location="L1"))
    assert reason(refused) == "INSUFFICIENT_STOCK"
    assert [(6, 4)] == [(line.requested_quantity, line.sellable_quantity) for line in refused[1]]


def test_a_disabled_location_shows_its_safety_stock(story: Story) -> None:
    """What a location keeps back is as the network says, also where nothing is sold from it."""
    story.count("A@L2", 6)
    story.network(enabled=False, safety_stock=1)
    story.pair.compare()
    story.network(enabled=False, safety_stock=4)
    story.pair.compare()
    assert story.pair.model.safety_stock("A", "L2") == 4


def test_a_setting_that_makes_a_position_is_applied(story: Story) -> None:
    """The market's number goes from unknown to 0 by it, so the ledger has to tell it."""
    assert story.tell(FactKind.BLOCKED, "A@L0", 0) == Outcome.APPLIED
    assert story.tell(FactKind.BLOCKED, "A@L0", 0) == Outcome.UNCHANGED


def test_the_order_of_refusals_is_that_of_the_contract(story: Story) -> None:
    """Of several reasons the first of the contract's list is answered."""
    story.count("A@L0", 6)
    story.reserve("order", "1 A")
    story.confirm("order")
    nowhere = Line(sku="A", quantity=1, location="NOWHERE")
    unknown = {"replaces_reservation_id": "unknown"}
    assert reason(story.reserve("r1", nowhere, **unknown)) == "UNKNOWN_LOCATION"
    assert reason(story.reserve("r2", "1 C", **unknown)) == "UNKNOWN_SKU"
    assert reason(story.reserve("r3", "9 A", **unknown)) == "UNKNOWN_RESERVATION"
    story.fulfil("order", "")
    move = Part(sku="A", quantity=1, to_location="NOWHERE")
    assert reason(story.transfer("order", "q", move)) == "UNKNOWN_LOCATION"


def test_a_sku_at_every_location_of_the_largest_market_can_be_recomputed(store_url: str) -> None:
    """A script writes any number of positions at once: Lua passes 8,000 values to a call."""
    pair = Pair(store_url)
    names = [f"L{number}" for number in range(LOCATIONS_PER_MARKET_MAX)]
    places = [{"id": name, "type": "store", "country": "FR", "safety_stock": 1} for name in names]
    market = {"channel": "web", "country": "FR", "locations": names}

    async def recompute() -> list[int]:
        store = pair.store
        await store.networks.apply(json.dumps({"locations": places, "markets": [market]}))
        await store.inventory.apply(
            [
                Fact(
                    kind=FactKind.COUNT,
                    event_id="count",
                    source="wms",
                    sku="A",
                    location=name,
                    observe_us=START_MS * 1_000,
                    quantity=4,
                )
                for name in names
            ]
        )
        less = [place | {"safety_stock": 3} for place in places]
        await store.networks.apply(json.dumps({"locations": less, "markets": [market]}))
        numbers, _ = await store.reads.sellable(FR, ["A"])
        return numbers

    try:
        assert [LOCATIONS_PER_MARKET_MAX] == pair.run(recompute())
    finally:
        pair.close()
