"""Calls for explanations that are refused, against the store of `support.bad_input.arrange`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable.v1.availability_pb2 import ExplainAvailabilityRequest
from support.bad_calls import CHANNEL_WORDS, COUNTRY_WORDS, LONG_SKU, SKU_WORDS, Bad

if TYPE_CHECKING:
    from support.bad_calls import Call


def explain(sku: str, channel: str = "web", country: str = "FR") -> Call:
    """Ask why a number is what it is."""
    request = ExplainAvailabilityRequest(channel=channel, country=country, sku=sku)
    return lambda client: client.availability.ExplainAvailability(request)


EXPLAIN: Final = (
    Bad(
        "explain nothing",
        explain("", channel="", country=""),
        fields={
            "channel": CHANNEL_WORDS,
            "country": f"{COUNTRY_WORDS}, e.g. FR",
            "sku": SKU_WORDS,
        },
    ),
    Bad("explain a SKU of 129 bytes", explain(LONG_SKU), fields={"sku": SKU_WORDS}),
    Bad(
        "explain in an unknown market",
        explain("A", country="DE"),
        "UNKNOWN_MARKET",
        metadata={"market": "web/DE"},
    ),
    Bad(
        "explain in an unknown market before an unknown SKU",
        explain("Z", country="DE"),
        "UNKNOWN_MARKET",
        metadata={"market": "web/DE"},
    ),
    Bad("explain an unknown SKU", explain("Z"), "UNKNOWN_SKU", metadata={"sku": "Z"}),
)
