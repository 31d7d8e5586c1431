"""The commands of sourcing together: `sellable sourcing ...`."""

from __future__ import annotations

import typer

from sellable.cli.client import asks_service
from sellable.cli.manual import SOURCING_MANUAL, flowing
from sellable.cli.settings import takes_settings
from sellable.cli.sourcing_at_risk import at_risk_command
from sellable.cli.sourcing_delivery import options_command
from sellable.cli.sourcing_plan import plan_command
from sellable.cli.sourcing_reservation import reservation_command
from sellable.cli.sourcing_simulate import simulate_command
from sellable.cli.sourcing_worker import SOURCING_WORKER_SETTINGS, worker_command

sourcing_app = typer.Typer(help=flowing(SOURCING_MANUAL))

sourcing_app.command("plan")(asks_service(plan_command))
sourcing_app.command("options")(asks_service(options_command))
sourcing_app.command("reservation")(asks_service(reservation_command))
sourcing_app.command("at-risk")(asks_service(at_risk_command))
sourcing_app.command("worker")(takes_settings(worker_command, SOURCING_WORKER_SETTINGS))
sourcing_app.command("simulate")(simulate_command)
