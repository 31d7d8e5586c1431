"""Good network documents, and the fields they compile to."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import msgpack

from sellable import limits
from sellable import network as network_room
from sellable.network import (
    Binding,
    Buffer,
    Location,
    LocationType,
    Market,
    Network,
    NetworkAt,
    Quota,
    Rule,
    Window,
    compile_network,
    parse,
    switch_times,
)
from sellable.network.dating import duration_shown

README = Path(network_room.__file__).with_name("README.md")
# How the document calls what the values hold under another name.
KEYS = {
    "markets": "market",
    "skus": "sku",
    "item_classes": "item_class",
    "closed_dates": "closed",
    "sourcing_profile": "sourcing",
}
EVERY_KEY = """
locations:
  - id: A
    type: 3pl
    country: NO
    latitude: -48.5
    longitude: +2
    time_zone: Europe/Oslo
    tags: [x, y, x]
    safety_stock: 7
    enabled: False
    pickup: TRUE
    daily_capacity: 0
    cut_off: 16:30
    stale_after: 6h
    stale_protection_buffer: 5%, at least 1
  - {id: 0123, type: warehouse, country: FR}
markets:
  - channel: web
    country: NO
    locations: [tag:y, 0123, A, tag:x]
    protection_buffer: 12.5 %, at least 4
    cap: 9
    low_stock_threshold: 3
    binding: least_shared_first
    time_zone: Asia/Tokyo
    from: 2026-01-01T00:00
    until: 2027-01-01T00:00:00+09:00
    backorder_horizon: 30d
  - {channel: shop, country: FR, locations: A, cap: ~}
protections:
  - {name: n, market: web/NO, sku: [NO, 1e3, "5"], protection_buffer: 0.05%, cap: 0}
  - {location: [tag:x, A], item_class: null, safety_stock: 1000000000000, blocked: false}
quotas:
  - {name: q, market: [shop/FR], sku: [S], units: 0, until: 2027-01-01T00:00:00Z}
  - {market: [shop/FR, web/NO], item_class: C, units: 7}
