"""`sellable network`: its versions: versions, show, diff, restore."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.syntax import Syntax
from rich.text import Text

from sellable.cli.client import Service
from sellable.cli.columns import VERSIONS
from sellable.cli.documents import Author, ExpectedVersion, parsed, refused_document
from sellable.cli.failure import ExitCode, Failure
from sellable.cli.listing import LIMIT_DEFAULT, All, Limit, Page, PageToken, Sort, Wanted, listed
from sellable.cli.network import change_lines
from sellable.cli.terminal import Answer, console_of
from sellable.cli.values import time_text
from sellable.network import changes
from sellable.v1.network_pb2 import (
    GetNetworkRequest,
    GetNetworkResponse,
    ListNetworkVersionsRequest,
    ListNetworkVersionsResponse,
    RestoreNetworkRequest,
    RestoreNetworkResponse,
)

_Version = ListNetworkVersionsResponse.Version
_DIFF_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def versions_command(
    service: Service,
    *,
    limit: Limit = LIMIT_DEFAULT,
    everything: All = False,
    sort: Sort = "",
    page_token: PageToken = "",
) -> Answer:
    """List the versions that are kept, newest first, with who applied each and why.

    Examples:
      sellable network versions --limit 10
      sellable network versions --all --sort author
    """

    def fetch(size: int, token: str) -> Page[_Version]:
        request = ListNetworkVersionsRequest(page_size=size, page_token=token)
        page = service.call(service.network.ListNetworkVersions, request)
        return Page(page.versions, page.next_page_token)

    wanted = Wanted.of(limit, everything=everything, sort=sort, page_token=page_token)
    return listed("versions", VERSIONS, fetch, _version_value, wanted)


def show_command(
    service: Service,
    version: Annotated[
        int | None, typer.Argument(metavar="VERSION", min=1, show_default="the one in force")
    ] = None,
) -> Answer:
    """Print the document of a version as it was applied, to keep, edit or apply again.

    Examples:
      sellable network show > network.yaml
      sellable network show 3
    """
    answer = _get(service, version)
    value = {
        **_version_value(answer),
        "document": answer.document,
        "rollout_fraction": answer.rollout_fraction,
    }
    if not answer.version:
        none = Text("no network yet: `sellable network apply FILE` brings one")
        return Answer(value, [], notes=[none])
    # Beside the document, so that what is on standard output can be kept and compared.
    by = f" by {answer.author}" if answer.author else ""
    why = f": {answer.comment}" if answer.comment else ""
    # Of an earlier version nothing is rolled out any more.
    rolled_out = "" if version else f", {answer.rollout_fraction:.0%} rolled out"
    said = Text(f"version {answer.version}, applied {value['apply_time']}{by}{rolled_out}{why}")
    if not sys.stdout.isatty():
        return Answer(value, [answer.document], notes=[said])
    shown = Syntax(
        answer.document, "yaml", theme="ansi_dark", background_color="default", word_wrap=True
    )
    return Answer(value, [shown], notes=[said])


def diff_command(
    service: Service,
    old: Annotated[int, typer.Argument(metavar="A", min=1, show_default=False)],
    new: Annotated[
        int | None, typer.Argument(metavar="B", min=1, show_default="the one in force")
    ] = None,
    *,
    text: Annotated[
        bool, typer.Option("--text", help="compare the documents line by line instead")
    ] = False,
) -> Answer:
    """Say what changed from one version to another.

    Examples:
      sellable network diff 3
      sellable network diff 3 5 --text
    """
    before, after = _get(service, old), _get(service, new)
    names = [f"version {one.version}" for one in (before, after)]
    value: dict[str, Any] = {"from_version": before.version, "to_version": after.version}
    if text:
        lines = list(_text_difference(before.document, after.document, *names))
        value["lines"] = lines
        view = [Text(line, style=_DIFF_COLOURS.get(line[:1], "")) for line in lines]
    else:
        found = changes(parsed(names[0], before.document), parsed(names[1], after.document))
        value["changes"] = found
        view = change_lines(found)
    if not view:
        same = "are the same" if text else "mean the same"
        view = [Text(f"{names[0]} and {names[1]} {same}")]
    return Answer(value, view)


def restore_command(
    service: Service,
    version: Annotated[int, typer.Argument(metavar="VERSION", min=1, show_default=False)],
    *,
    bring_back_locations: Annotated[
        bool,
        typer.Option(
            "--bring-back-locations", help="take locations that are gone into the network again"
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would change")] = False,
    expected_version: ExpectedVersion = None,
    author: Author,
    comment: Annotated[
        str, typer.Option(help="why", show_default="restored from version VERSION")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
) -> Answer:
    """Make the document of an earlier version the next version.

    Shows the difference first and asks, if it is run from a terminal.

    Examples:
      sellable network restore 3 --dry-run
      sellable network restore 3 --yes --comment "back to before the sale"
    """
    request = RestoreNetworkRequest(
        version=version,
        expected_version=expected_version,
        author=author,
        comment=comment,
        bring_back_locations=bring_back_locations,
        dry_run=True,
    )
    planned = _restore(service, request)
    would = change_lines(planned.changes)
    if dry_run or not planned.changes:
        stays = f"version {planned.version} stays in force"
        why = "dry run" if planned.changes else f"version {version} means the same"
        said = Text(f"{why}: {stays}", style="yellow")
        return Answer(_restored_value(version, planned, dry_run=dry_run), [*would, said])
    if not yes and sys.stdin.isatty():
        told = console_of(sys.stderr)
        for line in would:
            told.print(line)
        if not typer.confirm(f"restore version {version}?", err=True):
            raise Failure(
                "nothing was restored", exit_code=ExitCode.REFUSED, reason="NOT_CONFIRMED"
            )
        would = []
    # What was shown is what is done: not the same restore on top of another change.
    request.expected_version = planned.version
    request.dry_run = False
    answer = _restore(service, request)
    said = Text(
        f"version {answer.version} is in force, with the document of version {version}",
        style="green",
    )
    return Answer(_restored_value(version, answer, dry_run=False), [*would, said])


def _get(service: Service, version: int | None) -> GetNetworkResponse:
    return service.call(service.network.GetNetwork, GetNetworkRequest(version=version or 0))


def _restore(service: Service, request: RestoreNetworkRequest) -> RestoreNetworkResponse:
    try:
        return service.call(service.network.RestoreNetwork, request, again="")
    except Failure as failure:
        if failure.reason != "INVALID_NETWORK":
            raise
        document = _get(service, request.version).document
        refused = refused_document(failure, f"version {request.version}", document)
        if not request.bring_back_locations:
            refused.hint = "--bring-back-locations takes locations that are gone in again"
        raise refused from failure


def _restored_value(
    version: int, answer: RestoreNetworkResponse, *, dry_run: bool
) -> dict[str, Any]:
    return {
        "version": answer.version,
        "restored_version": version,
        "dry_run": dry_run,
        "changes": list(answer.changes),
    }


def _version_value(answer: _Version | GetNetworkResponse) -> dict[str, Any]:
    return {
        "version": answer.version,
        "apply_time": time_text(answer, "apply_time"),
        "author": answer.author,
        "comment": answer.comment,
    }


def _text_difference(before: str, after: str, old: str, new: str) -> Iterator[str]:
    yield from difflib.unified_diff(before.splitlines(), after.splitlines(), old, new, lineterm="")
