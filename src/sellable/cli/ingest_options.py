"""The options that the commands of feeds share."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from sellable.cli.failure import usage
from sellable.cli.typed import timestamp
from sellable.errors import SellableError
from sellable.ingest.forms import Form
from sellable.limits import MAX_ZEROED_FRACTION_DEFAULT
from sellable.names import identifier_problem, location_problem

if TYPE_CHECKING:
    from sellable.ingest.order import Order

# What a loader takes of the settings: where the store is, and what it keeps.
_NICENESS: Final = 10
STORE_SETTINGS: Final = (
    "store",
    "data",
    "durability",
    "connect_timeout_ms",
    "command_timeout_ms",
    "command_queue_max",
    "retention_ms",
    "future_tolerance_ms",
    "ledger_entries_max",
    "log_level",
    "log_format",
)
# And what a worker has besides.
WORKER_SETTINGS: Final = (
    *STORE_SETTINGS,
    "drain_grace_ms",
    "ingest_batch_rows_max",
    "ingest_claim_after_ms",
    "ingest_tries_max",
)
_READING: Final = "How files are read"
_DELIMITERS: Final = {"tab": "\t", "auto": "", "\\t": "\t"}
_NO_PROFILE: Final = "default"

Source = Annotated[
    str,
    typer.Option(
        metavar="NAME", show_default=False, help="which back end this is from, e.g. wms-paris"
    ),
]
Format = Annotated[
    Form, typer.Option("--format", rich_help_panel=_READING, help="what kind of file")
]
ProfileName = Annotated[
    str,
    typer.Option(
        "--profile",
        metavar="NAME|FILE",
        rich_help_panel=_READING,
        help="what columns and numbers mean: a profile that is shipped, or a YAML file",
    ),
]
Location = Annotated[
    str,
    typer.Option(metavar="LOCATION", rich_help_panel=_READING, help="of rows that name none"),
]
Encoding = Annotated[
    str,
    typer.Option(metavar="NAME", rich_help_panel=_READING, help="of text, e.g. windows-1252"),
]
Delimiter = Annotated[
    str,
    typer.Option(
        metavar="CHARACTER", rich_help_panel=_READING, help="between cells; tab, or any character"
    ),
]
ObservedAt = Annotated[
    str,
    typer.Option(
        metavar="TIME",
        rich_help_panel=_READING,
        help="when rows without a time were true; default: when the file was last written",
    ),
]
Sync = Annotated[
    bool,
    typer.Option(
        "--sync",
        help="The file is a full count of each location that it names: the rest there is 0.",
    ),
]
MaxZeroed = Annotated[
    float,
    typer.Option(
        "--max-zeroed-fraction",
        metavar="SHARE",
        min=0,
        max=1,
        help="with --sync: the largest share of a location's stock that may become 0",
    ),
]
MAX_ZEROED: Final = MAX_ZEROED_FRACTION_DEFAULT
PROFILE: Final = _NO_PROFILE


class Reading(NamedTuple):
    """How files are read, as it was typed."""

    form: Form
    profile: str
    location: str
    encoding: str
    delimiter: str
    observed_at: str = ""


def order_of(
    source: str, reading: Reading, *, sync: bool = False, max_zeroed_fraction: float = MAX_ZEROED
) -> Order:
    """Make an order of what was typed.

    Raises:
        Failure: Something typed is not as it must be.
    """
    # Only those who load need them, and they take long to read.
    from sellable.ingest.order import Order  # noqa: PLC0415
    from sellable.ingest.profile_checks import an_encoding  # noqa: PLC0415
    from sellable.ingest.profiles import load_profile  # noqa: PLC0415

    form, profile, location, encoding, delimiter, observed_at = reading
    if problem := identifier_problem(source):
        raise usage(f"--source {problem}")
    if location and (problem := location_problem(location)):
        raise usage(f"--location {problem}")
    if encoding and (problem := an_encoding(encoding)):
        raise usage(f"--encoding {problem}")
    try:
        chosen = load_profile(Path(profile) if Path(profile).suffix else profile)
    except SellableError as error:
        raise usage(f"--profile: {error}") from error
    if delimiter:
        sign = _DELIMITERS.get(delimiter, delimiter)
        if len(sign) > 1 or (sign and sign in '"\r\n\0'):
            raise usage("--delimiter must be one character that is no quote, or tab")
        chosen = replace(chosen, delimiter=sign)
    observe_us = None
    if observed_at:
        observe_us = timestamp(observed_at, "--observed-at").ToMicroseconds()
    return Order(
        source=source,
        profile=chosen,
        form=form,
        location=location,
        encoding=encoding or None,
        observe_us=observe_us,
        sync=sync,
        max_zeroed_fraction=max_zeroed_fraction,
    )


def give_way() -> None:
    """Let whoever answers clients on this machine go first: feeds can wait."""
    lowest = max(_NICENESS, os.getpriority(os.PRIO_PROCESS, 0))
    os.setpriority(os.PRIO_PROCESS, 0, lowest)
