"""Small random documents with dates in several time zones, and what they mean at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any, Final
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from support.networks import LOCATIONS, MARKETS, Document, Meaning, documents

# In order of time in every zone. Some occur twice where clocks go back: in Paris, in New York.
MOMENTS: Final = (
    "2027-01-15T00:00",
    "2027-03-28T03:00:00",
    "2027-07-01T12:00:00+02:00",
    "2027-10-31T02:30:00",
    "2027-11-07T01:30",
    "2028-01-01T00:00:00Z",
)
ZONES: Final = {
    "L0": "Europe/Paris",
    "L1": "America/New_York",
    "L2": "Pacific/Auckland",
    "L3": "Europe/Paris",
    "web/FR": "Europe/Paris",
    "web/DE": "Europe/Berlin",
    "shop/FR": "Asia/Tokyo",
}
START_MS: Final = 1_790_000_000_000  # before every moment


@st.composite
def dated_documents(draw: st.DrawFn) -> Document:
    """Draw a document with windows at some markets, rules and quotas; not always a valid one."""
    document = draw(documents())
    for place in document["locations"]:
        place["time_zone"] = ZONES[place["id"]]
    for market in document["markets"]:
        if market["channel"] == "shop":
            market["time_zone"] = ZONES["shop/FR"]
    extra = draw(st.lists(st.sampled_from(({"cap": 3}, {"safety_stock": 2})), max_size=1))
    dated = [dict(rule) | draw(_windows(least=1)) for rule in extra]  # for everything: only dated
    parts = (*document["markets"], *document["protections"], *document["quotas"])
    for part in parts:
        part.update(draw(st.one_of(st.just({}), _windows())))
    document["protections"] += dated
    return document


@st.composite
def _windows(draw: st.DrawFn, least: int = 0) -> Document:
    chosen = draw(st.lists(st.sampled_from(range(len(MOMENTS))), max_size=2, unique=True))
    chosen = sorted(chosen or [0] * least)
    if len(chosen) == 1:
        return {draw(st.sampled_from(("from", "until"))): MOMENTS[chosen[0]]}
    return {key: MOMENTS[at] for key, at in zip(("from", "until"), chosen, strict=False)}


@dataclass
class DatedMeaning:
    """What a dated document means, without any of the product's code."""

    document: Document

    def moments(self) -> list[int]:
        """Answer each moment at which something begins or ends somewhere."""
        parts = [*self.document["markets"], *self.document["protections"], *self.document["quotas"]]
        return sorted(
            {
                bound
                for part in parts
                for place in self._places(part)
                for bound in window_of(part, place)
                if bound is not None
            }
        )

    def has_equal_rank(self) -> bool:
        """Tell whether at some moment two rules of one rank set one number."""
        whole = Meaning(self.document)
        for at_ms in (START_MS, *self.moments()):
            for place in (*MARKETS, *LOCATIONS):
                own = self._market(place)
                for effect in ("protection_buffer", "cap", "safety_stock", "blocked"):
                    rules = [r for r in self.rules_at(place, at_ms) if effect in r]
                    if any(whole._collide(*pair) for pair in combinations(rules, 2)):
                        return True
                    if effect in own and any(not _is_dated(r) and not _items(r) for r in rules):
                        return True
        return False

    def is_open(self, market: str, at_ms: int) -> bool:
        """Tell whether a market is in its window."""
        return _in_window(self._market(market), market, at_ms)

    def number(self, effect: str, place: str, sku: str, item_class: str | None, at_ms: int) -> Any:
        """Answer the value of the highest rank among the rules in force there and then."""
        rules = self.rules_at(place, at_ms)
        at_moment = Meaning(self.document | {"protections": rules})
        return at_moment.number(effect, place, sku, item_class)

    def quota_units(self, market: str, sku: str, item_class: str | None, at_ms: int) -> list[int]:
        """Answer the units of each quota that counts a SKU then, its own before its class's."""
        quotas = [q for q in self.document["quotas"] if _in_window(q, market, at_ms)]
        wanted = (("sku", sku), ("item_class", item_class))
        return [
            quota["units"]
            for kind, name in wanted
            for quota in quotas
            if quota["market"] == market and name is not None and quota.get(kind) == name
        ]

    def rules_at(self, place: str, at_ms: int) -> list[Document]:
        """Answer the rules that hold in a place at a moment."""
        return [
            rule
            for rule in self.document["protections"]
            if place in self._places(rule) and _in_window(rule, place, at_ms)
        ]

    def _places(self, part: Document) -> set[str]:
        if "channel" in part:
            return {f"{part['channel']}/{part['country']}"}
        if "units" in part:
            return {part["market"]}
        return Meaning(self.document)._places(part)

    def _market(self, key: str) -> Document:
        by_key: dict[str, Document] = {
            f"{m['channel']}/{m['country']}": m for m in self.document["markets"]
        }
        return by_key.get(key, {})


def window_of(part: Document, place: str) -> tuple[int | None, int | None]:
    """Answer when a part begins and ends in a place: the first `from`, the second `until`."""
    return (_instant(part.get("from"), place, 0), _instant(part.get("until"), place, 1))


def _instant(text: str | None, place: str, fold: int) -> int | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(ZONES[place]), fold=fold)
    return int(moment.timestamp()) * 1000


def _in_window(part: Document, place: str, at_ms: int) -> bool:
    start, end = window_of(part, place)
    return (start is None or at_ms >= start) and (end is None or at_ms < end)


def _is_dated(part: Document) -> bool:
    return "from" in part or "until" in part


def _items(rule: Document) -> bool:
    return "sku" in rule or "item_class" in rule
