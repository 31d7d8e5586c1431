"""`sellable network`: apply and validate a document."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from sellable.cli.client import AsJson, Service
from sellable.cli.documents import (
    Author,
    Comment,
    DocumentFile,
    ExpectedVersion,
    applicable,
    document_name,
    read_document,
    refused_document,
)
from sellable.cli.failure import ExitCode, Failure
from sellable.cli.terminal import Answer, write_answer
from sellable.cli.typed import duration_ms
from sellable.cli.verify import progress_bar
from sellable.v1.network_pb2 import (
    ApplyNetworkRequest,
    ApplyNetworkResponse,
    GetNetworkRequest,
)

_ROLLOUT_POLL_S: Final = 0.1


def apply_command(
    service: Service,
    file: DocumentFile,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="only validate and say what would change")
    ] = False,
    expected_version: ExpectedVersion = None,
    author: Author,
    comment: Comment = "",
    wait: Annotated[
        bool, typer.Option("--wait", help="wait until every stored number is rolled out")
    ] = False,
    wait_timeout: Annotated[str, typer.Option(help="how long --wait may take")] = "10m",
) -> Answer:
    """Make a document the network in force, and say what changes.

    Examples:
      sellable network apply network.yaml --dry-run
      sellable network apply network.yaml --comment "open Lyon" --wait
    """
    wait_ms = duration_ms(wait_timeout, "--wait-timeout")
    document = read_document(file)
    request = ApplyNetworkRequest(
        document=document,
        dry_run=dry_run,
        expected_version=expected_version,
        author=author,
        comment=comment,
    )
    try:
        answer = service.call(service.network.ApplyNetwork, request, again="")
    except Failure as failure:
        raise refused_document(failure, file, document) from failure
    fraction = _rolled_out(service, wait_ms) if wait and not dry_run else None
    value = {
        "version": answer.version,
        "dry_run": dry_run,
        "changes": list(answer.changes),
        "rollout_fraction": fraction,
    }
    rolled_out = fraction is not None
    return Answer(
        value,
        [
            *change_lines(answer.changes),
            _outcome(answer, dry_run=dry_run, rolled_out=rolled_out),
        ],
    )


def validate_command(file: DocumentFile, *, as_json: AsJson = False) -> None:
    """Say what is wrong with a document, all at once; asks no service.

    Example:
      sellable network validate network.yaml
    """
    document = read_document(file)
    network = applicable(document_name(file), document, time.time_ns() // 1_000_000)
    counts = {
        "location_count": len(network.locations),
        "market_count": len(network.markets),
        "rule_count": len(network.rules),
        "quota_count": len(network.quotas),
        "carrier_count": len(network.sourcing.carriers),
        "profile_count": len(network.sourcing.profiles),
    }
    words = ", ".join(f"{count} {name.removesuffix('_count')}s" for name, count in counts.items())
    view = [Text(f"{document_name(file)} is valid: {words}", style="green")]
    write_answer(Answer({"valid": True, **counts}, view), as_json=as_json)


def change_lines(changes: Iterable[str]) -> list[Text]:
    """Return the lines of a difference with a sign and a colour each."""
    return [_change_line(change) for change in changes]


def _outcome(answer: ApplyNetworkResponse, *, dry_run: bool, rolled_out: bool) -> Text:
    if not answer.changes:
        return Text(f"nothing but the wording differs: version {answer.version} is in force")
    if dry_run:
        return Text(f"dry run: version {answer.version} stays in force", style="yellow")
    told = "and rolled out" if rolled_out else "and true for the next read"
    return Text(f"version {answer.version} is in force {told}", style="green")


def _change_line(change: str) -> Text:
    sign, style = "~", "yellow"
    if change.endswith(": added"):
        sign, style = "+", "green"
    elif change.endswith(": removed"):
        sign, style = "-", "red"
    return Text(f"{sign} {change}", style=style)


def _rolled_out(service: Service, wait_ms: int) -> float:
    """Return when every stored number follows the network; reads are right before that, too."""
    deadline = time.monotonic() + wait_ms / 1_000
    with progress_bar("rolling out") as bar:
        task = bar.add_task("", total=1.0)
        while True:
            answer = service.call(service.network.GetNetwork, GetNetworkRequest())
            fraction = answer.rollout_fraction
            bar.update(task, completed=fraction)
            if fraction >= 1.0:
                return fraction
            if time.monotonic() > deadline:
                raise _not_rolled_out(answer.version, fraction)
            time.sleep(_ROLLOUT_POLL_S)


def _not_rolled_out(version: int, fraction: float) -> Failure:
    details: dict[str, Any] = {"version": version, "rollout_fraction": fraction}
    return Failure(
        f"version {version} is in force, but only {fraction:.0%} rolled out so far",
        exit_code=ExitCode.NO_ANSWER,
        reason="TIMEOUT",
        hint="reads are right all the same; the roll-out goes on",
        **details,
    )
