"""Terms from a snapshot and a document: kinds, order, signs, rules, details, and the check."""

from __future__ import annotations

from typing import Any, Final

import pytest
from msgspec import msgpack

from sellable.errors import BugError
from sellable.explain import Explanation, Term, TermKind, explain, read_snapshot
from sellable.explain.words import duration_words, kept
from sellable.network import Buffer, parse

NOW_MS: Final = 1_764_000_000_000  # 2025-11-24T16:00:00Z
OBSERVE_US: Final = NOW_MS * 1_000 - 5_000_000
COUNTED: Final = (20, OBSERVE_US, "wms")
DOCUMENT: Final = """\
locations:
  - {id: DC, type: warehouse, country: FR, safety_stock: 2}
  - {id: SHOP, type: store, country: FR, tags: shop, stale_after: 30m, stale_protection_buffer: 25%}
  - {id: OFF, type: store, country: FR, enabled: false}
markets:
  - {channel: web, country: FR, locations: [DC, SHOP, OFF]}
  - {channel: app, country: FR, locations: [DC], protection_buffer: "10%, at least 5", cap: 4}
  - {channel: b2b, country: FR, locations: [DC], until: 2025-11-24T16:00:00}
protections:
  - {location: tag:shop, safety_stock: 3, name: shop windows}
  - {item_class: toys, blocked: true, name: lead paint}
  - {item_class: toys, location: SHOP, blocked: false}
  - {sku: RARE, cap: 1}
quotas:
  - {market: web/FR, sku: A, units: 10, until: 2025-12-01T00:00:00, name: week}
  - {market: web/FR, item_class: [toys, games], units: 7}
"""
WEEK: Final = "web/FR|k|A|0"
TOYS: Final = "web/FR|c|toys|0"
GAMES: Final = "web/FR|c|games|0"


def position(location: str, on_hand: int = 20, reserved: int = 0, **more: Any) -> list[list[Any]]:
    """Return the fields of a position, and how silent its location is, as the script answers."""
    base = more.get("base", (on_hand, OBSERVE_US, "wms"))
    facts = {"b:": base, "s:": more.get("safety"), "x:": more.get("blocked")}
    fields = [
        [f"{kind}{location}", value, observe_us, 0, "event", source, *[0] * (kind == "b:")]
        for kind, fact in facts.items()
        if fact
        for value, observe_us, source in [fact]
    ]
    silence = [location, *more["silence"]] if "silence" in more else []
    return [silence, [location, on_hand, reserved, 0, 0], *fields]


def explained(
    *positions: list[list[Any]], market: str = "web/FR", sku: str = "B", view: str, **more: Any
) -> Explanation:
    """Explain what the script would answer for these positions."""
    quotas = list(more.get("quotas", {}).items())
    silent = [position[0] for position in positions if position[0]]
    once = [NOW_MS, 7, NOW_MS, 0, more.get("item_class", ""), view, quotas, silent]
    fields = [
        part
        for position in positions
        for name, *values in position[1:]
        for part in (name.encode(), b"".join(map(msgpack.encode, values)))
    ]
    chunks = [msgpack.encode(chunk) for chunk in (["DC"], ["SHOP", "OFF"])]
    snapshot = read_snapshot(msgpack.encode(once), fields, chunks)
    return explain(snapshot, parse(DOCUMENT), market, sku)


def told(answer: Explanation) -> list[tuple[str, str, int]]:
    """Return kind, location and quantity of each term."""
    return [(term.kind.name, term.location, term.quantity) for term in answer.terms]


def term(answer: Explanation, kind: TermKind) -> Term:
    """Return the one term of a kind."""
    (found,) = (one for one in answer.terms if one.kind is kind)
    return found


def test_terms_come_location_by_location_then_the_market() -> None:
    """Counts with their source, what is kept back with its rule and line, nothing that is zero."""
    answer = explained(
        position("DC", 20, 4, base=(18, OBSERVE_US, "wms")), position("SHOP", 3, base=()), view="14"
    )
    assert [
        ("ON_HAND", "DC", 20),
        ("RESERVED", "DC", -4),
        ("SAFETY_STOCK", "DC", -2),
        ("ON_HAND", "SHOP", 3),
        ("SAFETY_STOCK", "SHOP", -3),
    ] == told(answer)
    counted, _, kept_back, uncounted, windows = answer.terms
    assert ("wms", OBSERVE_US, "18 counted, +2 since") == (
        counted.source,
        counted.observe_us,
        counted.detail,
    )
    assert ("location DC", 2) == (kept_back.rule, kept_back.line)
    assert ("", 0, "never counted") == (uncounted.source, uncounted.observe_us, uncounted.detail)
    assert ("shop windows", 10) == (windows.rule, windows.line)
    assert (14, 7, 0, 0) == (
        answer.sellable,
        answer.network_version,
        answer.next_switch_ms,
        answer.future,
    )


