"""`sellable network`: apply, show and validate the document."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.syntax import Syntax
from rich.text import Text

from sellable.cli.client import AsJson, Service
from sellable.cli.failure import ExitCode, Failure, usage
from sellable.cli.problems import Placed, placed_problems, placed_violations, problem_lines
from sellable.cli.terminal import Answer, console_of, write_answer
from sellable.cli.typed import duration_ms
from sellable.cli.values import time_text
from sellable.cli.verify import progress_bar
from sellable.errors import InvalidNetwork, Violation
from sellable.limits import NETWORK_DOCUMENT_BYTES_MAX
from sellable.network import parse
from sellable.v1.network_pb2 import (
    ApplyNetworkRequest,
    ApplyNetworkResponse,
    GetNetworkRequest,
)

_ROLLOUT_POLL_S: Final = 0.1

_File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        show_default=False,
        help="a YAML document; - reads standard input",
    ),
]


def apply_command(
    service: Service,
    file: _File,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="only validate and say what would change")
    ] = False,
    expected_version: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="VERSION",
            help="refuse if another version is in force",
            show_default="not asked",
        ),
    ] = None,
    author: Annotated[str, typer.Option(help="who changes it")] = "",
    comment: Annotated[str, typer.Option(help="why")] = "",
    wait: Annotated[
        bool, typer.Option("--wait", help="wait until every stored number is rolled out")
    ] = False,
    wait_timeout: Annotated[str, typer.Option(help="how long --wait may take")] = "10m",
) -> Answer:
    """Make a document the network in force, and say what changes.

    Examples:
      sellable network apply network.yaml --dry-run
      sellable network apply network.yaml --author ana --comment "open Lyon" --wait
    """
    wait_ms = duration_ms(wait_timeout, "--wait-timeout")
    document = _read(file)
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
        if failure.reason != "INVALID_NETWORK":
            raise
        violations = [Violation(**violation) for violation in failure.details["violations"]]
        omitted = int(failure.details["metadata"].get("omitted_count", 0))
        raise _invalid(file, document, placed_violations(violations), omitted) from failure
    fraction = _rolled_out(service, wait_ms) if wait and not dry_run else None
    value = {
        "version": answer.version,
        "dry_run": dry_run,
        "changes": list(answer.changes),
        "rollout_fraction": fraction,
    }
    return Answer(value, _change_view(answer, dry_run=dry_run, rolled_out=fraction is not None))


def show_command(service: Service) -> Answer:
    """Show the document in force, to the letter; it can be kept, edited and applied again.

    Example:
      sellable network show > network.yaml
    """
    answer = service.call(service.network.GetNetwork, GetNetworkRequest())
    value = {
        "version": answer.version,
        "document": answer.document,
        "apply_time": time_text(answer, "apply_time"),
        "rollout_fraction": answer.rollout_fraction,
    }
    told = console_of(sys.stderr)
    if not answer.version:
        told.print(Text("no network yet: `sellable network apply FILE` brings one"))
        return Answer(value, [])
    # Beside the document, so that what is on standard output can be kept and compared.
    told.print(
        Text(
            f"version {answer.version}, applied {value['apply_time']}, "
            f"{answer.rollout_fraction:.0%} rolled out"
        )
    )
    if not sys.stdout.isatty():
        return Answer(value, [answer.document])
    shown = Syntax(
        answer.document, "yaml", theme="ansi_dark", background_color="default", word_wrap=True
    )
    return Answer(value, [shown])


def validate_command(file: _File, *, as_json: AsJson = False) -> None:
    """Say what is wrong with a document, all at once; asks no service.

    Example:
      sellable network validate network.yaml
    """
    document = _read(file)
    try:
        network = parse(document)
    except InvalidNetwork as error:
        raise _invalid(file, document, placed_problems(error.problems)) from error
    counts = {
        "location_count": len(network.locations),
        "market_count": len(network.markets),
        "rule_count": len(network.rules),
    }
    words = ", ".join(f"{count} {name.removesuffix('_count')}s" for name, count in counts.items())
    view = [Text(f"{_name(file)} is valid: {words}", style="green")]
    write_answer(Answer({"valid": True, **counts}, view), as_json=as_json)


def _read(file: Path) -> str:
    try:
        if str(file) == "-":
            content = sys.stdin.buffer.read(NETWORK_DOCUMENT_BYTES_MAX + 1)
        else:
            with file.open("rb") as opened:
                content = opened.read(NETWORK_DOCUMENT_BYTES_MAX + 1)
    except OSError as error:
        raise usage(f"cannot read {_name(file)}: {error.strerror}") from error
    if len(content) > NETWORK_DOCUMENT_BYTES_MAX:
        raise usage(f"{_name(file)} has more than {NETWORK_DOCUMENT_BYTES_MAX} bytes")
    if not content:
        raise usage(f"{_name(file)} is empty")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise usage(f"{_name(file)} is not UTF-8: byte {error.start}, line {line}") from error


def _name(file: Path) -> str:
    return "standard input" if str(file) == "-" else str(file)


def _invalid(file: Path, document: str, problems: list[Placed], omitted: int = 0) -> Failure:
    count = len(problems) + omitted
    hint = f"`sellable network validate {file}` lists the other {omitted}" if omitted else ""
    return Failure(
        f"{_name(file)} has {count} problem{'s' if count > 1 else ''}",
        exit_code=ExitCode.USAGE,
        reason="INVALID_NETWORK",
        notes=list(problem_lines(_name(file), document, problems)),
        hint=hint,
        problem_count=count,
        problems=[problem._asdict() for problem in problems],
    )


def _change_view(answer: ApplyNetworkResponse, *, dry_run: bool, rolled_out: bool) -> list[Text]:
    view = [_change_line(change) for change in answer.changes]
    if not answer.changes:
        view.append(Text(f"nothing but the wording differs: version {answer.version} is in force"))
    elif dry_run:
        view.append(Text(f"dry run: version {answer.version} stays in force", style="yellow"))
    else:
        told = "and rolled out" if rolled_out else "and true for the next read"
        view.append(Text(f"version {answer.version} is in force {told}", style="green"))
    return view


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
