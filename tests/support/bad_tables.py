"""Calls that are refused, each with its reason and, by field path, what would be allowed.

The store that they meet is the one of `support.bad_input.arrange`.
"""

from __future__ import annotations

from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from sellable.v1 import availability_pb2 as availability
from support.bad_calls import (
    CHANNEL_WORDS,
    COUNTRY_WORDS,
    LOCATION_WORDS,
    LONG_SKU,
    NAME_WORDS,
    QUANTITY_WORDS,
    SKU_WORDS,
    TTL_WORDS,
    Bad,
    check,
    check_at,
    confirm,
    extend,
    fulfil,
    get_network,
    lasting,
    listing,
    move,
    part,
    release,
    rows,
    take,
    verify,
)
from support.client import Want

AVAILABILITY: Final = (
    Bad("no SKU", check(), fields={"skus": "must have 1 to 1000 entries, has 0"}),
    Bad(
        "1,001 SKUs",
        check(*["A"] * 1_001),
        fields={"skus": "must have 1 to 1000 entries, has 1001"},
    ),
    Bad("empty SKU", check("A", ""), fields={"skus[1]": SKU_WORDS}),
    Bad("SKU of 129 bytes", check(LONG_SKU), fields={"skus[0]": SKU_WORDS}),
    Bad("control character", check("A\n"), fields={"skus[0]": SKU_WORDS}),
    Bad("C1 control character", check("A\x85"), fields={"skus[0]": SKU_WORDS}),
    Bad(
        "country in lower case",
        check("A", country="fr"),
        fields={"country": f"{COUNTRY_WORDS}: write FR"},
    ),
    Bad(
        "country that is none",
        check("A", country="XX"),
        fields={"country": f"{COUNTRY_WORDS}, e.g. FR"},
    ),
    Bad(
        "country by habit",
        check("A", country="UK"),
        fields={"country": f"{COUNTRY_WORDS}: write GB"},
    ),
    Bad("channel in upper case", check("A", channel="Web"), fields={"channel": CHANNEL_WORDS}),
    Bad(
        "everything at once",
        check("", channel="", country=""),
        fields={
            "channel": CHANNEL_WORDS,
            "country": f"{COUNTRY_WORDS}, e.g. FR",
            "skus[0]": SKU_WORDS,
        },
    ),
    Bad(
        "unknown market", check("A", country="DE"), "UNKNOWN_MARKET", metadata={"market": "web/DE"}
    ),
    Bad("unknown location", check_at("NONE"), "UNKNOWN_LOCATION", metadata={"location": "NONE"}),
    Bad(
        "location of another form",
        check_at("DC PARIS"),
        fields={"location": f"{LOCATION_WORDS}, or empty"},
    ),
    Bad(
        "location of another market",
        check_at("DC-OSLO"),
        "LOCATION_NOT_IN_MARKET",
        metadata={"location": "DC-OSLO", "market": "web/FR"},
    ),
    Bad(
        "unknown SKU",
        lambda c: c.availability.GetAvailability(availability.GetAvailabilityRequest(sku="Z")),
        "UNKNOWN_SKU",
        metadata={"sku": "Z"},
    ),
    Bad(
        "positions of an unknown SKU",
        lambda c: c.positions("Z"),
        "UNKNOWN_SKU",
        metadata={"sku": "Z"},
    ),
    Bad("positions of no SKU", lambda c: c.positions(""), fields={"sku": SKU_WORDS}),
    Bad("verify of an unknown SKU", lambda c: verify(c, "Z"), "UNKNOWN_SKU", metadata={"sku": "Z"}),
)

RESERVE: Final = (
    Bad("quantity 0", take(Want("A", 0)), fields={"lines[0].quantity": f"{QUANTITY_WORDS}0"}),
    Bad(
        "quantity below 0",
        take(Want("A"), Want("A", -1)),
        fields={"lines[1].quantity": f"{QUANTITY_WORDS}-1"},
    ),
    Bad(
        "quantity beyond 10^12",
        take(Want("A", 10**12 + 1)),
        fields={"lines[0].quantity": f"{QUANTITY_WORDS}1000000000001"},
    ),
    Bad("empty SKU", take(Want("")), fields={"lines[0].sku": SKU_WORDS}),
    Bad("SKU of 129 bytes", take(Want(LONG_SKU)), fields={"lines[0].sku": SKU_WORDS}),
    Bad("control character", take(Want("A\x7f")), fields={"lines[0].sku": SKU_WORDS}),
    Bad(
        "duplicate line id",
        take(Want("A", line_id="1"), Want("A", line_id="2"), Want("A", line_id="1")),
        fields={"lines[2].line_id": "must be unique; lines[0] has it too"},
    ),
    Bad("no line", take(), fields={"lines": "must have 1 to 100 entries, has 0"}),
    Bad(
        "101 lines",
        take(*[Want("A")] * 101),
        fields={"lines": "must have 1 to 100 entries, has 101"},
    ),
    Bad(
        "ttl too short", lasting(0, 999_999_999), fields={"ttl": f"{TTL_WORDS}0 s and 999999999 ns"}
    ),
    Bad("ttl too long", lasting(604_801), fields={"ttl": f"{TTL_WORDS}604801 s"}),
    Bad("ttl below 0", lasting(-1), fields={"ttl": f"{TTL_WORDS}-1 s"}),
    Bad(
        "wrong country",
        take(Want("A"), market="web/FRA"),
        fields={"country": f"{COUNTRY_WORDS}, e.g. FR"},
    ),
    Bad(
        "unknown market",
        take(Want("A"), market="app/FR"),
        "UNKNOWN_MARKET",
        metadata={"market": "app/FR"},
    ),
    Bad(
        "unknown location", take(Want("A", 1, "X")), "UNKNOWN_LOCATION", metadata={"location": "X"}
    ),
    Bad("unknown SKU", take(Want("A"), Want("Z")), "UNKNOWN_SKU", metadata={"sku": "Z"}),
    Bad(
        "location of another market",
        take(Want("A", 1, "DC-OSLO")),
        "LOCATION_NOT_IN_MARKET",
        metadata={"location": "DC-OSLO", "market": "web/FR"},
    ),
    Bad("more than there is", take(Want("A", 11)), "INSUFFICIENT_STOCK"),
    Bad(
        "id of another request",
        lambda c: c.reserve("held", "web/FR", Want("A", 1)),
        "IDEMPOTENCY_CONFLICT",
        metadata={"id": "held", "field": "lines[0]"},
    ),
    Bad(
        "replaces an unknown hold",
        take(Want("A"), replaces_reservation_id="none"),
        "UNKNOWN_RESERVATION",
        metadata={"reservation": "none"},
    ),
    Bad(
        "replaces an order",
        take(Want("A"), replaces_reservation_id="order"),
        "RESERVATION_CLOSED",
        metadata={"reservation": "order", "state": "CONFIRMED"},
    ),
)

