"""What a sourcing section may cost is bounded, and whatever is written in it is answered."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sellable import limits
from sellable.errors import InvalidNetwork
from sellable.network import Network, parse
from support.network_problems import problems_of
from support.sourcing_sections import EVERY_KEY

PLACES = """locations:
  - {id: A, type: store, country: FR, closed: CLOSED}
  - {id: B, type: store, country: DE}
markets: []
sourcing:
"""
SECTION = PLACES.replace(", closed: CLOSED", "")
CARRIER = SECTION + "  carriers:\n    - {id: c, zones: "
ONE_ZONE = CARRIER + "[{name: z}], services: "
TIERS = ONE_ZONE + "[{id: s, lanes: [{zone: z, transit_days: 1, rates: "
STRATEGY = SECTION + "  profiles:\n    - {name: p, strategies: [{name: x, order: parcels, "
DAYS = [
    f"20{year:02}-{month:02}-{day:02}"
    for year in range(4)
    for month in range(1, 13)
    for day in range(1, 29)
]


def listed(item: str, count: int) -> str:
    """Write a list, `#` being the number of each item."""
    return f"[{', '.join(item.replace('#', str(index)) for index in range(count))}]"


SERVICE = "{id: s#, lanes: [{zone: z, transit_days: 1, rates: [{per_kg: 1}]}]}"
CARRIERS = f"{{id: c#, zones: [{{name: z}}], services: {listed(SERVICE.replace('#', ''), 1)}}}"
# A document that goes to a limit, and one beyond it, with what is said of that.
OVERSIZED = {
    "profiles": (
        SECTION + "  default: p0\n  profiles: ",
        "{name: p#, strategies: [{name: s, order: parcels}]}",
        "",
        limits.PROFILES_MAX,
        "more than 100 profiles",
    ),
    "strategies": (
        SECTION + "  profiles: [{name: p, strategies: ",
        "{name: s#, order: parcels}",
        "}]",
        limits.STRATEGIES_PER_PROFILE_MAX,
        "more than 50 strategies",
    ),
    "carriers": (
        SECTION + "  carriers: ",
        CARRIERS,
        "",
        limits.CARRIERS_MAX,
        "more than 50 carriers",
    ),
    "services": (
        ONE_ZONE,
        SERVICE,
        "}",
        limits.SERVICES_PER_CARRIER_MAX,
        "more than 50 services",
    ),
    "zones": (
        CARRIER,
        "{name: z#, postal_prefixes: 1#x}",
        ", services: [{id: s, lanes: [{zone: z0, transit_days: 1, rates: [{per_kg: 1}]}]}]}",
        limits.ZONES_PER_CARRIER_MAX,
        "more than 100 zones",
    ),
    "tiers": (
        TIERS.replace("id: c,", "id: c, max_parcel_kg: 0.1,"),
        "{up_to_kg: 0.#, per_kg: 1}",
        "}]}]}",
        limits.TIERS_PER_LANE_MAX,
        "more than 100 tiers",
    ),
    "exchange rates": (
        SECTION + "  exchange_rates: ",
        "X#: 1",
        "",
        limits.EXCHANGE_RATES_MAX,
        "has 201 exchange rates, allowed are 200",
    ),
    "protected": (
        STRATEGY + "constraints: {protected: ",
        "{locations: A, until: 2026-01-01T00:00}",
        "}}]}",
        limits.PROTECTED_PER_STRATEGY_MAX,
        "more than 100 protected entries in one strategy",
    ),
    "ship together": (
        STRATEGY + "constraints: {ship_together: ",
        "[c#]",
        "}}]}",
        limits.SHIP_TOGETHER_GROUPS_MAX,
        "has 21 groups, allowed are 20",
    ),
}


def document(case: str, count: int) -> str:
    """Write so many of the things that are bounded."""
    head, item, tail, _, _ = OVERSIZED[case]
    text = listed(item, count)
    if case == "tiers":
        text = text.replace("0.", "@")
        for index in reversed(range(count)):
            text = text.replace(f"up_to_kg: @{index},", f"up_to_kg: 0.{index + 1:03},")
    if case == "exchange rates":
        codes = [f"X{chr(65 + at // 26)}{chr(65 + at % 26)}" for at in range(count)]
        text = f"{{{', '.join(f'{code}: 1' for code in codes)}}}"
    return head + text + tail + "\n"


@pytest.mark.parametrize("case", OVERSIZED)
def test_size_is_bounded(case: str) -> None:
    """As many as a limit allows are read, and one more is refused with the limit."""
    _, _, _, most, description = OVERSIZED[case]
    parse(document(case, most))
    problems = problems_of(document(case, most + 1))
    assert [description] == [p.description for p in problems if description in p.description]


def test_closed_dates_are_bounded() -> None:
    """A location has at most 1,000 closed dates."""
    text = PLACES.removesuffix("sourcing:\n")
    dates = ", ".join(DAYS[: limits.CLOSED_DATES_MAX])
    parse(text.replace("CLOSED", f"[{dates}]"))
    (problem,) = problems_of(text.replace("CLOSED", f"[{dates}, 2026-01-01]"))
    assert "has 1001 dates, allowed are 1000" == problem.description


def test_bounds_are_met_exactly() -> None:
    """The largest and smallest numbers are read as they are."""
    text = TIERS.replace("id: c,", "id: c, currency: USD, max_parcel_kg: 100000,").replace(
        "sourcing:\n", "sourcing:\n  exchange_rates: {USD: 0.000001}\n"
    )
    text += "[{up_to_kg: 0.001, per_parcel: 10000000}, {per_kg: 10000, per_km: 10000}]}]}]}\n"
    (carrier,) = parse(text).sourcing.carriers
    first, last = carrier.services[0].lanes[0].tiers
    assert (1, limits.PRICE_MICROS_MAX) == (first.up_to_grams, first.per_parcel)
    assert limits.PARCEL_GRAMS_MAX == last.up_to_grams == carrier.max_parcel_grams
    assert limits.PRICE_PER_KG_MICROS_MAX == last.per_kg == last.per_km


def test_zones_are_compared_in_bounded_time() -> None:
    """Whether a zone is hidden costs a fraction of a second, however many prefixes there are."""
    zones = ", ".join(
        f"{{name: z{zone}, postal_prefixes: [{', '.join(f'99999999999{at}' for at in range(700))}"
        f", {zone}x]}}"
        for zone in range(limits.ZONES_PER_CARRIER_MAX)
    )
    service = "{id: s, lanes: [{zone: z0, transit_days: 1, rates: [{per_kg: 1}]}]}"
    text = f"{CARRIER}[{zones}], services: [{service}]}}\n"
    began = time.process_time()
    assert parse(text)
    assert time.process_time() - began < 2


@settings(deadline=None, max_examples=200)  # a busy machine is no fault
@given(st.data())
def test_no_text_escapes_the_refusal(data: st.DataObject) -> None:
    """A section with parts left out, moved or pasted into it is read or refused as invalid."""
    text = EVERY_KEY
    first = text.index("sourcing:\n")
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(min(first, len(text)), len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 40)))
        pasted = data.draw(
            st.one_of(
                st.text(st.sampled_from("aA1-:{}[]&*!%|>'\"#?,@ \t\n\0é😀."), max_size=8),
                st.sampled_from(WORDS),
            )
        )
        text = text[:start] + pasted + text[end:]
    with contextlib.suppress(InvalidNetwork):
        assert isinstance(parse(text), Network)


@settings(deadline=None, max_examples=300)  # a busy machine is no fault
@given(st.data())
def test_no_value_escapes_the_refusal(data: st.DataObject) -> None:
    """Any value of a section may be any other thing: it is read or refused as invalid."""
    values = [at for at in range(len(EVERY_KEY)) if EVERY_KEY.startswith(": ", at)]
    text = EVERY_KEY
    for at in sorted(data.draw(st.sets(st.sampled_from(values), max_size=4)), reverse=True):
        end = next(i for i in range(at + 2, len(text)) if text[i] in ",}\n")
        text = f"{text[: at + 2]}{data.draw(st.sampled_from(WORDS))}{text[end:]}"
    with contextlib.suppress(InvalidNetwork):
        assert isinstance(parse(text), Network)


WORDS = (
    *("~", "[]", "{}", "[[]]", "[{}]", "[~]", "0", "-1", "1.5", ".nan", "1e999", "9" * 400, "true"),
    *("A", "tag:t", "tag:", "[A, A]", "{a: b}", "mon-sun", "2026-03-29T02:30:00", "''", "'\\0'"),
    *("parcels", "[parcels, parcels]", "nearest", "c/s", "EUR", "XX", "web", "x", "z", "p"),
)
