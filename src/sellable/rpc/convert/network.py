"""NetworkService and OperationsService: documents, versions and what a verification found."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sellable.limits import AUTHOR_BYTES_MAX, COMMENT_BYTES_MAX, NETWORK_DOCUMENT_BYTES_MAX
from sellable.names import sku_problem
from sellable.rpc.convert.checks import Checks
from sellable.rpc.convert.times import time_of_ms
from sellable.v1 import network_pb2, operations_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
    size = len(request.document.encode())
    if not 0 < size <= NETWORK_DOCUMENT_BYTES_MAX:
        checks.refuse("document", f"must have 1 to {NETWORK_DOCUMENT_BYTES_MAX} bytes, has {size}")
    expected = request.expected_version if request.HasField("expected_version") else None
    if expected is not None:
        checks.number("expected_version", expected, 0, _VERSION_MAX)
    checks.optional_text("author", request.author, AUTHOR_BYTES_MAX)
    checks.optional_text("comment", request.comment, COMMENT_BYTES_MAX)
    checks.done()
    return Change(request.document, request.dry_run, expected, request.author, request.comment)


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
    *, version: int, document: str, apply_ms: int, rollout_fraction: float
) -> network_pb2.GetNetworkResponse:
    """Answer the network in force."""
    return network_pb2.GetNetworkResponse(
        version=version,
        document=document,
        apply_time=time_of_ms(apply_ms),
        rollout_fraction=rollout_fraction,
    )


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