"""
# What it says, but for its short entries.
PLACE = Location(
    id="A",
    type=LocationType.THIRD_PARTY,
    country="NO",
    latitude=-48.5,
    longitude=2.0,
    time_zone="Europe/Oslo",
    tags=("x", "y"),
    safety_stock=7,
    enabled=False,
    pickup=True,
    daily_capacity=0,
    cut_off="16:30",
    stale_after_ms=6 * 3_600_000,
    stale_protection_buffer=Buffer(basis_points=500, floor=1),
)
WEB = Market(
    channel="web",
    country="NO",
    locations=("A", "0123"),
    protection_buffer=Buffer(basis_points=1250, floor=4),
    cap=9,
    low_stock_threshold=3,
    binding=Binding.LEAST_SHARED_FIRST,
    time_zone="Asia/Tokyo",
    window=Window(
        start=datetime(2026, 1, 1),  # noqa: DTZ001 - local to the market
        end=datetime(2026, 12, 31, 15, tzinfo=UTC),
    ),
    backorder_horizon_ms=30 * 86_400_000,
)
SHOP = Market(channel="shop", country="FR", locations=("A",), time_zone="Europe/Paris")
RULE = Rule(
    name="n",
    markets=("web/NO",),
    skus=("NO", "1e3", "5"),
    protection_buffer=Buffer(basis_points=5),
    cap=0,
)


def test_the_example_of_the_readme_is_valid() -> None:
    """The documented example parses, and its rules mean what the page says of them."""
    (example,) = re.findall(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    network = parse(example)
    assert ("web/FR", "marketplace/FR", "web/NO") == tuple(m.key for m in network.markets)
    before, peak, launch, _, after = (0, *switch_times(network))
    fields = compile_network(NetworkAt(network, before)).fields
    web, marketplace = ["web/FR", 3, 0, 0, -1], ["marketplace/FR", 0, 1000, 0, 50]
    assert [1, 2, [*web, *marketplace], 0, []] == msgpack.decode(fields["l:DC-PARIS"])
    stale = [30 * 60_000, 2, 0, 0]
    assert [1, 5, [*web, *marketplace], 0, stale] == msgpack.decode(fields["l:STORE-LYON"])
    assert [0, 0, web, 0, []] == msgpack.decode(fields["l:STORE-LILLE"])
    assert [1, 0, ["web/NO", 0, 1000, 5, -1], 0, []] == msgpack.decode(fields["l:DC-OSLO"])
    assert ["STORE-LYON"] == msgpack.decode(fields["aging"])
    luxury = {"marketplace/FR": [0, 10_000, 0], "web/FR": [4, 0, 0], "web/NO": [4, 0, 0]}
    assert [luxury, {}, {}, {}, {}] == msgpack.decode(fields["c:luxury"])
    assert [{}, {}, {"DC-PARIS": 10}, {}, {}] == msgpack.decode(fields["c:fragile"])
    caps = {"marketplace/FR": 2, "web/FR": 2}
    assert [{}, caps, {}, {}, {}] == msgpack.decode(fields["u:SKU-1"])
    recall = dict.fromkeys(("DC-OSLO", "DC-PARIS", "STORE-LILLE", "STORE-LYON"), 1)
    assert [{}, {}, {}, recall, {}] == msgpack.decode(fields["u:SKU-3"])
    at_peak = compile_network(NetworkAt(network, peak)).fields
    assert ["web/FR", 8, 0, 0, -1] == msgpack.decode(at_peak["l:STORE-LILLE"])[2]
    at_launch = compile_network(NetworkAt(network, launch)).fields
    quotas = {"marketplace/FR": [[f"marketplace/FR|c|luxury|{launch}", 200]]}
    assert [luxury, {}, {}, {}, quotas] == msgpack.decode(at_launch["c:luxury"])
    assert fields == compile_network(NetworkAt(network, after)).fields


def test_the_readme_names_every_key_and_limit() -> None:
    """The tables have every key of the document, and the limits are those in force."""
    page = " ".join(README.read_text(encoding="utf-8").split())
    parts = (Location, Market, Rule, Quota)
    names = {name for part in parts for name in part.__dataclass_fields__} - {"line", "window"}
    keys = {"from", "until", *(KEYS.get(name, name.removesuffix("_ms")) for name in names)}
    assert [] == [key for key in sorted(keys) if f"`{key}`" not in page]
    counts = (
        f"{limits.MARKETS_MAX} markets",
        f"{limits.LOCATIONS_PER_MARKET_MAX:,} locations a market",
        f"{limits.MEMBERSHIPS_MAX:,} locations in all markets",
        f"{limits.RULES_MAX:,} rules",
        f"{limits.RULE_TARGETS_MAX:,} numbers",
        f"at most {limits.TAGS_PER_LOCATION_MAX}, each",
        f"{limits.NETWORK_DOCUMENT_BYTES_MAX // 2**20} MiB",
        f"{limits.QUOTAS_MAX:,} quotas",
        f"{limits.QUOTA_TARGETS_MAX:,} counters",
        f"one or a list, at most {limits.CLOSED_DATES_MAX:,}",
        f"years {limits.WINDOW_YEAR_MIN} to {limits.WINDOW_YEAR_MAX}",
        f"at most {limits.SWITCHES_MAX} moments",
        f"at most {limits.SWITCH_BYTES_EACH_MAX // 2**20} MiB",
        f"together {limits.SWITCH_BYTES_MAX // 2**20} MiB",
        bounds(limits.STALE_AFTER_MS_MIN, limits.STALE_AFTER_MS_MAX),
        bounds(limits.BACKORDER_HORIZON_MS_MIN, limits.BACKORDER_HORIZON_MS_MAX),
    )
    assert [] == [count for count in counts if count not in page]


def bounds(least_ms: int, most_ms: int) -> str:
    """Write the bounds of a duration as the page does."""
    return f"duration from {duration_shown(least_ms)} to {duration_shown(most_ms)}"


def test_every_key_is_read() -> None:
    """A document that writes every key gives exactly these values."""
    network = parse(EVERY_KEY)
    assert network == Network(
        locations=(
            PLACE,
            Location(
                id="0123", type=LocationType.WAREHOUSE, country="FR", time_zone="Europe/Paris"
            ),
        ),
        markets=(WEB, SHOP),
        rules=(RULE, Rule(locations=("A",), safety_stock=10**12, blocked=False)),
        quotas=(
            Quota(
                name="q",
                markets=("shop/FR",),
                skus=("S",),
                units=0,
                window=Window(end=datetime(2027, 1, 1, tzinfo=UTC)),
            ),
            Quota(markets=("shop/FR", "web/NO"), item_classes=("C",), units=7),
        ),
    )
    assert [3, 17] == [location.line for location in network.locations]
    assert [32, 33] == [rule.line for rule in network.rules]
    assert [35, 36] == [quota.line for quota in network.quotas]


def test_an_empty_network_is_said_on_purpose() -> None:
    """Empty lists are a network without anything."""
    assert Network() == parse("locations: []\nmarkets: []\nprotections:\n")


BUFFERS = {
    "0": (Buffer(), "0"),
    "3": (Buffer(units=3), "3"),
    '"3"': (Buffer(units=3), "3"),
    "10%": (Buffer(basis_points=1000), "10%"),
    "100%": (Buffer(basis_points=10_000), "100%"),
    "0.5%": (Buffer(basis_points=50), "0.5%"),
    "12.05 %": (Buffer(basis_points=1205), "12.05%"),
    '"10%,at least 5"': (Buffer(basis_points=1000, floor=5), "10%, at least 5"),
    '"10%, at least 0"': (Buffer(basis_points=1000), "10%"),
}


@pytest.mark.parametrize("text", BUFFERS)
def test_buffers_are_read_and_written(text: str) -> None:
    """A buffer is units or a percentage with a floor, and is shown as it is written."""
    market = f"{{channel: web, country: FR, locations: A, protection_buffer: {text}}}"
    document = f"locations: [{{id: A, type: store, country: FR}}]\nmarkets: [{market}]"
    buffer = parse(document).markets[0].protection_buffer
    assert BUFFERS[text] == (buffer, str(buffer))


def test_locations_are_chunked_in_binding_order() -> None:
    """A market's locations come 32 a chunk, in the order reservations take from them."""
    places = "".join(f"  - {{id: L{i}, type: store, country: FR, tags: t}}\n" for i in range(65))
    network = parse(
        f"locations:\n{places}markets:\n"
        "  - {channel: web, country: FR, locations: tag:t, low_stock_threshold: 4}\n"
        "  - {channel: shop, country: FR, locations: [L1, L0]}\n"
    )
    compiled = compile_network(NetworkAt(network, 0))
    chunks = [msgpack.decode(compiled.fields[f"o:web/FR:{index}"]) for index in range(3)]
    assert [32, 32, 1] == [len(chunk) for chunk in chunks]
    assert [f"L{index}" for index in range(65)] == [*chunks[0], *chunks[1], *chunks[2]]
    assert "o:web/FR:3" not in compiled.fields
    assert ["L1", "L0"] == msgpack.decode(compiled.fields["o:shop/FR:0"])
    meta = compiled.market_fields({"web/FR": 7, "shop/FR": 9, "gone/FR": 1})
    assert {"m:web/FR": [7, 4, 65, 0, 0], "m:shop/FR": [9, 0, 2, 0, 0]} == {
        field: msgpack.decode(value) for field, value in meta.items()
    }


def test_least_shared_locations_come_first() -> None:
    """The binding puts locations of few markets first, and keeps the order among equals."""
    network = parse("""
locations:
  - {id: A, type: store, country: FR}
  - {id: B, type: store, country: FR}
  - {id: C, type: store, country: FR}
  - {id: D, type: store, country: FR}
markets:
  - {channel: web, country: FR, locations: [A, B, C, D], binding: least_shared_first}
  - {channel: web, country: DE, locations: [A, B]}
  - {channel: shop, country: FR, locations: [A, C]}
""")
    fields = compile_network(NetworkAt(network, 0)).fields
    assert ["D", "B", "C", "A"] == msgpack.decode(fields["o:web/FR:0"])
    assert ["A", "B"] == msgpack.decode(fields["o:web/DE:0"])
    assert ("A", "B", "C", "D") == network.markets[0].locations
