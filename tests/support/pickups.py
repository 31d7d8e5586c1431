"""Networks of pickup locations, the question where to collect, and the simplest answer to it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from sellable.v1 import availability_pb2, common_pb2
from support.client import CALL_S_MAX, Want

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from support.client import Client

PARIS: Final = (48.8566, 2.3522)
SKUS: Final = ("A", "B")
_RADIUS_KM: Final = 6371.0088


def place(name: str, at: tuple[float, float] | None, **more: Any) -> dict[str, Any]:
    """Make a store where customers may collect."""
    known = {} if at is None else {"latitude": at[0], "longitude": at[1]}
    return {"id": name, "type": "store", "country": "FR", "pickup": True, **known, **more}


def document(*places: dict[str, Any], members: Sequence[str] = (), **market: Any) -> str:
    """Make a network whose one market sells from the members, or from everywhere."""
    named = list(members) or [one["id"] for one in places]
    return json.dumps(
        {
            "locations": list(places),
            "markets": [{"channel": "web", "country": "FR", "locations": named, **market}],
        }
    )


async def find(
    client: Client, *lines: Want, near: tuple[float, float] = PARIS, **more: Any
) -> list[tuple[str, list[int], bool]]:
    """Ask where to collect; return names, quantities and whether all is there."""
    request = availability_pb2.FindPickupLocationsRequest(
        channel="web",
        country="FR",
        lines=[common_pb2.Line(sku=want.sku, quantity=want.quantity) for want in lines],
        near=availability_pb2.GeoPoint(latitude=near[0], longitude=near[1]),
        **more,
    )
    answer = await client.availability.FindPickupLocations(request, timeout=CALL_S_MAX)
    assert answer.revision
    return [
        (found.location, list(found.available_quantities), found.complete)
        for found in answer.locations
    ]


@dataclass
class World:
    """Places, their stock and a question, and the answer by looking at every place."""

    places: list[dict[str, Any]]
    stock: dict[str, dict[str, int]]
    cap: int | None
    lines: list[Want]
    near: tuple[float, float]
    radius_km: float
    limit: int
    include_incomplete: bool
    blocked: set[tuple[str, str]] = field(default_factory=set)

    def answer(self) -> list[tuple[str, list[int], bool]]:
        """Look at every place."""
        wanted: dict[str, int] = {}
        for line in self.lines:
            wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
        found = []
        for one in self.places:
            if not one["pickup"] or not one["enabled"] or "latitude" not in one:
                continue
            far = _haversine_km(self.near, (one["latitude"], one["longitude"]))
            if far > self.radius_km:
                continue
            has = {sku: min(self._number(sku), self._at(one, sku)) for sku in wanted}
            complete = all(has[sku] >= wanted[sku] for sku in wanted)
            if complete or self.include_incomplete:
                found.append((far, one["id"], [has[line.sku] for line in self.lines], complete))
        return [(name, has, complete) for _, name, has, complete in sorted(found)][: self.limit]

    def _at(self, one: Mapping[str, Any], sku: str) -> int:
        if not one["enabled"] or (one["id"], sku) in self.blocked:
            return 0
        return max(0, self.stock[one["id"]].get(sku, 0) - int(one["safety_stock"]))

    def _number(self, sku: str) -> int:
        total = sum(self._at(one, sku) for one in self.places)
        return total if self.cap is None else min(self.cap, total)


def _haversine_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    (a, b), (c, d) = (map(math.radians, point) for point in (one, other))
    half = math.sin((a - c) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((b - d) / 2) ** 2
    return 2 * _RADIUS_KM * math.asin(math.sqrt(half))


_POINTS: Final = st.tuples(
    st.integers(4_800, 4_900).map(lambda n: n / 100), st.integers(200, 300).map(lambda n: n / 100)
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw a handful of places around Paris and a question."""
    names = [f"L{at}" for at in range(draw(st.integers(1, 6)))]
    places = [
        place(
            name,
            draw(st.one_of(st.none(), _POINTS)) if draw(st.booleans()) else draw(_POINTS),
            pickup=draw(st.integers(0, 4)) > 0,
            enabled=draw(st.integers(0, 4)) > 0,
            safety_stock=draw(st.integers(0, 1)),
        )
        for name in names
    ]
    spots = st.tuples(st.sampled_from(names), st.sampled_from(SKUS))
    return World(
        places=places,
        stock={
            name: draw(st.dictionaries(st.sampled_from(SKUS), st.integers(0, 5))) for name in names
        },
        cap=draw(st.one_of(st.none(), st.integers(0, 6))),
        lines=[
            Want(draw(st.sampled_from(SKUS)), draw(st.integers(1, 3)))
            for _ in range(draw(st.integers(1, 3)))
        ],
        near=draw(_POINTS),
        radius_km=draw(st.sampled_from([1.0, 20.0, 60.0, 200.0])),
        limit=draw(st.integers(1, 4)),
        include_incomplete=draw(st.booleans()),
        blocked=draw(st.sets(spots, max_size=2)),
    )
