"""Reads a network document whole, and refuses it with all of its problems at once."""

from __future__ import annotations

from sellable.network.entry import Entry
from sellable.network.quota_reader import QuotaReader
from sellable.network.report import Report
from sellable.network.rules import RuleReader
from sellable.network.schema import Places, read_locations, read_markets
from sellable.network.sourcing.known import Known
from sellable.network.sourcing.section import read_sourcing
from sellable.network.tree import read_tree
from sellable.network.values import Network


def parse(document: str) -> Network:
    """Answer the network a YAML document describes; raise InvalidNetwork with every problem."""
    report = Report()
    root = Entry(read_tree(document, report), "", report)
    places = Places(report)
    locations = read_locations(root, places, report)
    markets, market_entries = read_markets(root, places, report)
    rules = RuleReader(report, places, markets, market_entries).read(root, locations)
    quotas = QuotaReader(report, markets).read(root)
    known = Known(report, places, locations, markets)
    sourcing = read_sourcing(root, known, market_entries)
    root.finish()
    report.refuse_if_any()
    return Network(
        locations=locations,
        markets=tuple(markets.values()),
        rules=rules,
        quotas=quotas,
        sourcing=sourcing,
    )
