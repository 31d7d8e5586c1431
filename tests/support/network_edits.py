"""Networks that change while orders flow: what may be absent, and one edit after the other.

A network is kept whole (every location and market of `support.networks`) beside the names that
are absent; the document is what is left, without references to what is not there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from support.networks import (
    LOCATIONS,
    MARKETS,
    Meaning,
    documents,
    location_lists,
    market_lists,
    quota_lists,
    rule_lists,
)

if TYPE_CHECKING:
    from support.networks import Document


@dataclass(frozen=True)
class Whole:
    """A network and what of it is absent at the moment."""

    parts: Document
    absent: frozenset[str] = frozenset()

    @property
    def document(self) -> Document:
        """What is left, without rules of equal rank."""
        locations = [place for place in self.parts["locations"] if place["id"] not in self.absent]
        tags = {f"tag:{tag}" for place in locations for tag in place["tags"]}
        known = tags | {place["id"] for place in locations}
        markets = [
            {**market, "locations": members}
            for market in self.parts["markets"]
            if f"{market['channel']}/{market['country']}" not in self.absent
            and (members := [name for name in market["locations"] if name in known])
        ]
        known |= {f"{market['channel']}/{market['country']}" for market in markets}
        found: Document = {
            "locations": locations,
            "markets": markets,
            "protections": [],
            "quotas": [q for q in self.parts["quotas"] if q["market"] in known],
        }
        for rule in self.parts["protections"]:
            kept = dict(rule)
            for key in ("location", "market"):
                if key in rule:
                    kept[key] = [name for name in rule[key] if name in known]
            more = {**found, "protections": [*found["protections"], kept]}
            names_something = all(kept.get(key, True) for key in ("location", "market"))
            if names_something and not Meaning(more).has_equal_rank():
                found = more
        return found


def whole_networks() -> st.SearchStrategy[Whole]:
    """Draw a network without anything absent or disabled."""
    return documents().map(lambda found: Whole(_like(found, found["locations"], enabled=True)))


def networks_after(whole: Whole) -> st.SearchStrategy[Whole]:
    """Draw a network that differs by one kind of edit."""
    return st.one_of(
        st.sampled_from((*LOCATIONS, *MARKETS)).map(
            lambda name: replace(whole, absent=whole.absent ^ {name})
        ),
        location_lists().map(lambda found: Whole(_like(whole.parts, found), whole.absent)),
        st.tuples(
            st.integers(0, len(LOCATIONS) - 1), st.sampled_from(("enabled", "safety_stock"))
        ).map(lambda edit: _with_one_location(whole, *edit)),
        market_lists().map(lambda found: _with(whole, "markets", found)),
        rule_lists().map(lambda found: _with(whole, "protections", found)),
        quota_lists().map(lambda found: _with(whole, "quotas", found)),
    )


def _like(parts: Document, found: list[Document], *, enabled: bool | None = None) -> Document:
    """Put other locations in, enabled as those before were: half of all disabled sells nothing."""
    places = [
        {**place, "enabled": before["enabled"] if enabled is None else enabled}
        for place, before in zip(found, parts["locations"], strict=True)
    ]
    return {**parts, "locations": places}


def _with(whole: Whole, part: str, found: list[Document]) -> Whole:
    return replace(whole, parts={**whole.parts, part: found})


def _with_one_location(whole: Whole, index: int, setting: str) -> Whole:
    places = [dict(place) for place in whole.parts["locations"]]
    value = places[index][setting]
    places[index][setting] = (not value) if setting == "enabled" else (value + 2) % 5
    return _with(whole, "locations", places)
