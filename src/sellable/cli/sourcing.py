"""The commands of sourcing together: `sellable sourcing ...`."""

from __future__ import annotations

import typer

from sellable.cli.manual import SOURCING_MANUAL, flowing
from sellable.cli.sourcing_simulate import add_simulate

sourcing_app = typer.Typer(help=flowing(SOURCING_MANUAL))

add_simulate(sourcing_app)
