"""`sellable demo`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sellable.cli.client import ADDRESS_DEFAULT
from sellable.cli.failure import ExitCode
from sellable.cli.terminal import Answer, console_of, write_answer

if TYPE_CHECKING:
    from sellable.demo.report import Report


def demo_command(
    *,
    orders: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="CSV of the UCI Online Retail data, gzip or not; none: the packaged sample",
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="empty folder that keeps the data; none: a temporary one")
    ] = None,
    listen: Annotated[
        str, typer.Option(help=r"host:port, \[ipv6]:port or unix:path")
    ] = ADDRESS_DEFAULT,
    clients: Annotated[
        int, typer.Option(min=1, max=1_000, help="clients that order at the same time")
    ] = 64,
    limit: Annotated[int | None, typer.Option(min=1, help="orders to replay; none: all")] = None,
    leave: Annotated[bool, typer.Option("--exit", help="End instead of serving on.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write the report as JSON.")] = False,
) -> None:
    """Replay real orders on a service and store of its own, and check that no unit is oversold.

    Examples:
      sellable demo
      sellable demo --orders online_retail.csv.gz --clients 128 --exit
    """
    # Only this command needs them, and they take long to read.
    from sellable.demo.progress import Display  # noqa: PLC0415
    from sellable.demo.runner import Plan, run_demo  # noqa: PLC0415
    from sellable.rpc.run import run_event_loop  # noqa: PLC0415

    clean = False

    def show(report: Report) -> None:
        write_answer(Answer(report.as_data(), [report]), as_json=as_json)

    async def main() -> None:
        nonlocal clean
        clean = await run_demo(
            Plan(orders=orders, client_count=clients, order_count_max=limit),
            listen=listen,
            data=data,
            display=Display(console_of(sys.stderr)),
            on_report=show,
            serve_on=not leave,
        )

    run_event_loop(main())
    raise typer.Exit(ExitCode.DONE if clean else ExitCode.REFUSED)
