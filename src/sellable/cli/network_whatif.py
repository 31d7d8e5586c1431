"""`sellable network whatif`: what a document would do to the numbers of this moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from sellable.cli.client import Service
from sellable.cli.documents import DocumentFile, read_document, refused_document
from sellable.cli.failure import ExitCode, Failure
from sellable.cli.network import change_lines
from sellable.cli.show import number, table
from sellable.cli.terminal import Answer
from sellable.cli.verify import progress_bar
from sellable.v1.network_pb2 import PreviewNetworkRequest, PreviewNetworkResponse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

_Market = PreviewNetworkResponse.Market
_COUNTS: Final = {
    "entering_sku_count": "SKUs entering",
    "leaving_sku_count": "SKUs leaving",
    "changed_sku_count": "SKUs changed",
    "added_quantity": "units added",
    "removed_quantity": "units removed",
}
_GOOD: Final = frozenset({"entering_sku_count", "added_quantity"})
_BAD: Final = frozenset({"leaving_sku_count", "removed_quantity"})


def whatif_command(service: Service, file: DocumentFile) -> Answer:
    """Say what a document would do to every market, against the stock of this moment.

    SKUs that would enter or leave sale, and units that would be added or
    removed. Changes nothing.

    Example:
      sellable network whatif network.yaml
    """
    document = read_document(file)
    last = PreviewNetworkResponse()
    try:
        with progress_bar("comparing") as bar:
            task = bar.add_task("", total=1.0)
            request = PreviewNetworkRequest(document=document)
            for last in service.stream(service.network.PreviewNetwork, request):
                count = number(last.checked_sku_count)
                bar.update(task, completed=last.fraction, description=f"{count} SKUs")
    except Failure as failure:
        raise refused_document(failure, file, document) from failure
    if not last.done:
        raise Failure(
            "the comparison ended before it was done",
            exit_code=ExitCode.NO_ANSWER,
            reason="STORE_UNAVAILABLE",
        )
    totals = {name: sum(getattr(market, name) for market in last.markets) for name in _COUNTS}
    value = {
        "version": last.version,
        "checked_sku_count": last.checked_sku_count,
        "changes": list(last.changes),
        "markets": [_market_value(market) for market in last.markets],
        "totals": totals,
    }
    checked = f"{number(last.checked_sku_count)} SKUs compared with version {last.version}"
    if not last.markets:
        none = Text(f"{checked}: no number would change", style="green")
        return Answer(value, [*change_lines(last.changes), none])
    count = f"{number(len(last.markets))} market{'s' if len(last.markets) > 1 else ''}"
    told = Text(f"{checked}: numbers of {count} would change")
    return Answer(value, [*change_lines(last.changes), _table(last.markets, totals), told])


def _market_value(market: _Market) -> dict[str, Any]:
    counts = {name: getattr(market, name) for name in _COUNTS}
    return {"channel": market.channel, "country": market.country, **counts}


def _table(markets: Sequence[_Market], totals: dict[str, int]) -> Table:
    shown = table("market", *(f">{title}" for title in _COUNTS.values()))
    for market in markets:
        counts = (_count(name, getattr(market, name)) for name in _COUNTS)
        shown.add_row(f"{market.channel}/{market.country}", *counts)
    shown.add_section()
    # A SKU counts once in each market where it changes.
    shown.add_row("all markets", *(_count(name, total) for name, total in totals.items()))
    return shown


def _count(name: str, value: int) -> Text:
    style = ("green" if name in _GOOD else "red" if name in _BAD else "") if value else "dim"
    return Text(number(value), style=style)
