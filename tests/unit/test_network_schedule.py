"""Dated networks: what is in force when, and what each switch writes, over random documents."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from sellable import limits
from sellable.errors import InvalidNetwork
from sellable.network import (
    Buffer,
    Network,
    NetworkAt,
    affected_locations,
    affected_markets,
    compile_network,
    deciding,
    market_open,
    parse,
    quota_keys,
    quotas_in_force,
    resettled_locations,
    schedule,
    spans,
    switch_times,
)
from support.compiled_networks import Lookup, buffer_values
from support.dated_networks import START_MS, DatedMeaning, dated_documents
from support.networks import CLASSES, LOCATIONS, MARKETS, SKUS, Document

EVERY_ITEM = [(sku, item_class) for sku in (*SKUS, "other") for item_class in (*CLASSES, None)]


def parsed(document: Document) -> Network:
    """Parse a document that no two rules of which are of equal rank."""
    assume(not DatedMeaning(document).has_equal_rank())
    return parse(json.dumps(document))


@settings(deadline=None)  # a busy machine is no fault
@given(dated_documents())
def test_equal_rank_at_one_moment_is_refused_and_nothing_else(document: Document) -> None:
    """A document is refused exactly if two rules of one rank ever set one number together."""
    descriptions = []
    try:
        parse(json.dumps(document))
    except InvalidNetwork as error:
        descriptions = [problem.description for problem in error.problems]
    event(f"refused: {bool(descriptions)}")
    assert DatedMeaning(document).has_equal_rank() == bool(descriptions)
    assert all("equal rank" in description for description in descriptions)


@settings(deadline=None)  # a busy machine is no fault
@given(dated_documents(), st.data())
def test_compiled_and_decided_numbers_are_those_of_the_moment(
    document: Document, data: st.DataObject
) -> None:
    """At a boundary, just before or after, both readings find what is of the highest rank then."""
    meaning, network = DatedMeaning(document), parsed(document)
    bounds = [START_MS, *meaning.moments()]
    at_ms = data.draw(st.sampled_from(bounds)) + data.draw(st.sampled_from((-1, 0, 1)))
    at = NetworkAt(network, at_ms)
    lookup = Lookup(compile_network(at).fields)
    markets = {market.key: market for market in network.markets}
    for sku, item_class in EVERY_ITEM:
        for place in MARKETS:
            buffer = meaning.number("protection_buffer", place, sku, item_class, at_ms)
            decided = deciding(at, "protection_buffer", place, sku, item_class)
            kept = [getattr(decided.value, name) for name in Buffer.__dataclass_fields__]
            assert buffer_values(buffer) == kept
            assert kept == lookup.number("protection_buffer", place, sku, item_class)
            is_open = meaning.is_open(place, at_ms)
            assert is_open == market_open(at, markets[place])
            cap = meaning.number("cap", place, sku, item_class, at_ms)
            assert cap == deciding(at, "cap", place, sku, item_class).value
            shown = 0 if not is_open else -1 if cap is None else cap
            assert shown == lookup.number("cap", place, sku, item_class)
        for place in LOCATIONS:
            kept_back = meaning.number("safety_stock", place, sku, item_class, at_ms)
            assert kept_back == deciding(at, "safety_stock", place, sku, item_class).value
            assert kept_back == lookup.number("safety_stock", place, sku, item_class)
            blocked = meaning.number("blocked", place, sku, item_class, at_ms)
            assert blocked == deciding(at, "blocked", place, sku, item_class).value
            assert int(blocked) == lookup.number("blocked", place, sku, item_class)


@settings(deadline=None)  # a busy machine is no fault
@given(dated_documents(), st.data())
def test_quotas_in_force_are_those_of_the_moment(document: Document, data: st.DataObject) -> None:
    """Both readings count a SKU in the quotas whose windows hold, and every counter is known."""
    meaning, network = DatedMeaning(document), parsed(document)
    at_ms = data.draw(st.sampled_from([START_MS, *meaning.moments()]))
    at = NetworkAt(network, at_ms)
    compiled = compile_network(at)
    limited = set()
    for sku, item_class in EVERY_ITEM:
        for market in MARKETS:
            found = quotas_in_force(at, market, sku, item_class)
            counted = [(quota.key, quota.units) for quota in found]
            assert meaning.quota_units(market, sku, item_class, at_ms) == [u for _, u in counted]
            assert counted == Lookup(compiled.fields).quotas(market, sku, item_class)
            assert {key for key, _ in counted} <= quota_keys(network)
            limited |= {market} if counted else set()
    assert limited == {market for market, values in compiled.markets.items() if values.limited}


@settings(deadline=None)  # a busy machine is no fault
@given(dated_documents())
def test_switches_lead_from_each_moment_to_the_next(document: Document) -> None:
    """Applied in turn, switches give the fields of each moment, and say whose numbers change."""
    network = parsed(document)
    start = NetworkAt(network, START_MS)
    switches = schedule(start)
    times = DatedMeaning(document).moments()
    event(f"switches: {len(switches)}")
    assert times == switch_times(network) == [switch.at_ms for switch in switches]
    fields = dict(compile_network(start).fields)
    limited = {m: values.limited for m, values in compile_network(start).markets.items()}
    for before_ms, switch in zip((START_MS, *times), switches, strict=False):
        assert fields == compile_network(NetworkAt(network, switch.at_ms - 1)).fields
        fields |= switch.fields
        for name in switch.deleted:
            del fields[name]
        limited |= switch.limited
        old, new = NetworkAt(network, before_ms), NetworkAt(network, switch.at_ms)
        compiled = compile_network(new)
        assert compiled.fields == fields
        assert {m: values.limited for m, values in compiled.markets.items()} == limited
        affected = affected_markets(old, new)
        assert affected == set(switch.markets)
        pending = affected_locations(old, new, affected) | resettled_locations(old, new)
        assert pending == set(switch.pending)


@settings(deadline=None)  # a busy machine is no fault
@given(dated_documents())
def test_a_schedule_begins_after_its_moment(document: Document) -> None:
    """From each switch on, what is still to come is what the first schedule had after it."""
    network = parsed(document)
    switches = schedule(NetworkAt(network, START_MS))
    for at, switch in enumerate(switches):
        assert switches[at + 1 :] == schedule(NetworkAt(network, switch.at_ms))


PLACES = """
locations:
  - {id: PARIS, type: store, country: FR, tags: [t]}
  - {id: TOKYO, type: store, country: JP, tags: [t]}
  - {id: LYON, type: store, country: FR, tags: [t]}
