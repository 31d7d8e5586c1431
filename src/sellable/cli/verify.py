"""`sellable verify`: every counter recomputed while the service runs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.text import Text

from sellable.cli.client import Service
from sellable.cli.failure import ExitCode, Failure
from sellable.cli.show import difference_table, number
from sellable.cli.terminal import Answer, console_of
from sellable.v1.operations_pb2 import VerifyRequest, VerifyResponse


def progress_bar(what: str) -> Progress:
    """Return a bar on standard error that is shown to people only, and leaves nothing behind."""
    console = console_of(sys.stderr)
    return Progress(
        TextColumn(what),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.description}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def verify_command(
    service: Service,
    sku: Annotated[
        str, typer.Argument(metavar="SKU", help="only this one", show_default="every SKU")
    ] = "",
) -> Answer:
    """Recompute every counter from positions, facts and reservations, and report each difference.

    Exit code 1 if there is any.

    Examples:
      sellable verify
      sellable verify 85123A --json
    """
    differences: list[VerifyResponse.Difference] = []
    last = VerifyResponse()
    with progress_bar("verifying") as bar:
        task = bar.add_task("", total=1.0)
        for last in service.stream(service.operations.Verify, VerifyRequest(sku=sku)):
            differences += last.differences
            count = number(last.checked_sku_count)
            bar.update(task, completed=last.fraction, description=f"{count} SKUs")
    if not last.done:
        raise Failure(
            "the verification ended before it was done",
            exit_code=ExitCode.NO_ANSWER,
            reason="STORE_UNAVAILABLE",
        )
    value = {
        "checked_sku_count": last.checked_sku_count,
        "differences": [
            {
                "sku": difference.sku,
                "counter": difference.counter,
                "stored_quantity": difference.stored_quantity,
                "recomputed_quantity": difference.recomputed_quantity,
            }
            for difference in differences
        ],
    }
    checked = f"{number(last.checked_sku_count)} SKUs checked"
    if not differences:
        return Answer(value, [Text(f"{checked}: every counter is right", style="green")])
    found = Text(f"{checked}, {number(len(differences))} differences", style="bold red")
    return Answer(value, [difference_table(differences), found], ExitCode.REFUSED)
