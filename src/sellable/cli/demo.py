"""`sellable demo`."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotation at run time
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.console import Console

from sellable.demo.caller import CallTimes, callers
from sellable.demo.progress import Display
from sellable.demo.runner import Demo, Plan
from sellable.demo.serving import service_process
from sellable.rpc.run import run_event_loop

if TYPE_CHECKING:
    from sellable.demo.report import Report
    from sellable.demo.runner import InStock

_ADDRESS_DEFAULT = "127.0.0.1:50051"


def demo_command(
    *,
    orders: Annotated[
        Path | None,
        typer.Option(help="CSV of the UCI Online Retail data, or of its columns; none: a sample"),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="empty folder that keeps the data; none: a temporary one")
    ] = None,
    listen: Annotated[
        str, typer.Option(help="host:port, [ipv6]:port or unix:path")
    ] = _ADDRESS_DEFAULT,
    clients: Annotated[
        int, typer.Option(min=1, max=1_000, help="clients that order at the same time")
    ] = 64,
    limit: Annotated[int | None, typer.Option(min=1, help="orders to replay; none: all")] = None,
    leave: Annotated[bool, typer.Option("--exit", help="end instead of serving on")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="write the report as JSON")] = False,
) -> None:
    """Replay real orders against a service and store of its own, and check every number.

    Ends with 0 if not one unit was oversold and every number is right, with 1 otherwise.
    """
    plan = Plan(orders=orders, client_count=clients, order_count_max=limit)
    exit_code = 0

    async def main() -> None:
        nonlocal exit_code
        exit_code = await _demo(plan, data, listen, leave=leave, as_json=as_json)

    run_event_loop(main())
    raise typer.Exit(exit_code)


async def _demo(plan: Plan, data: Path | None, listen: str, *, leave: bool, as_json: bool) -> int:
    display = Display(Console(stderr=True))
    times = CallTimes()
    async with service_process(listen, data) as service:
        display.say(f"serving on {service.address} ({service.transport} transport)")
        async with callers(service.address, times) as connections:
            demo = Demo(connections, times, plan, display)
            await demo.load()
            await demo.replay()
            report = await demo.audit()
            _show(report, as_json=as_json)
            if not leave:
                display.say(_try_it(await demo.in_stock(), service.address))
        if not leave:
            await service.until_stopped()
            display.say("stopping")
    return report.exit_code


def _show(report: Report, *, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(report.as_data(), option=orjson.OPT_INDENT_2))
    else:
        Console().print(report)


def _try_it(found: InStock, address: str) -> str:
    if not found.skus:
        return f"Still serving on {address}. Ctrl-C ends it."
    first = found.skus[0]
    where = "" if address == _ADDRESS_DEFAULT else f" --address {address}"
    commands = [
        f"sellable check {found.market} {' '.join(found.skus)}{where}",
        f"sellable reserve {found.market} {first}=2{where}",
        f"sellable check {found.market} {first}{where}",
        f"sellable positions {first}{where}",
    ]
    lines = "\n".join(f"  {command}" for command in commands)
    return f"\nStill serving on {address}. Try in a second terminal:\n{lines}\nCtrl-C ends it."
