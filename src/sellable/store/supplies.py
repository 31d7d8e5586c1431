"""Goods of a future supply have arrived: lines that wait for it are moved to stock.

A walk over all who wait is many bounded scripts. The script that kept units for them noted the
supply under `unsettled`; a walk that came to its end takes the note away, unless more arrived
meanwhile. So whoever dies during a walk, the sweeper of any process finishes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sellable.store.runner import Runner

_NOTES_PER_CALL: Final = 100


async def settle_supply(runner: Runner, place: str, sku: str) -> str:
    """Move every line that fits what has arrived; return the ledger position."""
    last, begun = 0, 0
    while True:
        answer = await runner.run("settle_supply", place, sku, last, begun)
        _, last, begun = answer.body
        if not last:
            return answer.position


async def settle_supplies(runner: Runner) -> int:
    """Finish every walk that was begun, or has yet to; return how many that was."""
    count = 0
    while notes := await runner.connection.execute(
        "HRANDFIELD", runner.partition.unsettled, _NOTES_PER_CALL
    ):
        for note in notes:
            place, _, sku = note.decode().partition(":")
            await settle_supply(runner, place, sku)
        count += len(notes)
    return count
