"""Why a number is what it is: signed terms that add up to it exactly.

Pure: the store takes the snapshot, this room does the sums. See README.md.
"""

from __future__ import annotations

from sellable.explain.explanation import Explanation, explain
from sellable.explain.snapshot import Snapshot, read_snapshot
from sellable.explain.terms import Term, TermKind

__all__ = ["Explanation", "Snapshot", "Term", "TermKind", "explain", "read_snapshot"]