markets:
  - {channel: web, country: FR, locations: [tag:t]}
  - {channel: web, country: JP, locations: [TOKYO]}
protections:
"""


def test_a_tag_over_several_zones_begins_in_each_at_its_own_time() -> None:
    """A local window begins at midnight in Tokyo, and eight hours later in France."""
    network = parse(
        PLACES + "  - {location: tag:t, safety_stock: 5, name: peak, "
        "from: 2026-11-23T00:00:00, until: 2026-11-24T00:00:00}\n"
    )
    first, second, third, fourth = schedule(NetworkAt(network, START_MS))
    tokyo_ms = 1_795_359_600_000  # 2026-11-22T15:00Z
    hours = [(switch.at_ms - tokyo_ms) / 3_600_000 for switch in (first, second, third, fourth)]
    assert [0, 8, 24, 32] == hours
    assert (["l:TOKYO"], ["web/FR", "web/JP"]) == (list(first.fields), first.markets)
    assert (["l:LYON", "l:PARIS"], ["web/FR"]) == (sorted(second.fields), second.markets)
    assert [("TOKYO", 0, 24), ("PARIS, LYON", 8, 32)] == [
        (span.target, *((ms - tokyo_ms) / 3_600_000 for ms in (span.start_ms, span.end_ms) if ms))
        for span in sorted(spans(network), key=lambda span: span.start_ms or 0)
    ]


def test_spans_tell_everything_dated() -> None:
    """Markets, rules and quotas with dates are told with what they say; others are not."""
    network = parse(
        PLACES.replace("country: JP, locations", "country: JP, until: 2027-01-01T00:00, locations")
        + "  - {sku: [S, T], cap: 1, market: web/FR, until: 2027-01-01T00:00:00+01:00}\n"
        "  - {sku: S, blocked: true, name: recall, from: 2027-01-01T00:00:00Z}\n"
        "  - {sku: S, cap: 2}\n"
        "quotas:\n"
        "  - {market: web/FR, item_class: C, units: 9, from: 2027-01-01T00:00, name: launch}\n"
        "  - {market: web/FR, item_class: D, units: 9}\n"
    )
    assert [
        ("market web/JP", "web/JP", "open", 8),
        ("rule", "web/FR", "cap 1 for sku S, sku T", 10),
        ("recall", "PARIS, TOKYO, LYON", "blocked true for sku S", 11),
        ("launch", "web/FR", "9 units for item_class C", 14),
    ] == [(span.title, span.target, span.text, span.line) for span in spans(network)]
    bounds = [(span.start_ms is None, span.end_ms is None) for span in spans(network)]
    assert [(True, False), (True, False), (False, True), (False, True)] == bounds


def test_switches_to_come_are_bounded() -> None:
    """The entry with the moment that is too many is named; moments gone by do not count."""
    rules = "".join(
        f"  - {{sku: S{at}, cap: 1, from: 2027-01-01T{at // 60:02}:{at % 60:02}:00Z}}\n"
        for at in range(limits.SWITCHES_MAX + 1)
    )
    network = parse(PLACES + rules)
    with pytest.raises(InvalidNetwork) as caught:
        schedule(NetworkAt(network, START_MS))
    (problem,) = caught.value.problems
    assert (10 + limits.SWITCHES_MAX, f"protections[{limits.SWITCHES_MAX}]") == (
        problem.line,
        problem.field,
    )
    assert "more than 500 are still to come" in problem.description
    first = switch_times(network)[0]
    assert limits.SWITCHES_MAX == len(schedule(NetworkAt(network, first)))


@pytest.mark.parametrize("bound", ["SWITCH_BYTES_MAX", "SWITCH_BYTES_EACH_MAX"])
def test_bytes_of_switches_are_bounded(bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry with which the store would have to keep too much is named."""
    rules = "".join(
        f"  - {{location: PARIS, safety_stock: 1, from: {one}T00:00Z, until: {two}T00:00Z}}\n"
        for one, two in pairwise(f"2027-01-{day:02}" for day in range(1, 20))
    )
    network = parse(PLACES + rules)
    sizes = [switch.size for switch in schedule(NetworkAt(network, START_MS))]
    allowed = sum(sizes[:5]) if bound == "SWITCH_BYTES_MAX" else sizes[0] - 1
    monkeypatch.setattr(f"sellable.network.switches.{bound}", allowed)
    with pytest.raises(InvalidNetwork) as caught:
        schedule(NetworkAt(network, START_MS))
    (problem,) = caught.value.problems
    assert f"takes more than {allowed} bytes" in problem.description
    assert problem.field.startswith("protections[")


def test_a_rule_over_its_market_comes_and_goes() -> None:
    """A dated rule of a market replaces what the market writes itself, for its time only."""
    network = parse(
        PLACES.replace("country: FR, locations: [tag:t]", "country: FR, locations: [LYON], cap: 9")
        + "  - {market: web/FR, cap: 1, from: 2027-01-01T00:00:00Z, until: 2027-01-02T00:00:00Z}\n"
        "  - {cap: 4, from: 2027-01-01T12:00:00Z, until: 2027-01-03T00:00:00Z}\n"
    )
    caps = [
        Lookup(compile_network(NetworkAt(network, at_ms)).fields).number("cap", "web/FR", "S", None)
        for at_ms in (START_MS, *switch_times(network))
    ]
    assert [9, 1, 1, 4, 9] == caps
