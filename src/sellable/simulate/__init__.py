"""Replays orders against a snapshot of stock, under each sourcing profile by itself.

Nothing here knows a service, a store or a clock: files in, figures out. See README.md.
"""

from __future__ import annotations

from sellable.simulate.figures import Figures
from sellable.simulate.order_fields import TimedOrder
from sellable.simulate.orders import read_orders
from sellable.simulate.replay import Replay
from sellable.simulate.rows import BadRow, RefusedRow, UnusableFile
from sellable.simulate.snapshot import Position, Snapshot, read_snapshot

__all__ = [
    "BadRow",
    "Figures",
    "Position",
    "RefusedRow",
    "Replay",
    "Snapshot",
    "TimedOrder",
    "UnusableFile",
    "read_orders",
    "read_snapshot",
]
