"""The schema of the sourcing section as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable import names
from sellable.limits import EXCHANGE_RATE_MAX, EXCHANGE_RATE_MIN, EXCHANGE_RATES_MAX
from sellable.network.report import quoted
from sellable.network.sourcing.carriers import CarrierReader
from sellable.network.sourcing.profiles import ProfileReader
from sellable.network.sourcing.values import Sourcing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sellable.network.entry import Entry
    from sellable.network.sourcing.known import Known
    from sellable.network.sourcing.values import Profile

_CURRENCY_DEFAULT: Final = Sourcing().currency


def read_sourcing(root: Entry, known: Known, market_entries: Mapping[str, Entry]) -> Sourcing:
    """Read the section, and check the profiles that markets name."""
    entry = root.entry("sourcing")
    if entry is None:
        _check_markets(known, market_entries, ())
        return Sourcing()
    currency = entry.text("currency", names.currency_problem) or _CURRENCY_DEFAULT
    exchange_rates = _exchange_rates(entry, currency)
    carriers = CarrierReader(known, currency, exchange_rates).read(entry)
    profiles = ProfileReader(known, carriers).read(entry)
    default_profile = _default_profile(entry, known, profiles)
    _check_markets(known, market_entries, profiles)
    entry.finish()
    return Sourcing(
        currency=currency,
        exchange_rates=exchange_rates,
        default_profile=default_profile,
        carriers=carriers,
        profiles=profiles,
    )


def _exchange_rates(entry: Entry, currency: str) -> dict[str, float]:
    """Answer what one unit of each currency is worth, 1 where it is wrong."""
    listed = entry.entry("exchange_rates")
    found: dict[str, float] = {}
    if listed is None:
        return found
    codes = listed.keys()
    if len(codes) > EXCHANGE_RATES_MAX:
        text = f"has {len(codes)} exchange rates, allowed are {EXCHANGE_RATES_MAX}"
        entry.problem("exchange_rates", text)
    for code in codes:
        listed.require(code)
        rate = listed.decimal(code, EXCHANGE_RATE_MIN, EXCHANGE_RATE_MAX)
        if problem := names.currency_problem(code):
            listed.key_problem(code, problem)
        elif code == currency:
            listed.key_problem(code, "is the currency of the section itself: leave it out")
        else:
            found[code] = 1.0 if rate is None else rate
    return found


def _default_profile(entry: Entry, known: Known, profiles: tuple[Profile, ...]) -> str:
    by_name = list(dict.fromkeys(profile.name for profile in profiles if profile.name))
    name = entry.text("default")
    if name is not None and name not in by_name:
        hint = known.report.hint(name, by_name)
        entry.problem("default", f"unknown profile {quoted(name)}{hint}")
    if entry.has("default"):
        return name or ""
    if len(by_name) > 1:
        text = f"is required where there are several profiles: write one of {', '.join(by_name)}"
        entry.problem("default", text)
    return by_name[0] if by_name else ""


def _check_markets(
    known: Known, market_entries: Mapping[str, Entry], profiles: tuple[Profile, ...]
) -> None:
    by_name = [profile.name for profile in profiles]
    for key, market in known.markets.items():
        name = market.sourcing_profile
        if name and name not in by_name:
            hint = known.report.hint(name, by_name)
            market_entries[key].problem("sourcing", f"unknown profile {quoted(name)}{hint}")
