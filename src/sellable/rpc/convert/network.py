"""NetworkService and OperationsService: documents, versions and what a verification found."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sellable.limits import (
    AUTHOR_BYTES_MAX,
    COMMENT_BYTES_MAX,
    NETWORK_DOCUMENT_BYTES_MAX,
    PAGE_SIZE_DEFAULT,
    PAGE_SIZE_MAX,
)
from sellable.names import sku_problem
from sellable.rpc.convert.checks import Checks
from sellable.rpc.convert.times import time_of_ms
from sellable.v1 import network_pb2, operations_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sellable.store.preview import Preview
    from sellable.store.versions import Version

_VERSION_MAX = 2**63 - 1


class Change(NamedTuple):
    """A document that wants to be the network; `expected_version` None asks for none."""

    document: str
    dry_run: bool
    expected_version: int | None
    author: str
    comment: str


def apply_network(request: network_pb2.ApplyNetworkRequest) -> Change:
    """Check all of a change but the document's own content."""
    checks = Checks()
    _check_document(checks, request.document)
    expected = _check_change(checks, request)
    checks.done()
    return Change(request.document, request.dry_run, expected, request.author, request.comment)


class Return(NamedTuple):
    """A version that wants to be in force again; `expected_version` None asks for none."""

    version: int
    dry_run: bool
    bring_back_locations: bool
    expected_version: int | None
    author: str
    comment: str


def restore_network(request: network_pb2.RestoreNetworkRequest) -> Return:
    """Check which version is to be restored."""
    checks = Checks()
    checks.number("version", request.version, 1, _VERSION_MAX)
    expected = _check_change(checks, request)
    checks.done()
    return Return(
        request.version,
        request.dry_run,
        request.bring_back_locations,
        expected,
        request.author,
        request.comment,
    )


def preview_network(request: network_pb2.PreviewNetworkRequest) -> str:
    """Check all of a document that is tried out but its own content."""
    checks = Checks()
    _check_document(checks, request.document)
    checks.done()
    return request.document


def list_network_versions(request: network_pb2.ListNetworkVersionsRequest) -> tuple[int, int]:
    """Check which page of the versions is asked for; return the version before, and the size."""
    checks = Checks()
    checks.number("page_size", request.page_size, 0, PAGE_SIZE_MAX)
    before = _VERSION_MAX
    if request.page_token:
        token = request.page_token
        short = token.isascii() and token.isdecimal() and len(token) <= len(str(_VERSION_MAX))
        before = int(token) if short else 0
        if not 1 < before <= _VERSION_MAX:
            checks.refuse("page_token", "must be the next_page_token of a call before")
    checks.done()
    return before, request.page_size or PAGE_SIZE_DEFAULT


def _check_document(checks: Checks, document: str) -> None:
    size = len(document.encode())
    if not 0 < size <= NETWORK_DOCUMENT_BYTES_MAX:
        checks.refuse("document", f"must have 1 to {NETWORK_DOCUMENT_BYTES_MAX} bytes, has {size}")


def _check_change(
    checks: Checks, request: network_pb2.ApplyNetworkRequest | network_pb2.RestoreNetworkRequest
) -> int | None:
    expected = request.expected_version if request.HasField("expected_version") else None
    if expected is not None:
        checks.number("expected_version", expected, 0, _VERSION_MAX)
    checks.optional_text("author", request.author, AUTHOR_BYTES_MAX)
    checks.optional_text("comment", request.comment, COMMENT_BYTES_MAX)
    return expected


def get_network(request: network_pb2.GetNetworkRequest) -> int:
    """Check which version is asked for; 0 means the one in force."""
    checks = Checks()
    checks.number("version", request.version, 0, _VERSION_MAX)
    checks.done()
    return request.version


def apply_network_response(
    version: int, changes: Sequence[str]
) -> network_pb2.ApplyNetworkResponse:
    """Answer the version in force and what the document changes."""
    return network_pb2.ApplyNetworkResponse(version=version, changes=changes)


def get_network_response(
    found: Version, *, rollout_fraction: float
) -> network_pb2.GetNetworkResponse:
    """Answer one version of the network."""
    return network_pb2.GetNetworkResponse(
        version=found.version,
        document=found.document,
        apply_time=time_of_ms(found.apply_ms),
        rollout_fraction=rollout_fraction,
        author=found.author,
        comment=found.comment,
    )


def restore_network_response(
    version: int, changes: Sequence[str]
) -> network_pb2.RestoreNetworkResponse:
    """Answer the version in force and what the restored document changes."""
    return network_pb2.RestoreNetworkResponse(version=version, changes=changes)


def list_network_versions_response(
    versions: Iterable[Version], before: int
) -> network_pb2.ListNetworkVersionsResponse:
    """Answer a page of versions, and where the next one begins; 0 = there is none."""
    return network_pb2.ListNetworkVersionsResponse(
        versions=[
            network_pb2.ListNetworkVersionsResponse.Version(
                version=each.version,
                apply_time=time_of_ms(each.apply_ms),
                author=each.author,
                comment=each.comment,
            )
            for each in versions
        ],
        next_page_token=str(before) if before else "",
    )


def preview_network_response(progress: Preview) -> network_pb2.PreviewNetworkResponse:
    """Answer progress, and at the end what would become of every market."""
    response = network_pb2.PreviewNetworkResponse(
        checked_sku_count=progress.checked,
        fraction=progress.fraction,
        done=progress.done,
        version=progress.version,
        changes=progress.changes,
    )
    for each in progress.markets:
        channel, _, country = each.market.partition("/")
        response.markets.add(
            channel=channel,
            country=country,
            entering_sku_count=each.entering,
            leaving_sku_count=each.leaving,
            changed_sku_count=each.changed,
            added_quantity=each.added,
            removed_quantity=each.removed,
        )
    return response


def verify(request: operations_pb2.VerifyRequest) -> str:
    """Check which SKU to verify; empty means every one."""
    checks = Checks()
    checks.optional_name("sku", request.sku, sku_problem)
    checks.done()
    return request.sku


def verify_response(
    *,
    checked_sku_count: int,
    fraction: float,
    differences: Iterable[tuple[str, str, int, int]] = (),
    done: bool = False,
) -> operations_pb2.VerifyResponse:
    """Answer progress; a difference is SKU, counter, stored and recomputed quantity."""
    return operations_pb2.VerifyResponse(
        checked_sku_count=checked_sku_count,
        fraction=fraction,
        differences=[
            operations_pb2.VerifyResponse.Difference(
                sku=sku, counter=counter, stored_quantity=stored, recomputed_quantity=recomputed
            )
            for sku, counter, stored, recomputed in differences
        ],
        done=done,
    )