def test_a_safety_stock_by_fact_names_its_source() -> None:
    """Somebody measured that position: no rule is behind it."""
    answer = explained(position("DC", safety=(6, OBSERVE_US - 1, "pos")), view="14")
    assert (-6, "", 0, "pos", OBSERVE_US - 1) == _source(term(answer, TermKind.SAFETY_STOCK))


def test_a_safety_stock_of_none_by_fact_goes_before_the_rule() -> None:
    """A fact that keeps nothing back leaves no term, whatever the rule says."""
    assert [("ON_HAND", "DC", 20)] == told(
        explained(position("DC", safety=(0, 1, "pos")), view="20")
    )


def test_on_hand_below_zero_is_floored() -> None:
    """What would make a location's part negative is added back, and what is missing is not sold."""
    answer = explained(position("DC", -3, 4), position("SHOP", 20), view="10")
    assert [
        ("ON_HAND", "DC", -3),
        ("RESERVED", "DC", -4),
        ("SAFETY_STOCK", "DC", -2),
        ("FLOOR_AT_ZERO", "DC", 9),
        ("OVERCOMMITTED", "DC", -7),
    ] == told(answer)[:5]
    assert "4 reserved, -3 on hand" == term(answer, TermKind.OVERCOMMITTED).detail


def test_a_recall_by_fact_and_by_rule() -> None:
    """What is left is taken out of sale; both who said so are named, and a rule may except."""
    answer = explained(
        position("DC", 20, 22, blocked=(1, OBSERVE_US, "qa")),
        position("SHOP", 20),
        item_class="toys",
        quotas={TOYS: 0},
        view="15q",
    )
    assert [
        ("ON_HAND", "DC", 20),
        ("RESERVED", "DC", -22),
        ("SAFETY_STOCK", "DC", -2),
        ("FLOOR_AT_ZERO", "DC", 4),
        ("OVERCOMMITTED", "DC", -2),
        ("ON_HAND", "SHOP", 20),
        ("SAFETY_STOCK", "SHOP", -3),
        ("QUOTA", "", -8),
    ] == told(answer)
    answer = explained(
        position("DC", blocked=(1, OBSERVE_US, "qa")),
        item_class="toys",
        quotas={TOYS: 0},
        view="0q",
    )
    assert (-18, "lead paint", 11, "qa", OBSERVE_US) == _source(term(answer, TermKind.BLOCKED))
    answer = explained(position("DC", blocked=(1, OBSERVE_US, "qa")), view="0")
    assert (-18, "", 0, "qa", OBSERVE_US) == _source(term(answer, TermKind.BLOCKED))
    answer = explained(
        position("DC", blocked=(0, OBSERVE_US, "qa")),
        item_class="toys",
        quotas={TOYS: 0},
        view="0q",
    )
    assert (-18, "lead paint", 11, "", 0) == _source(term(answer, TermKind.BLOCKED))


def test_a_disabled_location_gives_and_owes_nothing() -> None:
    """Its terms end at zero by its own entry, its shortage is nobody's, its stock is no base."""
    answer = explained(position("OFF", 20, 25, safety=(1, 1, "pos")), view="0")
    assert 0 == answer.sellable
    assert TermKind.OVERCOMMITTED not in {one.kind for one in answer.terms}
    answer = explained(position("OFF"), view="0")
    assert (-20, "location OFF", 4, "", 0) == _source(term(answer, TermKind.BLOCKED))


def test_a_silent_feed_keeps_back_by_its_age() -> None:
    """Each period of silence keeps back as much again; the detail says how that comes about."""
    silence = (2, NOW_MS - 61 * 60_000)
    answer = explained(position("SHOP", 21, silence=silence), view="6")
    stale = term(answer, TermKind.STALE_FEED)
    assert (-12, "location SHOP", 3, "", 0) == _source(stale)
    assert "silent for 1 h 1 min: 2 x 25% of 21 on hand" == stale.detail


