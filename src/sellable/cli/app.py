"""The commands together, and the one place where a refusal becomes a line and an exit code."""

from __future__ import annotations

import typer

from sellable.cli.demo import demo_command
from sellable.cli.serve import serve_command

app = typer.Typer(
    no_args_is_help=True,
    help="sellable: how many of this SKU can this channel sell in this country right now?",
)
app.command("serve")(serve_command)
app.command("demo")(demo_command)


@app.callback()
def _commands() -> None:
    """Keep `serve` a command even while it is the only one."""


def main() -> None:
    """Run the command line."""
    app()
