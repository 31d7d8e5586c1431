"""Bad network documents: every problem at its line, column and field, with what is allowed."""

from __future__ import annotations

import pytest

from sellable.errors import InvalidNetwork
from sellable.network import parse
from support.network_problems import assert_placed, problems_of

LOCATION = "locations:\n  - {id: A, type: store, country: FR, tags: [t]"
LOCATIONS = LOCATION + "}\n"
MARKET = LOCATIONS + "markets:\n  - {channel: web, country: FR, locations: [A]"
MARKETS = MARKET + "}\n"
RULE = MARKETS + "protections:\n  - "

# A document with a § before every place of a problem, and for each place in order the field and a
# part of the description. Two marks together are two problems at one place.
DOCUMENTS: dict[str, list[tuple[str, str]]] = {
    "§": [
        ("document", "is empty"),
    ],
    "§# nothing\n": [
        ("document", "is empty"),
    ],
    "§hello": [
        ("document", "must be a mapping"),
    ],
    "§- a\n": [
        ("document", "must be a mapping"),
    ],
    "a: [1, 2\n§": [
        ("document", "while parsing a flow sequence begun at line 1"),
    ],
    "a: b§: c": [
        ("document", "not YAML: mapping values are not allowed"),
    ],
    "a: 1\n§\tb: 2": [
        ("document", "not YAML: found a tab character"),
    ],
    "a: 'x§": [
        ("document", "begun at line 1"),
    ],
    "a: 1\nb: §\x07": [
        ("document", "character U+0007 is not allowed"),
    ],
    "a: §\ud800": [
        ("document", "character U+D800 is not allowed"),
    ],
    "§%YAML 3.0\n---\na: 1": [
        ("document", "not YAML: found incompatible"),
    ],
    "a: 1\n§---\nb: 1": [
        ("document", "only one document is allowed"),
    ],
    "? §[a]\n: 1": [
        ("document", "a key must be a single word"),
    ],
    "? §{a: b}\n: 1": [
        ("document", "a key must be a single word"),
    ],
    "a: [[[[[[[[[[[[[[[§[[[[[[[[[[[[[[[[[[[[[[[[[": [
        ("document", "nested deeper than 16 levels"),
    ],
    "a: §&x 1\nb: [§*x, §*x]": [
        ("a", "anchors are not supported"),
        ("b[0]", "aliases are not supported"),
        ("b[1]", "aliases are not supported"),
    ],
    "a: §!!python/name:os.system x": [
        ("a", "YAML tags such as"),
    ],
    "a: §!!set {x}": [
        ("a", "YAML tags such as"),
    ],
    "§§{}": [
        ("locations", "is required"),
        ("markets", "is required"),
    ],
    "§locations:\nmarkets: []": [
        ("locations", "is required"),
    ],
    "locations: []\nmarkets: §{}": [
        ("markets", "must be a list"),
    ],
    "locations: []\nmarkets: []\n§locations: []": [
        ("locations", "duplicate key 'locations', first at line 1, column 1"),
    ],
    "locations: []\nmarkets: []\n§protection: []": [
        ("protection", "unknown key 'protection'; did you mean protections?"),
    ],
    "locations: []\nmarkets: []\nquotas: []\nsourcing: {default: §{}}": [
        ("sourcing.default", "must be a text"),
    ],
    "markets: []\nlocations:\n  - §§§{}\n  - §A\n": [
        ("locations[0].type", "is required"),
        ("locations[0].id", "is required"),
        ("locations[0].country", "is required"),
        ("locations[1]", "must be a mapping"),
    ],
    "markets: []\nlocations:\n  - {id: §A B, type: §shop, country: §UK}": [
        ("locations[0].id", "must be 1 to 64 letters"),
        ("locations[0].type", "must be one of warehouse, store, 3pl, supplier"),
        ("locations[0].country", "write GB"),
    ],
    LOCATIONS + "  - {id: §A, type: store, country: NO}\nmarkets: []": [
        ("locations[1].id", "duplicate location 'A', first at line 2"),
    ],
    LOCATION + ", §saftey_stock: 1}\nmarkets: []": [
        ("locations[0].saftey_stock", "did you mean safety_stock?"),
    ],
    LOCATION + ", §id: B}\nmarkets: []": [
        ("locations[0].id", "duplicate key 'id', first at line 2, column 6"),
    ],
    LOCATION + ", safety_stock: §-1, daily_capacity: §1.5}\nmarkets: []": [
        ("locations[0].safety_stock", "a whole number from 0 to 1000000000000"),
        ("locations[0].daily_capacity", "a whole number from 0 to 1000000000000"),
    ],
    LOCATION + ", safety_stock: §1000000000001, daily_capacity: §'5'}\nmarkets: []": [
        ("locations[0].safety_stock", "a whole number from 0 to 1000000000000"),
        ("locations[0].daily_capacity", "without quotes"),
    ],
    LOCATION
    + ", safety_stock: §"
    + "9" * 5000
    + ", enabled: §yes, pickup: §'true'}\nmarkets: []": [
        ("locations[0].safety_stock", "a whole number from 0 to 1000000000000"),
        ("locations[0].enabled", "must be true or false"),
        ("locations[0].pickup", "must be true or false, without quotes"),
    ],
    LOCATION + ", latitude: §90.1, longitude: §.nan}\nmarkets: []": [
        ("locations[0].latitude", "must be a number from -90 to 90"),
        ("locations[0].longitude", "must be a number from -180 to 180"),
    ],
    LOCATION + ", longitude: §1}\nmarkets: []": [
        ("locations[0].longitude", "needs latitude beside it"),
    ],
    LOCATION + ", time_zone: §Europe/Pariss, cut_off: §24:00}\nmarkets: []": [
        ("locations[0].time_zone", "did you mean Europe/Paris?"),
        ("locations[0].cut_off", 'must be a local time "HH:MM"'),
    ],
    LOCATION + ", time_zone: §Europe, cut_off: §[1]}\nmarkets: []": [
        ("locations[0].time_zone", "must be an IANA time zone"),
        ("locations[0].cut_off", "must be a text"),
    ],
    "locations: [{id: A, type: store, country: FR, tags: [§'', §{}, §\"\\x01\"]}]\nmarkets: []": [
        ("locations[0].tags[0]", "must be 1 to 64 bytes"),
        ("locations[0].tags[1]", "must be a text"),
        ("locations[0].tags[2]", "without control characters"),
    ],
    LOCATIONS + "markets:\n  - §{channel: §Web, country: §fr}": [
        ("markets[0].locations", "is required"),
        ("markets[0].channel", "must be 1 to 32 lower case letters"),
        ("markets[0].country", "write FR"),
    ],
    LOCATIONS + "markets:\n  - {channel: web, country: FR, locations: [§B, §tag:u, §t, §a]}": [
        ("markets[0].locations[0]", "unknown location 'B'"),
        ("markets[0].locations[1]", "no location has the tag 'u'"),
        ("markets[0].locations[2]", "unknown location 't'; for the tag write tag:t"),
        ("markets[0].locations[3]", "unknown location 'a'; did you mean A?"),
    ],
    LOCATIONS + "markets:\n  - {channel: web, country: FR, locations: §[]}": [
        ("markets[0].locations", "must not be an empty list"),
    ],
    MARKETS + "  - §{channel: web, country: FR, locations: A}": [
        ("markets[1]", "duplicate market web/FR, first at line 4"),
    ],
    MARKET + ", protection_buffer: 10%, §at least 5}": [
        ("markets[0].'at least 5'", 'quote the whole value: "10%, at least 5"'),
    ],
    MARKET + ", protection_buffer: §-1, cap: §-1, low_stock_threshold: §x}": [
        ("markets[0].protection_buffer", "not negative"),
        ("markets[0].cap", "a whole number from 0 to 1000000000000"),
        ("markets[0].low_stock_threshold", "a whole number from 0 to 1000000000000"),
    ],
    MARKET + ", protection_buffer: §100.01%, binding: §least-shared-first}": [
        ("markets[0].protection_buffer", "must be at most 100%"),
        ("markets[0].binding", "did you mean least_shared_first?"),
    ],
    MARKET + ", protection_buffer: §1.234%}": [
        ("markets[0].protection_buffer", "at most two decimals"),
    ],
    MARKET + ", protection_buffer: §'5%, at least 1000000000001'}": [
        ("markets[0].protection_buffer", "at most 1000000000000 units"),
    ],
    MARKET + ", protection_buffer: §{}}": [
        ("markets[0].protection_buffer", "must be a protection buffer"),
    ],
    RULE + "§cap": [
        ("protections[0]", "must be a mapping"),
    ],
    RULE + "§{sku: S}": [
        ("protections[0]", "sets nothing"),
    ],
    RULE + "§{cap: 1}": [
        ("protections[0]", "write cap at the markets themselves"),
    ],
    RULE + "§{blocked: true}": [
        ("protections[0]", "write enabled: false at the locations themselves"),
    ],
    RULE + "{sku: S, cap: 1, blocked: §true}": [
        ("protections[0].blocked", "belongs to locations, cap to markets"),
    ],
    RULE + "{sku: S, blocked: §1}": [
        ("protections[0].blocked", "must be true or false"),
    ],
    RULE + "§{safety_stock: 1}": [
        ("protections[0]", "write safety_stock at the locations themselves"),
    ],
    RULE + "{sku: S, cap: 1, safety_stock: §1}": [
        ("protections[0].safety_stock", "belongs to locations, cap to markets"),
    ],
    RULE + "{location: §A, protection_buffer: 1}": [
        ("protections[0].location", "name those with market"),
    ],
    RULE + "{market: §web/FR, safety_stock: 1}": [
        ("protections[0].market", "name those with location"),
    ],
    RULE + "{sku: S, item_class: §C, cap: 1}": [
        ("protections[0].item_class", "must not stand beside sku"),
    ],
    RULE + "{market: [§web/DE, §nix], cap: 1}": [
        ("protections[0].market[0]", "'web/DE'; did you mean web/FR?"),
        ("protections[0].market[1]", "unknown market 'nix'"),
    ],
    RULE + "{location: [§Z, §tag:z], safety_stock: 1}": [
        ("protections[0].location[0]", "unknown location 'Z'"),
        ("protections[0].location[1]", "no location has the tag 'z'"),
    ],
    RULE + "{sku: §" + "s" * 129 + ", cap: 1}": [
        ("protections[0].sku", "must be 1 to 128 bytes"),
    ],
    RULE + "{item_class: [§''], cap: 1, name: §" + "n" * 65 + "}": [
        ("protections[0].item_class[0]", "must be 1 to 64 bytes"),
        ("protections[0].name", "must be 1 to 64 bytes"),
    ],
    RULE + "{sku: §[], cap: 1}": [
        ("protections[0].sku", "must not be an empty list"),
    ],
    RULE + "{sku: S, cap: 1, name: n}\n  - {sku: T, cap: 1, name: §n}": [
        ("protections[1].name", "duplicate name 'n', first at line 6"),
    ],
    RULE + "{§markets: web/FR, cap: 1, sku: S}": [
        ("protections[0].markets", "did you mean market?"),
    ],
}


