"""The commands together, and the one place where a failure becomes lines and an exit code."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated, Final

import typer

from sellable.cli import lifecycle, network, reservations, stock
from sellable.cli.client import asks_service
from sellable.cli.demo import demo_command
from sellable.cli.failure import EXIT_CODES_HELP, ExitCode, Failure, failure_of, usage
from sellable.cli.serve import serve_command
from sellable.cli.terminal import write_failure
from sellable.cli.verify import verify_command

_VERIFY_TIMEOUT: Final = "1h"  # of the whole stream: a large store takes minutes
_EXIT_CODES: Final = "Exit codes:\n" + "\n".join(
    f"{code:>5}  {meaning}" for code, meaning in EXIT_CODES_HELP.items()
)
_SERVICE, _STOCK, _RESERVATIONS = "The service", "Stock", "Reservations"

app = typer.Typer(
    help="How many of this SKU can this channel sell in this country right now?",
    epilog=_EXIT_CODES,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
network_app = typer.Typer(help="Locations, markets and protections: one document.")

app.command("demo", rich_help_panel=_SERVICE)(demo_command)
app.command("serve", rich_help_panel=_SERVICE)(serve_command)
app.add_typer(network_app, name="network", rich_help_panel=_SERVICE)
app.command("verify", rich_help_panel=_SERVICE)(
    asks_service(verify_command, timeout=_VERIFY_TIMEOUT)
)

network_app.command("apply")(asks_service(network.apply_command))
network_app.command("show")(asks_service(network.show_command))
network_app.command("validate")(network.validate_command)

app.command("check", rich_help_panel=_STOCK)(asks_service(stock.check_command))
app.command("markets", rich_help_panel=_STOCK)(asks_service(stock.markets_command))
app.command("positions", rich_help_panel=_STOCK)(asks_service(stock.positions_command))
app.command("set", rich_help_panel=_STOCK)(asks_service(stock.set_command))
app.command(
    "adjust",
    rich_help_panel=_STOCK,
    context_settings={"ignore_unknown_options": True},  # -3 is a change, not an option
)(asks_service(stock.adjust_command))

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
    app.command(_name, rich_help_panel=_RESERVATIONS)(asks_service(_command))


def _write_version(*, wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"sellable {version('sellable')}\n")
        raise typer.Exit


@app.callback()
def _global_options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_write_version, is_eager=True, help="Say it.")
    ] = False,
) -> None:
    pass


def run(arguments: list[str]) -> int:
    """Run a command; answer its exit code. Whatever goes wrong is said in plain lines."""
    try:
        # Not standalone: usage errors are to look like every other one, also with --json.
        code = app(arguments or ["--help"], prog_name="sellable", standalone_mode=False)
    except typer.TyperException as error:
        failure = _usage(error)
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
