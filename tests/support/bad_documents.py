"""Network documents that are refused: every fault by its line, its column and what is allowed."""

from __future__ import annotations

from typing import Final

from sellable.v1 import network_pb2
from support.bad_calls import COUNTRY_WORDS, Bad
from support.bad_input import NETWORK


def document(name: str, old: str, new: str, fields: dict[str, str]) -> Bad:
    """Change the network in force in one place."""
    text = NETWORK.replace(old, new)
    assert text != NETWORK
    request = network_pb2.ApplyNetworkRequest(document=text)
    found = {f"document:{path}": description for path, description in fields.items()}
    return Bad(name, lambda c: c.network.ApplyNetwork(request), "INVALID_NETWORK", found)


RULES: Final = """\
protections:
  - {market: web/FR, cap: 3}
  - {market: web/FR, cap: 4}
"""

SOURCING: Final = """\
sourcing:
  carriers:
    - id: post
      zones: [{name: all}]
      services:
        - {id: standard, lanes: [{zone: all, transit_days: 1, rates: [{up_to_kg: 9, per_kg: 1}]}]}
  profiles:
    - name: cheap
      strategies:
        - name: all year
          weights: {shipping_cost: -1}
          constraints: {excluded: [DC-PARIS, STORE-LYON, DC-OSLO], max_parcels: 0}
"""

DOCUMENTS: Final = (
    document(
        "malformed YAML",
        "DC-OSLO}\n",
        "DC-OSLO]\n",
        {
            "7:51 document": "not YAML: did not find expected ',' or '}' "
            "(while parsing a flow mapping begun at line 7)"
        },
    ),
    document(
        "missing location",
        "[DC-PARIS, STORE-LYON]",
        "[DC-PARIS, STORE-LILLE]",
        {
            "6:55 markets[0].locations[1]": "unknown location 'STORE-LILLE'; "
            "did you mean STORE-LYON?"
        },
    ),
    document(
        "missing tag",
        "locations: DC-OSLO",
        "locations: tag:hub",
        {"7:44 markets[1].locations": "no location has the tag 'hub'"},
    ),
    document(
        "two markets of one name",
        "country: NO, locations",
        "country: FR, locations",
        {"7:5 markets[1]": "duplicate market web/FR, first at line 6"},
    ),
    document(
        "wrong country",
        "country: NO, tags",
        "country: XX, tags",
        {"4:45 locations[2].country": f"{COUNTRY_WORDS}, e.g. FR"},
    ),
    document(
        "rules of equal rank",
        "markets:\n",
        f"{RULES}markets:\n",
        {"7:5 protections[1]": "equal rank with the rule at line 6: both set cap in web/FR"},
    ),
    document(
        "a sourcing section that no order could be sourced by",
        "markets:\n",
        f"{SOURCING}markets:\n",
        {
            "10:82 sourcing.carriers[0].services[0].lanes[0].rates[0].up_to_kg": (
                "leaves a hole from 9 kg to 30 kg, the max_parcel_kg of the carrier"
            ),
            "15:36 sourcing.profiles[0].strategies[0].weights.shipping_cost": (
                "must be a number from 0 to 1000"
            ),
            "16:24 sourcing.profiles[0].strategies[0].constraints": (
                "leaves no location: countries, excluded, excluded_types and protected together "
                "rule out every one of the document"
            ),
            "16:81 sourcing.profiles[0].strategies[0].constraints.max_parcels": (
                "must be a whole number from 1 to 1000"
            ),
        },
    ),
    document(
        "several at once",
        "country: FR",
        "country: UK",
        dict.fromkeys(
            ("2:46 locations[0].country", "3:44 locations[1].country", "6:29 markets[0].country"),
            f"{COUNTRY_WORDS}: write GB",
        ),
    ),
    Bad(
        "empty document",
        lambda c: c.network.ApplyNetwork(network_pb2.ApplyNetworkRequest()),
        fields={"document": "must have 1 to 3145728 bytes, has 0"},
    ),
    Bad(
        "built on another version",
        lambda c: c.network.ApplyNetwork(
            network_pb2.ApplyNetworkRequest(document=f"{NETWORK}\n", expected_version=7)
        ),
        "NETWORK_VERSION_CONFLICT",
        metadata={"expected": "7", "current": "1"},
    ),
)
