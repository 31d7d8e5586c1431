"""The schema of what a strategy's plans must keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable import names
from sellable.limits import (
    DISTANCE_KM_MAX,
    DISTANCE_KM_MIN,
    PARCELS_PER_PLAN_MAX,
    PROTECTED_PER_STRATEGY_MAX,
    SHIP_TOGETHER_GROUPS_MAX,
    SHIP_WITHIN_DAYS_MAX,
)
from sellable.network.dating import read_window, window_is_right
from sellable.network.report import quoted
from sellable.network.sourcing.values import Constraints, Protected
from sellable.network.values import LocationType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.network.entry import Entry
    from sellable.network.sourcing.known import Known
    from sellable.network.sourcing.values import Carrier

_GROUPS_FORM = "must be a list of groups, each a list of item classes, such as [[furniture, bulky]]"


class ConstraintReader:
    """Reads the constraints of strategies."""

    def __init__(self, known: Known, carriers: Sequence[Carrier]) -> None:
        """Take what constraints refer to."""
        self._known = known
        self._has_carriers = bool(carriers)
        self._places = {location.id: location for location in known.locations}
        self._countries = {location.country for location in known.locations}
        self._services = [
            f"{carrier.id}/{service.id}" for carrier in carriers for service in carrier.services
        ]

    def read(self, entry: Entry) -> Constraints:
        """Read them, and report those that leave nothing."""
        known = self._known
        constraints = Constraints(
            max_parcels=entry.whole("max_parcels", None, least=1, most=PARCELS_PER_PLAN_MAX),
            max_locations=entry.whole("max_locations", None, least=1, most=PARCELS_PER_PLAN_MAX),
            max_distance_km=entry.decimal("max_distance_km", DISTANCE_KM_MIN, DISTANCE_KM_MAX),
            countries=known.named(entry, "countries", self._countries, "no location is in"),
            ship_within_days=entry.whole(
                "ship_within_days", Constraints().ship_within_days, most=SHIP_WITHIN_DAYS_MAX
            ),
            on_time=entry.flag("on_time", default=False),
            excluded=known.places.expand(entry.texts("excluded", may_be_empty=True)),
            excluded_types=self._types(entry),
            protected=self._protected(entry),
            ship_together=self._groups(entry),
            services=known.named(entry, "services", self._services, "unknown service"),
            split_lines=entry.flag("split_lines", default=True),
            partial=entry.flag("partial", default=False),
        )
        if constraints.on_time and not self._has_carriers:
            text = "needs carriers: without any in the section no arrival is known"
            entry.problem("on_time", text)
        self._refuse_nothing_left(entry, constraints)
        entry.finish()
        return constraints

    def _types(self, entry: Entry) -> tuple[LocationType, ...]:
        kinds = [str(kind) for kind in LocationType]
        named = self._known.named(
            entry, "excluded_types", kinds, f"must be one of {', '.join(kinds)}, not"
        )
        return tuple(LocationType(kind) for kind in named)

    def _protected(self, constraints: Entry) -> tuple[Protected, ...]:
        texts, entries = constraints.texts_and_entries("protected")
        found = []
        if texts:
            found.append(Protected(locations=self._known.places.expand(texts)))
        for index, entry in enumerate(entries):
            if index == PROTECTED_PER_STRATEGY_MAX:
                text = f"more than {PROTECTED_PER_STRATEGY_MAX} protected entries in one strategy"
                entry.refuse(text)
            entry.require("locations")
            window, _ = read_window(entry)
            locations = self._known.places.expand(entry.texts("locations"))
            if window is not None:
                window_is_right(entry, window, (self._places[place] for place in locations))
            entry.finish()
            found.append(Protected(locations=locations, window=window))
        return tuple(found)

    def _groups(self, entry: Entry) -> tuple[tuple[str, ...], ...]:
        groups = entry.groups("ship_together", _GROUPS_FORM)
        if len(groups) > SHIP_TOGETHER_GROUPS_MAX:
            text = f"has {len(groups)} groups, allowed are {SHIP_TOGETHER_GROUPS_MAX}"
            entry.problem("ship_together", text)
        group_of: dict[str, int] = {}
        for index, group in enumerate(groups):
            for text, mark, path in group:
                if problem := names.item_class_problem(text):
                    self._known.report.add(mark, path, problem)
                if group_of.setdefault(text, index) != index:
                    already = f"item class {quoted(text)} is in another group already"
                    self._known.report.add(mark, path, f"{already}: make them one group")
        return tuple(tuple(text for text, _, _ in group) for group in groups)

    def _refuse_nothing_left(self, entry: Entry, constraints: Constraints) -> None:
        """Report constraints that no location can meet, always or while a window lasts."""
        kept_back = set(constraints.excluded)
        for protected in constraints.protected:
            if protected.window is None or len(set(protected.locations)) == len(self._places):
                kept_back.update(protected.locations)
        left = [
            place.id
            for place in self._known.locations
            if place.id not in kept_back
            and place.type not in constraints.excluded_types
            and (not constraints.countries or place.country in constraints.countries)
        ]
        if self._places and not left:
            text = "leaves no location: countries, excluded, excluded_types and protected"
            entry.problem(None, f"{text} together rule out every one of the document")
