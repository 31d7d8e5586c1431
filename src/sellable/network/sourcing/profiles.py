"""The schema of profiles and their strategies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable import names
from sellable.limits import (
    ORDER_VALUE_MICROS_MAX,
    PRIORITY_MAX,
    PROFILES_MAX,
    STRATEGIES_PER_PROFILE_MAX,
)
from sellable.network.dating import read_window, window_is_right
from sellable.network.selectors import checked_texts
from sellable.network.sourcing.aims import read_aim
from sellable.network.sourcing.constraints import ConstraintReader
from sellable.network.sourcing.known import Titles
from sellable.network.sourcing.postal import read_postal_prefixes
from sellable.network.sourcing.rates import MICRO_DECIMALS
from sellable.network.sourcing.values import (
    Conditions,
    Constraints,
    Profile,
    Strategy,
    market_fits,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.network.entry import Entry
    from sellable.network.sourcing.known import Known
    from sellable.network.sourcing.values import Carrier


class ProfileReader:
    """Reads the profiles of a section."""

    def __init__(self, known: Known, carriers: Sequence[Carrier]) -> None:
        """Take what profiles refer to."""
        self._known = known
        self._has_carriers = bool(carriers)
        self._constraints = ConstraintReader(known, carriers)

    def read(self, section: Entry) -> tuple[Profile, ...]:
        """Read every profile."""
        titles = Titles("profile", "name", names.identifier_problem)
        profiles = []
        for index, entry in enumerate(section.entries("profiles")):
            if index == PROFILES_MAX:
                entry.refuse(f"more than {PROFILES_MAX} profiles")
            profile = Profile(
                name=titles.read(entry), strategies=self._strategies(entry), line=entry.mark.line
            )
            entry.finish()
            profiles.append(profile)
        return tuple(profiles)

    def _strategies(self, profile: Entry) -> tuple[Strategy, ...]:
        titles = Titles("strategy", "name", names.identifier_problem)
        strategies = []
        for index, entry in enumerate(profile.required_entries("strategies")):
            if index == STRATEGIES_PER_PROFILE_MAX:
                entry.refuse(f"more than {STRATEGIES_PER_PROFILE_MAX} strategies")
            strategies.append(self._strategy(entry, titles))
        return tuple(strategies)

    def _strategy(self, entry: Entry, titles: Titles) -> Strategy:
        window, _ = read_window(entry)
        when_entry = entry.entry("when")
        when = Conditions() if when_entry is None else self._conditions(when_entry)
        aim = read_aim(entry, self._known.report, has_carriers=self._has_carriers)
        constraints = entry.entry("constraints")
        strategy = Strategy(
            name=titles.read(entry),
            priority=entry.whole("priority", 0, most=PRIORITY_MAX),
            when=when,
            window=window,
            policy=aim.policy,
            weights=aim.weights,
            order=aim.order,
            unfilled=aim.unfilled,
            constraints=(
                Constraints() if constraints is None else self._constraints.read(constraints)
            ),
            fall_back=entry.flag("fall_back", default=True),
            line=entry.mark.line,
        )
        if window is not None and (when_entry is None or _is_known(when_entry, when)):
            markets = self._known.markets.values()
            window_is_right(entry, window, (m for m in markets if market_fits(when, m)))
        entry.finish()
        return strategy

    def _conditions(self, entry: Entry) -> Conditions:
        known = self._known
        channels = {market.channel for market in known.markets.values()}
        countries = {market.country for market in known.markets.values()}
        when = Conditions(
            channels=known.named(entry, "channel", channels, "no market has the channel"),
            countries=known.named(entry, "country", countries, "no market is in the country"),
            destinations=known.countries(entry, "destination"),
            postal_prefixes=read_postal_prefixes(entry, "postal_prefix", known.report),
            item_classes=checked_texts(entry, "item_class", names.item_class_problem, known.report),
            value_min=entry.fixed("value_min", MICRO_DECIMALS, 0, ORDER_VALUE_MICROS_MAX),
            value_max=entry.fixed("value_max", MICRO_DECIMALS, 0, ORDER_VALUE_MICROS_MAX),
        )
        least, most = when.value_min, when.value_max
        if least is not None and most is not None and least > most:
            entry.problem("value_max", "must be at least value_min: no order has such a value")
        reachable = any(market_fits(when, market) for market in known.markets.values())
        if when.channels and when.countries and not reachable:
            entry.problem(None, "holds for no market: none has both the channel and the country")
        entry.finish()
        return when


def _is_known(entry: Entry, when: Conditions) -> bool:
    """Tell whether what restricts the markets could be read: else it seems to be for all."""
    channels, countries = entry.has("channel"), entry.has("country")
    return channels == bool(when.channels) and countries == bool(when.countries)
