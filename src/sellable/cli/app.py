"""The commands together, and the one place where a failure becomes lines and an exit code."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated, Final

import typer

from sellable.cli import (
    items,
    lifecycle,
    network,
    network_timeline,
    network_versions,
    network_whatif,
    reservations,
    stock,
    supply,
)
from sellable.cli.client import asks_service
from sellable.cli.completion import PROGRAM, completion_command, prepare_completion
from sellable.cli.demo import demo_command
from sellable.cli.explain import explain_command
from sellable.cli.export import export_market_command
from sellable.cli.failure import ExitCode, Failure, failure_of, usage
from sellable.cli.ingest import ingest_app
from sellable.cli.manual import (
    EXIT_CODES,
    INGEST,
    ITEMS_MANUAL,
    MANUAL,
    NETWORK,
    NETWORK_MANUAL,
    RESERVATIONS,
    SERVICE,
    SOURCING,
    STOCK,
    flowing,
)
from sellable.cli.pickup import pickup_command
from sellable.cli.serve import serve_command
from sellable.cli.settings import check_config_command, takes_settings
from sellable.cli.sourcing import sourcing_app
from sellable.cli.terminal import write_failure
from sellable.cli.verify import verify_command

_STREAM_TIMEOUT: Final = "1h"  # of the whole stream: a large store takes minutes

app = typer.Typer(
    help=flowing(MANUAL),
    epilog=EXIT_CODES,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
network_app = typer.Typer(help=flowing(NETWORK_MANUAL))
items_app = typer.Typer(help=flowing(ITEMS_MANUAL))

app.command("demo", rich_help_panel=SERVICE)(demo_command)
app.command("serve", rich_help_panel=SERVICE)(takes_settings(serve_command))
app.command("check-config", rich_help_panel=SERVICE)(takes_settings(check_config_command))
app.command("verify", rich_help_panel=SERVICE)(
    asks_service(verify_command, timeout=_STREAM_TIMEOUT)
)
app.command("completion", rich_help_panel=SERVICE)(completion_command)

app.add_typer(network_app, name="network", rich_help_panel=NETWORK)

network_app.command("apply")(asks_service(network.apply_command))
network_app.command("validate")(network.validate_command)
network_app.command("whatif")(asks_service(network_whatif.whatif_command, timeout=_STREAM_TIMEOUT))
network_app.command("show")(asks_service(network_versions.show_command))
network_app.command("versions")(asks_service(network_versions.versions_command))
network_app.command("diff")(asks_service(network_versions.diff_command))
network_app.command("timeline")(asks_service(network_timeline.timeline_command))
network_app.command("restore")(asks_service(network_versions.restore_command))

app.command("check", rich_help_panel=STOCK)(asks_service(stock.check_command))
app.command("explain", rich_help_panel=STOCK)(asks_service(explain_command))
app.command("markets", rich_help_panel=STOCK)(asks_service(stock.markets_command))
app.command("positions", rich_help_panel=STOCK)(asks_service(stock.positions_command))
app.command("pickup", rich_help_panel=STOCK)(asks_service(pickup_command))
app.command("export-market", rich_help_panel=STOCK)(
    asks_service(export_market_command, timeout=_STREAM_TIMEOUT)
)
app.command("set", rich_help_panel=STOCK)(asks_service(stock.set_command))
app.command(
    "adjust",
    rich_help_panel=STOCK,
    context_settings={"ignore_unknown_options": True},  # -3 is a change, not an option
)(asks_service(stock.adjust_command))

app.command("expect", rich_help_panel=STOCK)(asks_service(supply.expect_command))
app.command("receive", rich_help_panel=STOCK)(asks_service(supply.receive_command))

app.add_typer(items_app, name="items", rich_help_panel=STOCK)
items_app.command("put")(asks_service(items.put_command))
items_app.command("set")(asks_service(items.set_command))

app.add_typer(sourcing_app, name="sourcing", rich_help_panel=SOURCING)

app.add_typer(ingest_app, name="ingest", rich_help_panel=INGEST)

for _name, _command in (
    ("reserve", reservations.reserve_command),
    ("show", reservations.show_command),
    ("reservations", reservations.reservations_command),
    ("confirm", lifecycle.confirm_command),
    ("extend", lifecycle.extend_command),
    ("release", lifecycle.release_command),
    ("fulfil", lifecycle.fulfil_command),
    ("transfer", lifecycle.transfer_command),
):
    app.command(_name, rich_help_panel=RESERVATIONS)(asks_service(_command))


_groups = [app]
for _group in _groups:
    _groups += [below.typer_instance for below in _group.registered_groups if below.typer_instance]
    for _registered in _group.registered_commands:
        if _registered.callback is not None:
            _registered.help = flowing(_registered.callback.__doc__ or "")


def _write_version(*, wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"sellable {version('sellable')}\n")
        raise typer.Exit


@app.callback()
def _global_options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_write_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    pass


def run(arguments: list[str]) -> int:
    """Run a command; answer its exit code. Whatever goes wrong is said in plain lines."""
    prepare_completion()
    try:
        # Not standalone: usage errors are to look like every other one, also with --json.
        code = app(arguments or ["--help"], prog_name=PROGRAM, standalone_mode=False)
    except typer.TyperException as error:
        failure = _usage(error)
    except typer.Abort:
        failure = failure_of(KeyboardInterrupt())  # asked, and answered with Ctrl-C
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the edge of the program
        failure = failure_of(error)
    else:
        if code != ExitCode.INTERRUPTED:
            return code if isinstance(code, int) else ExitCode.DONE
        failure = failure_of(KeyboardInterrupt())  # typer made an exit code of it
    write_failure(failure, as_json="--json" in arguments)
    return failure.exit_code


def _usage(error: typer.TyperException) -> Failure:
    failure = usage(error.format_message())
    context = getattr(error, "ctx", None)
    if context is not None:
        failure.hint = f"`{context.command_path} --help` says how it is used"
    return failure