def test_a_percentage_is_of_what_may_be_sold() -> None:
    """The buffer's detail says what of how much; a cap and a floor come after it."""
    answer = explained(position("DC", 75, 3), market="app/FR", view="4")
    assert [
        ("PROTECTION_BUFFER", "", -8),
        ("CAP", "", -58),
    ] == told(answer)[3:]
    buffer, cap = answer.terms[3:]
    assert ("10% of 75 on hand, at least 5", "market app/FR", 7) == (
        buffer.detail,
        buffer.rule,
        buffer.line,
    )
    assert ("at most 4 shown", "market app/FR", 7) == (cap.detail, cap.rule, cap.line)
    answer = explained(position("DC", 6), market="app/FR", sku="RARE", view="0")
    assert [("PROTECTION_BUFFER", "", -5), ("FLOOR_AT_ZERO", "", 1)] == told(answer)[2:]
    answer = explained(position("DC", 60), market="app/FR", sku="RARE", view="1")
    assert ("rule", 13) == (answer.terms[-1].rule, answer.terms[-1].line)


def test_a_closed_market_says_when_it_is_open() -> None:
    """Everything is taken away by the market's own entry, and the window says until when."""
    answer = explained(position("DC"), market="b2b/FR", view="0")
    closed = term(answer, TermKind.MARKET_CLOSED)
    assert (-18, "market b2b/FR", 8, "", 0) == _source(closed)
    assert "open until 2025-11-24T16:00:00+01:00" == closed.detail


def test_every_quota_is_seen_and_the_smallest_rest_binds() -> None:
    """Of a SKU's own quota and its class's, the one with the least left takes all."""
    answer = explained(
        position("DC"), sku="A", item_class="games", quotas={WEEK: 2, GAMES: 3}, view="18q"
    )
    games, week = answer.terms[-2:]
    assert (-14, "quota", 16, "", 0) == _source(games)
    assert "7 in all, 3 taken" == games.detail
    assert (0, "week", 15, "", 0) == _source(week)
    assert "10 in all until 2025-12-01T00:00:00+01:00, 2 taken" == week.detail
    assert 4 == answer.sellable
    answer = explained(position("DC"), sku="A", quotas={WEEK: 12}, view="18q")
    assert (0, -18) == (answer.sellable, answer.terms[-1].quantity)


def test_without_a_position_there_are_no_terms() -> None:
    """A SKU that the market has nowhere is explained by nothing, quotas or not."""
    assert ((), 0) == (explained(sku="A", view="").terms, explained(sku="A", view="").sellable)


@pytest.mark.parametrize(
    ("positions", "view", "more"),
    [
        ((position("DC"),), "17", {}),
        ((position("DC"),), "", {}),
        ((), "0", {}),
        ((position("DC"),), "8", {"sku": "A", "quotas": {WEEK: 2}}),
        ((position("DC"),), "18q", {"sku": "A", "quotas": {}}),
        ((position("DC"),), "18q", {"sku": "A", "quotas": {GAMES: 2}}),
    ],
)
def test_terms_that_do_not_add_up_are_a_fault(
    positions: tuple[list[list[Any]], ...], view: str, more: dict[str, Any]
) -> None:
    """A number that is shown and not explained is told, never hidden; the SKU is named."""
    with pytest.raises(BugError, match=f"'?{more.get('sku', 'B')}'?"):
        explained(*positions, view=view, **more)


def test_a_fault_names_sku_and_market_and_what_helps() -> None:
    """Whoever reads the log knows which number, and where to go on."""
    with pytest.raises(BugError) as caught:
        explained(position("DC"), view="17")
    assert "the terms of 'B' in web/FR add up to 18, but 17 is shown: `sellable verify`" in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("buffer", "units"),
    [
        (Buffer(units=3), 3),
        (Buffer(basis_points=1_000), 2),
        (Buffer(basis_points=1_001), 3),
        (Buffer(basis_points=1_000, floor=5), 5),
        (Buffer(basis_points=10_000), 20),
    ],
)
def test_percentages_are_rounded_up(buffer: Buffer, units: int) -> None:
    """Part of a unit is kept back whole, and 10^12 units are exact."""
    assert units == kept(buffer, 20)
    assert 10**12 == kept(Buffer(basis_points=10_000), 10**12)


def test_durations_are_told_in_two_units() -> None:
    """The largest unit and the one below it."""
    assert ["0 s", "59 s", "30 min", "1 h 1 min", "2 d", "1 d 23 h"] == [
        duration_words(seconds * 1_000) for seconds in (0, 59, 1_800, 3_661, 172_805, 172_799)
    ]


def _source(one: Term) -> tuple[int, str, int, str, int]:
    return one.quantity, one.rule, one.line, one.source, one.observe_us