@pytest.mark.parametrize("marked", DOCUMENTS)
def test_every_problem_is_placed(marked: str) -> None:
    """A bad document is answered with each problem at its line, column and field, and no other."""
    assert_placed(marked, DOCUMENTS[marked])


def test_all_parts_are_checked_at_once() -> None:
    """Problems in locations, markets, rules and unknown keys are listed together, in order."""
    document = (
        "locations:\n  - {id: A, type: store, country: XX}\n"
        "markets:\n  - {channel: web, country: FR, locations: [A, B]}\n"
        "protections:\n  - {market: web/DE, cap: 1}\n"
        "extra: 1\nsourcing: 1\nquotas: [a]\n"
    )
    assert [2, 4, 6, 7, 8, 9] == [problem.line for problem in problems_of(document)]


def test_a_wrong_entry_is_still_known_by_its_name() -> None:
    """References to an entry that has problems of its own are no further problems."""
    document = (
        "locations:\n  - {id: A, type: hut, country: FR, tags: t}\n"
        "markets:\n  - {channel: web, country: FR, locations: [A, tag:t], cap: x}\n"
        "protections:\n  - {market: web/FR, sku: S, cap: 1}\n"
    )
    assert [2, 4] == [problem.line for problem in problems_of(document)]


def test_the_message_lists_every_problem_with_its_place() -> None:
    """The text of the refusal has one line per problem."""
    with pytest.raises(InvalidNetwork) as caught:
        parse("{}")
    assert str(caught.value) == (
        "line 1, column 1: locations: is required\nline 1, column 1: markets: is required"
    )