LATER: Final = (
    Bad(
        "extend beyond the bound",
        extend("held", 604_801),
        fields={"ttl": f"{TTL_WORDS}604801 s"},
    ),
    Bad(
        "extend an order",
        extend("order"),
        "RESERVATION_CLOSED",
        metadata={"reservation": "order", "state": "CONFIRMED"},
    ),
    Bad(
        "extend what has lapsed",
        extend("lapsed"),
        "RESERVATION_EXPIRED",
        metadata={"reservation": "lapsed"},
    ),
    Bad(
        "confirm the unknown",
        confirm("none"),
        "UNKNOWN_RESERVATION",
        metadata={"reservation": "none"},
    ),
    Bad("confirm nothing", confirm(""), fields={"reservation_id": NAME_WORDS}),
    Bad(
        "confirm what has lapsed and is sold",
        confirm("lapsed"),
        "RESERVATION_EXPIRED",
        metadata={"reservation": "lapsed"},
    ),
    Bad(
        "confirm what was released",
        confirm("released"),
        "RESERVATION_CLOSED",
        metadata={"reservation": "released", "state": "RELEASED"},
    ),
    Bad(
        "confirm for another order",
        confirm("order", "o2"),
        "IDEMPOTENCY_CONFLICT",
        metadata={"id": "order", "field": "order_reference"},
    ),
    Bad(
        "release quantity 0",
        release(part(quantity=0)),
        fields={"quantities[0].quantity": f"{QUANTITY_WORDS}0"},
    ),
    Bad(
        "release more than is open",
        release(part(quantity=3)),
        fields={"quantities[0].quantity": "at most 2 open units"},
    ),
    Bad(
        "release of no line",
        release(part(sku="B")),
        fields={"quantities[0]": "names no line of this reservation"},
    ),
    Bad(
        "release without request id",
        release(part(), request_id=""),
        fields={"request_id": "is required with quantities"},
    ),
    Bad(
        "fulfil an unknown location",
        fulfil(part(location="X")),
        "UNKNOWN_LOCATION",
        metadata={"location": "X"},
    ),
    Bad(
        "fulfil in the future",
        fulfil(part(), time=Timestamp(seconds=4_000_000_000)),
        fields={"observe_time": "at most 300000 ms ahead of the store's clock"},
    ),
    Bad("move to an unknown location", move("X"), "UNKNOWN_LOCATION", metadata={"location": "X"}),
    Bad(
        "move out of the market",
        move("DC-OSLO"),
        "LOCATION_NOT_IN_MARKET",
        metadata={"location": "DC-OSLO", "market": "web/FR"},
    ),
    Bad("move to where nothing is", move("STORE-LYON"), "INSUFFICIENT_STOCK"),
    Bad(
        "move what has lapsed",
        move("STORE-LYON", "lapsed"),
        "RESERVATION_EXPIRED",
        metadata={"reservation": "lapsed"},
    ),
    Bad(
        "move to the same place",
        move("DC-PARIS", location="DC-PARIS"),
        fields={"moves[0].to_location": "must be another location than from.location"},
    ),
    Bad(
        "list everything",
        listing(),
        fields={
            "filter": "must have at least one of sku, order_reference, location, "
            "channel, country, state"
        },
    ),
    Bad(
        "list 1,001",
        listing(sku="A", page_size=1_001),
        fields={"page_size": "must be 0 to 1000, is 1001"},
    ),
    Bad(
        "list by a token of nobody",
        listing(sku="A", page_token="x"),  # noqa: S106 - a page
        fields={"page_token": "must be the next_page_token of a call with the same filters"},
    ),
    Bad("no fact", rows(0), fields={"events": "must have 1 to 1000 entries, has 0"}),
    Bad("1,001 facts", rows(1_001), fields={"events": "must have 1 to 1000 entries, has 1001"}),
    Bad("version below 0", get_network(-1), fields={"version": f"must be 0 to {2**63 - 1}, is -1"}),
    Bad("version that is not", get_network(99), "UNKNOWN_VERSION", metadata={"version": "99"}),
)
