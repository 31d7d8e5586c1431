"""The network document: YAML to checked values, to the store's fields, and what a change alters.

Pure: nothing here reads a file or talks to a store. The document is described in README.md.
"""

from __future__ import annotations

from sellable.network.compiled import Compiled, MarketValues, compile_network
from sellable.network.decision import Decision, deciding, market_open
from sellable.network.described import changes
from sellable.network.difference import (
    affected_locations,
    affected_markets,
    removed_locations,
    resettled_locations,
)
from sellable.network.document import parse
from sellable.network.places import location_places
from sellable.network.quotas import QuotaInForce, quota_keys, quotas_in_force
from sellable.network.sourcing.postal import plain_postal_code
from sellable.network.sourcing.values import (
    Carrier,
    Conditions,
    Constraints,
    Lane,
    Policy,
    Profile,
    Protected,
    Service,
    Sourcing,
    Strategy,
    Term,
    Tier,
    Zone,
    market_fits,
)
from sellable.network.switches import Switch, schedule, switch_times
from sellable.network.timeline import Span, spans
from sellable.network.values import (
    Binding,
    Buffer,
    Location,
    LocationType,
    Market,
    Network,
    NetworkAt,
    Quota,
    Rule,
    Window,
)
from sellable.network.windows import holds

__all__ = [
    "Binding",
    "Buffer",
    "Carrier",
    "Compiled",
    "Conditions",
    "Constraints",
    "Decision",
    "Lane",
    "Location",
    "LocationType",
    "Market",
    "MarketValues",
    "Network",
    "NetworkAt",
    "Policy",
    "Profile",
    "Protected",
    "Quota",
    "QuotaInForce",
    "Rule",
    "Service",
    "Sourcing",
    "Span",
    "Strategy",
    "Switch",
    "Term",
    "Tier",
    "Window",
    "Zone",
    "affected_locations",
    "affected_markets",
    "changes",
    "compile_network",
    "deciding",
    "holds",
    "location_places",
    "market_fits",
    "market_open",
    "parse",
    "plain_postal_code",
    "quota_keys",
    "quotas_in_force",
    "removed_locations",
    "resettled_locations",
    "schedule",
    "spans",
    "switch_times",
]
