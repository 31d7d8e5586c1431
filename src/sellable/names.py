"""What the product's names may look like: one function a kind, each answering what is allowed.

Every function answers None for a good name, otherwise a phrase that completes "<field> ...".
Control characters are those of Unicode category Cc; lone surrogates cannot be written as UTF-8.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sellable.limits import (
    CLASS_BYTES_MAX,
    NAME_BYTES_MAX,
    ORDER_REFERENCE_BYTES_MAX,
    SKU_BYTES_MAX,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

_REFUSED: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CHANNEL: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_LOCATION: Final = re.compile(rf"[A-Za-z0-9._-]{{1,{NAME_BYTES_MAX}}}")

# ISO 3166-1 alpha-2, the officially assigned codes: 249 since South Sudan in 2011. Written out
# because it changes about once in ten years, and a library for it weighs more than this service.
_COUNTRY_CODES: Final = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ
EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW
GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY
KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV
MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY
QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG
TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM
ZW
"""
COUNTRIES: Final = frozenset(_COUNTRY_CODES.split())
# What people write for a country that has another code.
_COUNTRY_MEANT: Final = {"UK": "GB", "EL": "GR"}

# What a location can ship on a day is stock of its own: SKUs of this name are the store's.
CAPACITY_PREFIX: Final = "capacity:"

# SKUs of so many characters need no encoding to be measured.
_SKU_CHARACTERS_SURE: Final = frozenset(range(1, SKU_BYTES_MAX // 4 + 1))


def skus_are_plain(skus: Sequence[str]) -> bool:
    """Answer True only if every SKU is good; False means: ask `sku_problem` about each.

    Nearly all SKUs are short and printable, and two passes in C over a whole list cost less
    than one call per SKU. Every printable string is free of control characters.
    """
    together = "".join(skus)
    return (
        _SKU_CHARACTERS_SURE.issuperset(map(len, skus))
        and together.isprintable()
        and CAPACITY_PREFIX not in together
    )


def text_problem(value: str, bytes_max: int) -> str | None:
    """Check any text: 1 to `bytes_max` bytes of UTF-8 without control characters."""
    if 0 < len(value) <= bytes_max // 4 and value.isprintable():
        return None  # nearly every text: a character is at most four bytes
    # surrogatepass: a lone surrogate must be answered, not raise.
    if 0 < len(value.encode("utf-8", "surrogatepass")) <= bytes_max and not _REFUSED.search(value):
        return None
    return f"must be 1 to {bytes_max} bytes of UTF-8 without control characters"


def sku_problem(value: str) -> str | None:
    """Check a SKU: opaque, 1 to 128 bytes of UTF-8 without control characters.

    Those that begin with `capacity:` are the store's own.
    """
    if value.startswith(CAPACITY_PREFIX):
        return f"must not begin with {CAPACITY_PREFIX}, which names what a location can ship a day"
    return text_problem(value, SKU_BYTES_MAX)


def capacity_sku(location: str, day: date) -> str:
    """Name the stock that the daily capacity of a location is; `day` is local to it."""
    return f"{CAPACITY_PREFIX}{location}:{day.isoformat()}"


def is_capacity(sku: str) -> bool:
    """Tell whether this is the capacity of a location rather than goods."""
    return sku.startswith(CAPACITY_PREFIX)


def identifier_problem(value: str) -> str | None:
    """Check the id of a reservation, line, event, source or request: 1 to 64 bytes."""
    return text_problem(value, NAME_BYTES_MAX)


def item_class_problem(value: str) -> str | None:
    """Check the name of an item class: 1 to 64 bytes."""
    return text_problem(value, CLASS_BYTES_MAX)


def order_reference_problem(value: str) -> str | None:
    """Check the caller's order number: 1 to 128 bytes."""
    return text_problem(value, ORDER_REFERENCE_BYTES_MAX)


def location_problem(value: str) -> str | None:
    """Check the id of a location: 1 to 64 letters, digits, dots, underscores and hyphens."""
    if _LOCATION.fullmatch(value):
        return None
    return (
        f"must be 1 to {NAME_BYTES_MAX} letters, digits, dots, underscores or hyphens, "
        "e.g. DC-PARIS"
    )


def supply_problem(value: str) -> str | None:
    """Check the id of a future supply: 1 to 64 letters, digits, dots, underscores and hyphens."""
    if _LOCATION.fullmatch(value):
        return None
    return (
        f"must be 1 to {NAME_BYTES_MAX} letters, digits, dots, underscores or hyphens, "
        "e.g. PO-4711-1"
    )


def channel_problem(value: str) -> str | None:
    """Check a channel: 1 to 32 lower case letters, digits, underscores and hyphens."""
    if _CHANNEL.fullmatch(value):
        return None
    return (
        "must be 1 to 32 lower case letters, digits, underscores or hyphens, "
        "beginning with a letter or digit, e.g. web"
    )


def country_problem(value: str) -> str | None:
    """Check a country: an officially assigned ISO 3166-1 alpha-2 code in upper case."""
    if value in COUNTRIES:
        return None
    allowed = "must be an ISO 3166-1 alpha-2 code in upper case"
    upper = value.upper()
    meant = _COUNTRY_MEANT.get(upper, upper)
    return f"{allowed}: write {meant}" if meant in COUNTRIES else f"{allowed}, e.g. FR"


def currency_problem(value: str) -> str | None:
    """Check an ISO 4217 code by its form: what is traded in changes too often to be listed."""
    if _CURRENCY.fullmatch(value):
        return None
    return "must be an ISO 4217 code of three upper case letters, e.g. EUR"
