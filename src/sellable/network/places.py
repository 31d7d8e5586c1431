"""Where a document speaks of its locations."""

from __future__ import annotations

from sellable.network.report import Report
from sellable.network.tree import Mapping, Scalar, Sequence, read_tree


def location_places(document: str) -> dict[str, tuple[int, int, str]]:
    """Answer line, column and field path of every location's id, in a document that is valid."""
    tree = read_tree(document, Report())
    listed = tree.entries["locations"][1] if isinstance(tree, Mapping) else None
    found: dict[str, tuple[int, int, str]] = {}
    for index, item in enumerate(listed.items if isinstance(listed, Sequence) else ()):
        node = item.entries["id"][1] if isinstance(item, Mapping) else None
        if isinstance(node, Scalar):
            found[node.text] = (node.mark.line, node.mark.column, f"locations[{index}].id")
    return found
