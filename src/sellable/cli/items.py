"""`sellable items`: master data of SKUs, one by one or from a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from rich.text import Text

from sellable.cli.client import Service
from sellable.cli.documents import document_name, opened_rows
from sellable.cli.failure import ExitCode, Failure, exit_code_of_reason, usage
from sellable.cli.item_rows import Row, RowRefused, item_of, rows
from sellable.cli.show import number, word
from sellable.cli.terminal import Answer
from sellable.cli.values import outcome_word
from sellable.limits import EVENTS_PER_CALL_MAX
from sellable.v1.errors_pb2 import ErrorReason
from sellable.v1.inventory_pb2 import EventResult, PutItemsRequest

_TOLD_MAX: Final = 1_000  # rows that were refused, in JSON; a person is shown the first hundred
_SHOWN_MAX: Final = 100
_OUTCOMES: Final = ("APPLIED", "UNCHANGED", "STALE", "REJECTED")


def put_command(
    service: Service,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", show_default=False, help="CSV or JSON Lines; - reads standard input"
        ),
    ],
) -> Answer:
    """Replace the master data of SKUs: class, weight, volume and value.

    Columns of a CSV, or keys of a line of JSON: sku, item_class,
    weight_grams, volume_cm3, value, currency, update_time. Only sku is
    needed; what is left out is forgotten, a row without update_time is as
    of now. Exit code 1 if any row was rejected; the others are applied.

    Examples:
      sellable items put items.csv
      sellable items put - --json
    """
    now = _now()
    name = document_name(file)
    counts: Counter[str] = Counter()
    rejected: list[dict[str, Any]] = []
    notes: list[Text] = []
    with opened_rows(file) as opened:
        for batch in _batches(rows(opened, name, now)):
            for row, outcome, reason, detail in _put(service, batch, name):
                counts[outcome] += 1
                if outcome != "REJECTED":
                    continue
                if len(rejected) < _TOLD_MAX:
                    rejected.append(
                        {"line": row.line, "sku": row.sku, "reason": reason, "detail": detail}
                    )
                if counts[outcome] <= _SHOWN_MAX:
                    sku = f" {row.sku}:" if row.sku else ""
                    notes.append(Text(f"{name}:{row.line}:{sku} {detail}"))
    if counts["REJECTED"] > _SHOWN_MAX:
        notes.append(Text(f"... and {number(counts['REJECTED'] - _SHOWN_MAX)} more rows"))
    value = {f"{outcome.lower()}_count": counts[outcome] for outcome in _OUTCOMES}
    line = Text(", ").join(
        Text.assemble(number(counts[outcome]), " ", word(outcome))
        for outcome in _OUTCOMES
        if counts[outcome]
    )
    failed = counts["REJECTED"] > 0
    return Answer(
        {**value, "rejected": rejected},
        [line or Text(f"{name} has no rows")],
        ExitCode.REFUSED if failed else ExitCode.DONE,
        notes,
    )


def set_command(
    service: Service,
    sku: Annotated[str, typer.Argument(metavar="SKU", show_default=False)],
    *,
    item_class: Annotated[str, typer.Option("--class", help="that rules and quotas name")] = "",
    weight_grams: Annotated[str, typer.Option(metavar="N", help="of one unit")] = "",
    volume_cm3: Annotated[str, typer.Option("--volume-cm3", metavar="N", help="of one unit")] = "",
    value: Annotated[str, typer.Option(metavar="AMOUNT", help="of one unit, e.g. 12.50")] = "",
    currency: Annotated[str, typer.Option(metavar="CODE", help="of the value, e.g. EUR")] = "",
    update_time: Annotated[
        str, typer.Option(metavar="TIME", help="when these data were true", show_default="now")
    ] = "",
) -> Answer:
    """Replace the master data of a SKU; what is not given is forgotten.

    Example:
      sellable items set 85123A --class luxury --value 12.50 --currency EUR
    """
    values = {
        "sku": sku,
        "item_class": item_class,
        "weight_grams": weight_grams,
        "volume_cm3": volume_cm3,
        "value": value,
        "currency": currency,
        "update_time": update_time,
    }
    try:
        item = item_of(values, _now())
    except RowRefused as error:
        raise usage(str(error)) from error
    (result,) = service.call(
        service.inventory.PutItems, PutItemsRequest(items=[item]), again=""
    ).results
    outcome = outcome_word(result)
    if outcome == "REJECTED":
        reason = _reason(result)
        raise Failure(_detail(result), exit_code=exit_code_of_reason(reason), reason=reason)
    made = {"sku": sku, "outcome": outcome, "detail": result.detail}
    line = Text.assemble(sku, "  ", word(outcome), f"  {result.detail}" if result.detail else "")
    # What was asked for is not so: a script must not go on as if it were.
    return Answer(made, [line], ExitCode.REFUSED if outcome == "STALE" else ExitCode.DONE)


def _put(service: Service, batch: list[Row], name: str) -> Iterator[tuple[Row, str, str, str]]:
    """Yield what became of each row, in the order of the file; bad ones are not sent."""
    sent = [row.item for row in batch if row.item is not None]
    results: Iterator[EventResult] = iter(())
    if sent:
        try:
            request = PutItemsRequest(items=sent)
            results = iter(service.call(service.inventory.PutItems, request).results)
        except Failure as failure:
            where = f"rows before line {batch[0].line} of {name} were answered"
            failure.hint = f"{where}; repeat the command: what is known is UNCHANGED"
            raise
    for row in batch:
        if row.item is None:
            yield row, "REJECTED", "INVALID_FIELD", row.problem
        else:
            result = next(results)
            yield row, outcome_word(result), _reason(result), _detail(result)


def _batches(found: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(found)
    while batch := list(islice(iterator, EVENTS_PER_CALL_MAX)):
        yield batch


def _reason(result: EventResult) -> str:
    return ErrorReason.Name(result.reason).removeprefix("ERROR_REASON_")


def _detail(result: EventResult) -> str:
    return result.detail or f"the service refused it: {_reason(result)}"


def _now() -> Timestamp:
    now = Timestamp()
    now.GetCurrentTime()
    return now
