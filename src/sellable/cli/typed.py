"""What people type: markets, parts, durations and changes, each with what is right if it is not."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final, NamedTuple

from google.protobuf.timestamp_pb2 import Timestamp
from typer import BadParameter

from sellable.limits import QUANTITY_MAX
from sellable.names import channel_problem, country_problem, location_problem

_DURATION: Final = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)")
_UNIT_MS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
# A SKU may hold any of "=", "@" and "/", so the last "=" is the one that counts.
_PART: Final = re.compile(r"(?P<name>.+)=(?P<quantity>[^=@]*)(@(?P<location>[^=@]*))?", re.DOTALL)
_DIGITS: Final = re.compile(r"[0-9]+")


class MarketName(NamedTuple):
    """A channel in a country."""

    channel: str
    country: str


class Part(NamedTuple):
    """Units of a SKU or of a line; an empty location leaves it open."""

    name: str
    quantity: int
    location: str


def market_name(text: str, hint: str = "MARKET") -> MarketName:
    """Read `web/FR`."""
    channel, slash, country = text.partition("/")
    if not slash or "/" in country:
        raise BadParameter(f"{text!r} is not channel/country, e.g. web/FR", param_hint=hint)
    if country_problem(channel) is None:
        meant = f"{country.lower()}/{channel}"
        raise BadParameter(f"{text!r} is country/channel: write {meant}", param_hint=hint)
    if problem := channel_problem(channel):
        raise BadParameter(f"the channel of {text!r} {problem}", param_hint=hint)
    if problem := country_problem(country):
        raise BadParameter(f"the country of {text!r} {problem}", param_hint=hint)
    return MarketName(channel, country)


def part(text: str, hint: str) -> Part:
    """Read `SKU=QTY` or `SKU=QTY@LOCATION`."""
    match = _PART.fullmatch(text)
    if match is None:
        raise BadParameter(
            f"{text!r} is not SKU=QTY or SKU=QTY@LOCATION, e.g. 85123A=2", param_hint=hint
        )
    location = match["location"]
    if location is not None and (problem := location_problem(location)):
        raise BadParameter(f"the location of {text!r} {problem}", param_hint=hint)
    return Part(match["name"], quantity(match["quantity"], hint, low=1), location or "")


def quantity(text: str, hint: str, *, low: int) -> int:
    """Read a number of units from `low` on."""
    if not _DIGITS.fullmatch(text) or not low <= _number(text) <= QUANTITY_MAX:
        raise BadParameter(
            f"{text!r} is not a whole number from {low} to {QUANTITY_MAX}", param_hint=hint
        )
    return int(text)


def change(text: str, hint: str) -> int:
    """Read `+5` or `-3`; without a sign it is nobody's guess whether a count is meant."""
    sign, digits = text[:1], text[1:]
    if sign not in {"+", "-"} or not _DIGITS.fullmatch(digits):
        raise BadParameter(
            f"{text!r} is not a change like +5 or -3; `sellable set` says how many there are",
            param_hint=hint,
        )
    if not 1 <= _number(digits) <= QUANTITY_MAX:
        raise BadParameter(f"{text!r} is not a change of 1 to {QUANTITY_MAX}", param_hint=hint)
    return int(text)


def duration_ms(text: str, hint: str) -> int:
    """Read `500ms`, `90s`, `15m`, `2h` or `7d`."""
    match = _DURATION.fullmatch(text)
    if match is None or not int(match[1]):
        raise BadParameter(
            f"{text!r} is not a duration like 500ms, 90s, 15m, 2h or 7d", param_hint=hint
        )
    return int(match[1]) * _UNIT_MS[match[2]]


def timestamp(text: str, hint: str) -> Timestamp:
    """Read `2026-12-01`, `2026-12-01T08:00+01:00` or, from now on, `10d`; without an offset UTC."""
    made = Timestamp()
    if _DURATION.fullmatch(text):
        made.GetCurrentTime()
        made.FromMilliseconds(made.ToMilliseconds() + duration_ms(text, hint))
        return made
    try:
        moment = datetime.fromisoformat(text)
        made.FromDatetime(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except ValueError as error:
        raise BadParameter(
            f"{text!r} is not a time like 2026-12-01, 2026-12-01T08:00+01:00 or 10d",
            param_hint=hint,
        ) from error
    return made


def _number(digits: str) -> int:
    """Read digits; too many of them are one too many units."""
    return int(digits) if len(digits) <= len(str(QUANTITY_MAX)) else QUANTITY_MAX + 1
