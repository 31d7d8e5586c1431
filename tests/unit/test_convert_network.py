"""Networks and verifications: what is asked for, and what is answered."""

from __future__ import annotations

import pytest

from sellable import limits
from sellable.errors import InvalidFields
from sellable.rpc.convert import network as convert
from sellable.v1 import network_pb2, operations_pb2


def test_a_change_is_taken_as_it_is() -> None:
    """An expected version of 0 is not the same as none."""
    request = network_pb2.ApplyNetworkRequest(
        document="a: 1\n", dry_run=True, expected_version=0, author="me", comment="why"
    )
    assert convert.apply_network(request) == convert.Change("a: 1\n", True, 0, "me", "why")
    request.ClearField("expected_version")
    assert convert.apply_network(request).expected_version is None


def test_every_fault_around_a_document_is_listed() -> None:
    """The document's own content is judged by those who know it."""
    request = network_pb2.ApplyNetworkRequest(
        document="", expected_version=-1, author="x" * 129, comment="a\x00b"
    )
    with pytest.raises(InvalidFields) as caught:
        convert.apply_network(request)
    assert [(v.field, v.description) for v in caught.value.violations] == [
        ("document", f"must have 1 to {limits.NETWORK_DOCUMENT_BYTES_MAX} bytes, has 0"),
        ("expected_version", f"must be 0 to {2**63 - 1}, is -1"),
        (
            "author",
            "must be 1 to 128 bytes of UTF-8 without control characters, or empty",
        ),
        (
            "comment",
            "must be 1 to 1000 bytes of UTF-8 without control characters, or empty",
        ),
    ]


def test_a_document_is_measured_in_bytes() -> None:
    """3 MiB of UTF-8 are the most; one byte more is refused."""
    most = "é" * (limits.NETWORK_DOCUMENT_BYTES_MAX // 2)
    request = network_pb2.ApplyNetworkRequest(document=most)
    assert convert.apply_network(request).document == most
    with pytest.raises(InvalidFields, match="document"):
        convert.apply_network(network_pb2.ApplyNetworkRequest(document=most + "x"))


def test_a_version_is_not_negative() -> None:
    """0 is the one in force."""
    assert convert.get_network(network_pb2.GetNetworkRequest()) == 0
    with pytest.raises(InvalidFields, match="version: must be 0 to"):
        convert.get_network(network_pb2.GetNetworkRequest(version=-1))


def test_no_network_yet_is_answered_without_a_time() -> None:
    """Version 0 was never applied."""
    response = convert.get_network_response(
        version=0, document="", apply_ms=0, rollout_fraction=1.0
    )
    assert (response.version, response.HasField("apply_time")) == (0, False)


def test_the_network_in_force_is_answered_in_full() -> None:
    """With the millisecond at which it was applied."""
    response = convert.get_network_response(
        version=3, document="a: 1\n", apply_ms=1_763_800_000_123, rollout_fraction=0.5
    )
    assert response.apply_time.ToMilliseconds() == 1_763_800_000_123
    assert (response.version, response.document, response.rollout_fraction) == (3, "a: 1\n", 0.5)


def test_changes_keep_their_order() -> None:
    """One line each."""
    response = convert.apply_network_response(4, ["b", "a"])
    assert (response.version, list(response.changes)) == (4, ["b", "a"])


def test_a_verification_is_of_one_sku_or_of_all() -> None:
    """A SKU that cannot exist is refused."""
    assert convert.verify(operations_pb2.VerifyRequest()) == ""
    assert convert.verify(operations_pb2.VerifyRequest(sku="A")) == "A"
    with pytest.raises(InvalidFields, match="sku"):
        convert.verify(operations_pb2.VerifyRequest(sku="\n"))


def test_differences_are_answered_with_both_numbers() -> None:
    """What the store has, and what it should have."""
    response = convert.verify_response(
        checked_sku_count=7, fraction=1.0, differences=[("A", "sellable web/FR", 3, 2)], done=True
    )
    assert response == operations_pb2.VerifyResponse(
        checked_sku_count=7,
        fraction=1.0,
        differences=[
            operations_pb2.VerifyResponse.Difference(
                sku="A", counter="sellable web/FR", stored_quantity=3, recomputed_quantity=2
            )
        ],
        done=True,
    )
