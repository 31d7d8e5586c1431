"""What the codes and labels of the UCI Online Retail data mean for stock.

Every choice is listed in the room's README, with the numbers of rows it concerns.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sellable.demo.invoices import Invoice, Row

CANCELLATION_PREFIX: Final = "C"
BAD_DEBT_PREFIX: Final = "A"

# Charges, fees, discounts, samples and vouchers: booked like goods, but no unit leaves a shelf.
SERVICE_CODES: Final = frozenset(
    {"AMAZONFEE", "B", "BANK CHARGES", "C2", "CRUK", "D", "DOT", "M", "POST", "S"}
)
VOUCHER_PREFIX: Final = "GIFT_"

# "European Community" and "Unspecified" name no country, so no market can be asked for them.
COUNTRIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Australia": "AU",
        "Austria": "AT",
        "Bahrain": "BH",
        "Belgium": "BE",
        "Brazil": "BR",
        "Canada": "CA",
        # Jersey or Guernsey, the label does not say which: the British shop serves both.
        "Channel Islands": "GB",
        "Cyprus": "CY",
        "Czech Republic": "CZ",
        "Denmark": "DK",
        "EIRE": "IE",
        "Finland": "FI",
        "France": "FR",
        "Germany": "DE",
        "Greece": "GR",
        "Hong Kong": "HK",
        "Iceland": "IS",
        "Israel": "IL",
        "Italy": "IT",
        "Japan": "JP",
        "Lebanon": "LB",
        "Lithuania": "LT",
        "Malta": "MT",
        "Netherlands": "NL",
        "Norway": "NO",
        "Poland": "PL",
        "Portugal": "PT",
        "RSA": "ZA",
        "Saudi Arabia": "SA",
        "Singapore": "SG",
        "Spain": "ES",
        "Sweden": "SE",
        "Switzerland": "CH",
        "USA": "US",
        "United Arab Emirates": "AE",
        "United Kingdom": "GB",
    }
)
FALLBACK_CHANNEL: Final = "web"
WHOLESALE_UNITS_MIN: Final = 500  # about the largest tenth of the invoices
# Of ten smaller invoices two come by the marketplace, three by the app, five by the web.
_CHANNEL_OF_DIGIT: Final = ("marketplace",) * 2 + ("app",) * 3 + ("web",) * 5


class Skipped(StrEnum):
    """Why rows became neither an order nor a cancellation."""

    SERVICE = "service"
    BAD_DEBT = "bad debt"
    WRITE_OFF = "write-off"
    CORRECTION = "stock correction"
    ZERO_QUANTITY = "zero quantity"
    NO_COUNTRY = "no country"
    NO_MARKET = "no market"


def sku_of(code: str) -> str:
    """Answer the SKU of a stock code: 85123a and 85123A are the same goods."""
    return code.upper()


def channel_of(invoice: str, units: int) -> str:
    """Answer how an order came in; the data do not say, so it is drawn once and for all.

    Wholesale by its size, the others by the CRC-32 of the invoice number.
    """
    if units >= WHOLESALE_UNITS_MIN:
        return "wholesale"
    return _CHANNEL_OF_DIGIT[crc32(invoice.encode()) % len(_CHANNEL_OF_DIGIT)]


def is_cancellation(invoice: Invoice) -> bool:
    """Answer whether the invoice takes back goods of earlier ones."""
    return invoice.number.startswith(CANCELLATION_PREFIX)


def skip_reason(invoice: Invoice, row: Row) -> Skipped | None:
    """Answer why the row says nothing about goods sold or taken back, or None if it does."""
    if invoice.number.startswith(BAD_DEBT_PREFIX):
        return Skipped.BAD_DEBT
    if sku_of(row.sku) in SERVICE_CODES or sku_of(row.sku).startswith(VOUCHER_PREFIX):
        return Skipped.SERVICE
    if row.quantity == 0:
        return Skipped.ZERO_QUANTITY
    return None if is_cancellation(invoice) else _adjustment(invoice, row)


def _adjustment(invoice: Invoice, row: Row) -> Skipped | None:
    if row.quantity < 0:
        return Skipped.WRITE_OFF
    # "found", "check", "amazon": nobody bought it. A free row among paid ones is a gift.
    if not invoice.customer and not any(other.price for other in invoice.rows):
        return Skipped.CORRECTION
    return None
