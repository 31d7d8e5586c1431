"""Small random network documents, and what their rules mean, worked out one number at a time.

Documents are plain data; JSON is YAML, so `json.dumps` writes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

from hypothesis import strategies as st

LOCATIONS = ("L0", "L1", "L2", "L3")
MARKETS = ("web/FR", "web/DE", "shop/FR")
SKUS = ("A", "B")
CLASSES = ("X", "Y")
LOCATION_EFFECTS = ("safety_stock", "blocked")
BUFFERS = (0, 2, "10%", "25%, at least 2", "0%, at least 2")

Document = dict[str, Any]

_QUOTA_ITEMS = (("sku", "A"), ("sku", "B"), ("item_class", "X"), ("item_class", "Y"))

# L0 and L1 always have a tag, so that both tags can always be selected.
_TAGS = st.tuples(
    st.sampled_from((["a"], ["a", "b"])),
    st.sampled_from((["b"], ["a", "b"])),
    st.sampled_from(([], ["a"])),
    st.sampled_from(([], ["b"])),
)
_LIMITS = st.fixed_dictionaries({}, optional={"daily_capacity": st.integers(0, 3)})
_PLACES = st.lists(st.sampled_from((*LOCATIONS, "tag:a", "tag:b")), min_size=1, max_size=3)


@st.composite
def location_lists(draw: st.DrawFn) -> list[Document]:
    """Draw the four locations."""
    return [
        {
            "id": name,
            "type": "store",
            "country": "FR",
            "tags": tags,
            "safety_stock": draw(st.integers(0, 3)),
            "enabled": draw(st.booleans()),
            **draw(_LIMITS),
        }
        for name, tags in zip(LOCATIONS, draw(_TAGS), strict=True)
    ]


@st.composite
def market_lists(draw: st.DrawFn) -> list[Document]:
    """Draw the three markets in some order."""
    return [draw(_market(key)) for key in draw(st.permutations(MARKETS))]


def _market(key: str) -> st.SearchStrategy[Document]:
    channel, country = key.split("/")
    return st.fixed_dictionaries(
        {"channel": st.just(channel), "country": st.just(country), "locations": _PLACES},
        optional={
            "protection_buffer": st.sampled_from(BUFFERS),
            "cap": st.integers(0, 6),
            "low_stock_threshold": st.integers(0, 2),
            "binding": st.sampled_from(("in_order", "least_shared_first")),
            "backorder_horizon": st.sampled_from(("10s", "1h")),
        },
    )


@st.composite
def rule_lists(draw: st.DrawFn) -> list[Document]:
    """Draw rules of every rank; some lists have two of equal rank."""
    return draw(st.lists(_rules(), max_size=4))


@st.composite
def _rules(draw: st.DrawFn) -> Document:
    rule: Document = {}
    item = draw(st.sampled_from(("none", "sku", "item_class")))
    if item != "none":
        names = SKUS if item == "sku" else CLASSES
        rule[item] = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2))
    named = item == "none" or draw(st.booleans())
    if draw(st.booleans()):
        if named:
            rule["location"] = draw(_PLACES)
        effects = draw(
            st.sampled_from((("safety_stock",), ("safety_stock",), ("blocked",), LOCATION_EFFECTS))
        )
        if "safety_stock" in effects:
            rule["safety_stock"] = draw(st.integers(0, 3))
        if "blocked" in effects:
            rule["blocked"] = draw(st.booleans())
        return rule
    if named:
        rule["market"] = draw(st.lists(st.sampled_from(MARKETS), min_size=1, max_size=2))
    effects = draw(
        st.sampled_from((("cap",), ("protection_buffer",), ("cap", "protection_buffer")))
    )
    if "cap" in effects:
        rule["cap"] = draw(st.integers(0, 6))
    if "protection_buffer" in effects:
        rule["protection_buffer"] = draw(st.sampled_from(BUFFERS))
    return rule


@st.composite
def quota_lists(draw: st.DrawFn) -> list[Document]:
    """Draw quotas of SKUs and classes; no two of one market and item."""
    found: list[Document] = []
    for market in MARKETS:
        for kind, name in draw(st.lists(st.sampled_from(_QUOTA_ITEMS), max_size=1)):
            units = draw(st.integers(0, 8))
            found.append({"market": market, kind: name, "units": units})
    return found


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Draw a whole network document, not always a valid one."""
    return {
        "locations": draw(location_lists()),
        "markets": draw(market_lists()),
        "protections": draw(rule_lists()),
        "quotas": draw(quota_lists()),
    }


