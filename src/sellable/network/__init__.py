"""The network document: YAML to checked values, to the store's fields, and what a change alters.

Pure: nothing here reads a file or talks to a store. The document is described in README.md.
"""

from __future__ import annotations

from sellable.network.compiled import Compiled, compile_network
from sellable.network.described import changes
from sellable.network.difference import (
    affected_locations,
    affected_markets,
    removed_locations,
    resettled_locations,
)
from sellable.network.document import parse
from sellable.network.values import (
    Binding,
    Buffer,
    Location,
    LocationType,
    Market,
    Network,
    Rule,
)

__all__ = [
    "Binding",
    "Buffer",
    "Compiled",
    "Location",
    "LocationType",
    "Market",
    "Network",
    "Rule",
    "affected_locations",
    "affected_markets",
    "changes",
    "compile_network",
    "parse",
    "removed_locations",
    "resettled_locations",
]
