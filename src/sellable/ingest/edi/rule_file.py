"""The section `edi` of a profile: what a file says, held against what can be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sellable.ingest.edi.rules import Counted, EdiRules, Strictness
from sellable.network.entry import Entry
from sellable.network.report import quoted
from sellable.network.tree import Mapping, join

if TYPE_CHECKING:
    from sellable.network.report import Report
    from sellable.network.tree import Node

_LISTS: Final = ("sku_qualifiers", "locations", "times")
_FAULTS: Final = ("control_numbers", "missing_trailer")


def read_edi_rules(node: Node, path: str, report: Report) -> EdiRules:
    """Read the section; what is wrong is reported, and what is left out is as by default."""
    entry = Entry(node, path, report)
    own: dict[str, Any] = {}
    for key in _LISTS:
        if texts := entry.texts(key):
            own[key] = tuple(text for text, _, _ in texts)
    for place in own.get("locations", ()):
        if len(place.split(" ")) != len(("N1", "WH")):
            entry.problem("locations", 'must be a tag and its qualifier, such as "N1 WH"')
    for key in _FAULTS:
        if (choice := entry.choice(key, Strictness, None)) is not None:
            own[key] = choice
    if quantities := _quantities(node, path, report):
        own["quantities"] = quantities
    _refuse_others(node, path, report)
    return EdiRules(**own)


def _quantities(node: Node, path: str, report: Report) -> dict[str, Counted]:
    if not isinstance(node, Mapping) or "quantities" not in node.entries:
        return {}
    _, inner = node.entries["quantities"]
    entry = Entry(inner, f"{path}.quantities", report)
    names = inner.entries if isinstance(inner, Mapping) else {}
    chosen = {name: entry.choice(name, Counted, None) for name in names}
    return {name: meaning for name, meaning in chosen.items() if meaning is not None}


def _refuse_others(node: Node, path: str, report: Report) -> None:
    known = ("quantities", *_LISTS, *_FAULTS)
    for key, (mark, _) in node.entries.items() if isinstance(node, Mapping) else ():
        if key not in known:
            problem = f"unknown key {quoted(key)}{report.hint(key, known)}"
            report.add(mark, join(path, key), f"{problem}; allowed are {', '.join(known)}")
