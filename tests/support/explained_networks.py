"""Random networks with everything that can decide a number, and who decides it.

Rules of every rank, windows (with an offset, and local), quotas, percentages, caps, feeds that may
fall silent, recalls, and locations that are disabled. `Ranking` finds who decides a number by
looking at every rule: it has no code in common with the product.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from sellable import network
from sellable.errors import InvalidNetwork
from support.driving import START_MS
from support.networks import BUFFERS, Document

if TYPE_CHECKING:
    from collections.abc import Callable


LOCATIONS: Final = ("L0", "L1", "L2", "L3", "L4", "L5")
MARKETS: Final = tuple(f"{c}/{n}" for c in ("web", "shop", "app", "b2b") for n in ("FR", "DE"))
SKUS: Final = tuple(f"S{number}" for number in range(24))
CLASSES: Final = ("X", "Y", "Z")
STALE_AFTER_MS: Final = {"5m": 300_000, "30m": 1_800_000}
_ZONE: Final = "Europe/Paris"
_START: Final = datetime.fromtimestamp(START_MS // 1_000, UTC)
# Minutes from the start; what happens in a history takes about two hours.
_BOUNDS: Final = (-10_000, -60, 7, 25, 60, 90, 10_000)
_SPANS: Final = (
    *((start, None) for start in _BOUNDS),
    *((None, end) for end in _BOUNDS),
    *combinations(_BOUNDS, 2),
)
_AT_LOCATIONS: Final[tuple[Document, ...]] = (
    {"safety_stock": 4},
    {"safety_stock": 4},
    {"safety_stock": 0},
    {"safety_stock": 1, "blocked": False},
    {"safety_stock": 7, "blocked": True},
    {"blocked": True},
)
_ENTRY: Final = re.compile(r"(protections|quotas)\[(\d+)\]")


class Decided(NamedTuple):
    """A number, and the entry that it comes from."""

    value: Any
    rule: str
    line: int


@st.composite
def explained_networks(draw: st.DrawFn) -> Document:
    """Draw a valid document."""
    document = {
        "locations": [draw(_location(name)) for name in LOCATIONS],
        "markets": [draw(_market(key)) for key in MARKETS],
        "protections": draw(st.lists(_rule(), min_size=24, max_size=40)),
        "quotas": draw(st.lists(_quota(), min_size=2, max_size=10)),
    }
    for part in ("protections", "quotas"):
        for number, entry in enumerate(document[part]):
            if number % 5:  # a few stay without a name
                entry["name"] = f"{part[:-1]} {number}"
    return _without_disagreement(document)


def text_of(document: Document) -> str:
    """Write a document with one entry a line, so that each has a line of its own."""
    parts = [
        f"{name}:\n" + "".join(f"  - {json.dumps(entry)}\n" for entry in entries)
        for name, entries in document.items()
        if entries
    ]
    return "".join(parts)


def _without_disagreement(document: Document) -> Document:
    """Leave out rules and quotas that the product refuses beside others."""
    while refused := _refused(document):
        document = {
            part: [entry for at, entry in enumerate(entries) if (part, at) not in refused]
            for part, entries in document.items()
        }
    return document


def _refused(document: Document) -> set[tuple[str, int]]:
    try:
        network.parse(text_of(document))
    except InvalidNetwork as error:
        fields = " ".join(problem.field for problem in error.problems)
        if not (refused := {(part, int(at)) for part, at in _ENTRY.findall(fields)}):
            raise
        return refused
    return set()


@st.composite
def _location(draw: st.DrawFn, name: str) -> Document:
    place: Document = {
        "id": name,
        "type": "store",
        "country": "FR",
        "time_zone": _ZONE,
        "tags": ["all", "even" if int(name[1:]) % 2 == 0 else "odd"],
        "safety_stock": draw(st.integers(0, 3)),
        "enabled": draw(st.integers(0, 8)) > 0,
    }
    if draw(st.booleans()):
        place["stale_after"] = draw(st.sampled_from(tuple(STALE_AFTER_MS)))
        place["stale_protection_buffer"] = draw(st.sampled_from((1, 2, "10%", "25%, at least 2")))
    return place


@st.composite
def _market(draw: st.DrawFn, key: str) -> Document:
    channel, country = key.split("/")
    some = st.lists(st.sampled_from(LOCATIONS), min_size=1, max_size=4, unique=True)
    market: Document = {
        "channel": channel,
        "country": country,
        "time_zone": _ZONE,
        "locations": draw(some),
        "binding": draw(st.sampled_from(("in_order", "least_shared_first"))),
        "backorder_horizon": draw(st.sampled_from(("1h", "30d"))),
    }
    if draw(st.booleans()):
        market["protection_buffer"] = draw(st.sampled_from(BUFFERS))
    if draw(st.integers(0, 2)) == 0:
        market["cap"] = draw(st.integers(0, 20))
    return market | (draw(_window()) if draw(st.integers(0, 3)) == 0 else {})


@st.composite
def _rule(draw: st.DrawFn) -> Document:
    rule: Document = draw(st.sampled_from(("", "sku", "sku", "item_class")).flatmap(_items))
    named = not rule or draw(st.booleans())
    if draw(st.booleans()):
        if named:
            places = (*LOCATIONS, "tag:all", "tag:even", "tag:odd")
            rule["location"] = draw(
                st.lists(st.sampled_from(places), min_size=1, max_size=2, unique=True)
            )
        rule |= draw(st.sampled_from(_AT_LOCATIONS))
    else:
        if named:
            rule["market"] = draw(
                st.lists(st.sampled_from(MARKETS), min_size=1, max_size=3, unique=True)
            )
        effects = draw(st.sampled_from(("cap", "protection_buffer", "both")))
        if effects != "protection_buffer":
            rule["cap"] = draw(st.integers(0, 15))
        if effects != "cap":
            rule["protection_buffer"] = draw(st.sampled_from(BUFFERS))
    return rule | (draw(_window()) if draw(st.booleans()) else {})


def _items(kind: str) -> st.SearchStrategy[Document]:
    if not kind:
        return st.just({})
    names = SKUS if kind == "sku" else CLASSES
    most = 12 if kind == "sku" else 2
    return st.lists(st.sampled_from(names), min_size=1, max_size=most, unique=True).map(
        lambda chosen: {kind: chosen}
    )


@st.composite
def _quota(draw: st.DrawFn) -> Document:
    quota: Document = {
        "market": draw(st.lists(st.sampled_from(MARKETS), min_size=1, max_size=2, unique=True)),
        "units": draw(st.integers(0, 12)),
    }
    quota |= draw(st.sampled_from(("sku", "item_class")).flatmap(_items))
    return quota | (draw(_window()) if draw(st.booleans()) else {})


@st.composite
def _window(draw: st.DrawFn) -> Document:
    start, end = draw(st.sampled_from(_SPANS))
    write = _local if draw(st.booleans()) else _with_offset
    bounds = {"from": start, "until": end}
    return {key: write(minutes) for key, minutes in bounds.items() if minutes is not None}


def _with_offset(minutes: int) -> str:
    return (_START + timedelta(minutes=minutes)).isoformat()


def _local(minutes: int) -> str:
    moment = (_START + timedelta(minutes=minutes)).astimezone(ZoneInfo(_ZONE))
    return moment.replace(tzinfo=None).isoformat()


@dataclass(frozen=True)
class Ranking:
    """Who decides what at one moment: every rule is looked at, the highest rank wins."""

    document: Document
    at_ms: int
    rank: Callable[[bool, bool, bool], int] = lambda sku, item_class, named: (
        4 * sku + 2 * item_class + named
    )

    def decided(self, effect: str, place: str, sku: str, item_class: str) -> Decided:
        """Answer the value of the highest rank, or what the market or location says."""
        best, best_rank = self.own(effect, place), -1
        for rule in self.document["protections"]:
            if effect in rule and self._speaks_of(rule, place, sku, item_class):
                named = "market" in rule or "location" in rule
                rank = self.rank("sku" in rule, "item_class" in rule, named)
                if rank > best_rank:
                    best_rank = rank
                    best = Decided(rule[effect], rule.get("name", "rule"), self.line(rule))
        return best

    def own(self, effect: str, place: str) -> Decided:
        """Answer what the market or location itself says."""
        entry = self.entry(place)
        silent = {"cap": None, "blocked": False}.get(effect, 0)
        return Decided(entry.get(effect, silent), self.title(place), self.line(entry))

    def entry(self, place: str) -> Document:
        """Answer the entry of a market or location."""
        entries: list[Document] = self.document["locations"] + self.document["markets"]
        return next(e for e in entries if place in (e.get("id"), _key(e)))

    def title(self, place: str) -> str:
        """Answer how a market or location is told."""
        return f"market {place}" if "/" in place else f"location {place}"

    def line(self, entry: Document) -> int:
        """Answer the line of an entry."""
        line = 0
        for entries in self.document.values():
            line += bool(entries)
            for other in entries:
                line += 1
                if other is entry:
                    return line
        raise AssertionError(entry)

    def quotas(self, market: str, sku: str, item_class: str) -> list[Decided]:
        """Answer the quotas in force."""
        return [
            Decided(quota["units"], quota.get("name", "quota"), self.line(quota))
            for quota in self.document["quotas"]
            if market in quota["market"] and self._speaks_of(quota, market, sku, item_class)
        ]

    def holds(self, entry: Document) -> bool:
        """Tell whether this is a moment of the entry's window."""
        start, end = (_instant_ms(entry.get(key)) for key in ("from", "until"))
        return (start is None or start <= self.at_ms) and (end is None or self.at_ms < end)

    def _speaks_of(self, entry: Document, place: str, sku: str, item_class: str) -> bool:
        of_item = (
            sku in entry["sku"]
            if "sku" in entry
            else "item_class" not in entry or item_class in entry["item_class"]
        )
        names = {place, *(f"tag:{tag}" for tag in self.entry(place).get("tags", ()))}
        selected = entry.get("market") or entry.get("location") or names
        return of_item and bool(names & set(selected)) and self.holds(entry)


def _key(entry: Document) -> str:
    return f"{entry.get('channel')}/{entry.get('country')}"


def _instant_ms(text: str | None) -> int | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(_ZONE))
    return int(moment.timestamp() * 1_000)
