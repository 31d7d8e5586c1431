"""The commands of feeds together: `sellable ingest ...`."""

from __future__ import annotations

import typer

from sellable.cli import ingest_dead_letters
from sellable.cli.client import asks_service
from sellable.cli.ingest_file import file_command
from sellable.cli.ingest_options import STORE_SETTINGS, WORKER_SETTINGS
from sellable.cli.ingest_push import push_command
from sellable.cli.ingest_status import status_command
from sellable.cli.ingest_watch import watch_command
from sellable.cli.ingest_worker import worker_command
from sellable.cli.manual import DEAD_LETTERS_MANUAL, INGEST_MANUAL, flowing
from sellable.cli.settings import takes_settings

ingest_app = typer.Typer(help=flowing(INGEST_MANUAL))
dead_letters_app = typer.Typer(help=flowing(DEAD_LETTERS_MANUAL))

ingest_app.command("worker")(takes_settings(worker_command, WORKER_SETTINGS))
ingest_app.command("push")(takes_settings(push_command, STORE_SETTINGS))
ingest_app.command("file")(takes_settings(file_command, STORE_SETTINGS))
ingest_app.command("watch")(takes_settings(watch_command, STORE_SETTINGS))
ingest_app.command("status")(asks_service(status_command))
ingest_app.add_typer(dead_letters_app, name="dead-letters")
dead_letters_app.command("list")(asks_service(ingest_dead_letters.list_command))
dead_letters_app.command("show")(asks_service(ingest_dead_letters.show_command))
dead_letters_app.command("retry")(asks_service(ingest_dead_letters.retry_command))
dead_letters_app.command("drop")(asks_service(ingest_dead_letters.drop_command))