@dataclass
class Meaning:
    """What a document of this module means, without any of the product's code."""

    document: Document

    def has_equal_rank(self) -> bool:
        """Tell whether two rules, or a rule and its market, set one number at one rank."""
        rules = self.document["protections"]
        for effect in ("protection_buffer", "cap", *LOCATION_EFFECTS):
            setting = [rule for rule in rules if effect in rule]
            if any(self._collide(one, two) for one, two in combinations(setting, 2)):
                return True
            own = {_key(m) for m in self.document["markets"] if effect in m}
            if any(own & self._places(rule) for rule in setting if not _items(rule)):
                return True
        return False

    def number(self, effect: str, place: str, sku: str, item_class: str | None) -> Any:
        """Answer the value of the highest rank, or what the market or location says."""
        wanted = {("sku", sku), ("item_class", item_class)}
        ranked = []
        for rule in self.document["protections"]:
            if effect not in rule or place not in self._places(rule):
                continue
            items = _items(rule)
            if items and not items & wanted:
                continue
            level = 0 if not items else 2 if "sku" in rule else 1
            ranked.append(((level, _named(rule)), rule[effect]))
        if ranked:
            return max(ranked, key=lambda entry: entry[0])[1]
        return self._own(place).get(effect, None if effect == "cap" else 0)

    def sellable(
        self, market: str, sku: str, item_class: str | None, stock: dict[str, tuple[int, int]]
    ) -> int:
        """Answer the number of a market, from (on hand, reserved) by location."""
        total = available = overcommitted = 0
        for location in self.members(market):
            if not self._own(location)["enabled"]:
                continue
            on_hand, reserved = stock[location]
            safety_stock = self.number("safety_stock", location, sku, item_class)
            total += on_hand
            available += max(0, on_hand - reserved - safety_stock)
            overcommitted += max(0, reserved - on_hand)
        buffer = self.number("protection_buffer", market, sku, item_class)
        cap = self.number("cap", market, sku, item_class)
        number = max(0, max(0, available - overcommitted) - units_held(buffer, total))
        return number if cap is None else min(cap, number)

    def quotas(self, market: str, sku: str, item_class: str | None) -> dict[tuple[str, str], int]:
        """Answer the units of each quota that concerns a SKU in a market, by market and item."""
        return {
            (market, name): quota["units"]
            for quota in self.document.get("quotas", ())
            for kind, name in (("sku", sku), ("item_class", item_class))
            if name is not None and quota["market"] == market and quota.get(kind) == name
        }

    def members(self, market: str) -> list[str]:
        """Answer the locations of a market, each once."""
        return list(dict.fromkeys(self._expanded(self._own(market)["locations"])))

    def _own(self, place: str) -> Document:
        everything: dict[str, Document] = {_key(m): m for m in self.document["markets"]}
        everything |= {location["id"]: location for location in self.document["locations"]}
        return everything[place]

    def _collide(self, one: Document, two: Document) -> bool:
        same_items = _items(one) == _items(two) == set() or _items(one) & _items(two)
        same_rank = _named(one) == _named(two)
        return bool(same_items and same_rank and self._places(one) & self._places(two))

    def _places(self, rule: Document) -> set[str]:
        if any(effect in rule for effect in LOCATION_EFFECTS):
            return set(self._expanded(rule.get("location", LOCATIONS)))
        return set(rule.get("market", MARKETS))

    def _expanded(self, selectors: list[str]) -> list[str]:
        found = []
        for selector in selectors:
            tag = selector.removeprefix("tag:")
            if tag == selector:
                found.append(selector)
            else:
                found += [x["id"] for x in self.document["locations"] if tag in x["tags"]]
        return found


def units_held(buffer: int | str, on_hand: int) -> int:
    """Answer how many units a buffer, as documents write it, keeps back."""
    if isinstance(buffer, int):
        return buffer
    percent, _, floor = buffer.partition("%")
    part = -(-on_hand * int(percent) // 100)
    return max(0, part, int(floor.removeprefix(", at least ") or 0))


def _key(market: Document) -> str:
    return f"{market['channel']}/{market['country']}"


def _items(rule: Document) -> set[tuple[str, str | None]]:
    return {(kind, name) for kind in ("sku", "item_class") for name in rule.get(kind, ())}


def _named(rule: Document) -> bool:
    return "market" in rule or "location" in rule
