"""Networks and verifications: what is asked for, and what is answered."""

from __future__ import annotations

import pytest

from sellable import limits
from sellable.errors import InvalidFields
from sellable.rpc.convert import network as convert
from sellable.store.preview import MarketPreview, Preview
from sellable.store.versions import Version
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
    response = convert.get_network_response(Version(version=0), rollout_fraction=1.0)
    assert (response.version, response.HasField("apply_time")) == (0, False)


def test_the_network_in_force_is_answered_in_full() -> None:
    """With the millisecond at which it was applied."""
    found = Version(
        version=3, document="a: 1\n", apply_ms=1_763_800_000_123, author="me", comment="why"
    )
    response = convert.get_network_response(found, rollout_fraction=0.5)
    assert response.apply_time.ToMilliseconds() == 1_763_800_000_123
    assert (response.version, response.document, response.rollout_fraction) == (3, "a: 1\n", 0.5)
    assert (response.author, response.comment) == ("me", "why")


def test_a_restore_says_what_is_missing() -> None:
    """A version is from 1 on; the rest is judged as of any change."""
    request = network_pb2.RestoreNetworkRequest(version=0, expected_version=-1, author="x" * 129)
    with pytest.raises(InvalidFields) as caught:
        convert.restore_network(request)
    assert [v.field for v in caught.value.violations] == ["version", "expected_version", "author"]
    request = network_pb2.RestoreNetworkRequest(version=2, bring_back_locations=True)
    assert convert.restore_network(request) == convert.Return(2, False, True, None, "", "")


def test_versions_are_paged_by_the_last_one_seen() -> None:
    """Without a token the page begins at the newest."""
    request = network_pb2.ListNetworkVersionsRequest()
    assert convert.list_network_versions(request) == (2**63 - 1, 100)
    request = network_pb2.ListNetworkVersionsRequest(page_size=7)
    request.page_token = "12"  # noqa: S105 - no password
    assert convert.list_network_versions(request) == (12, 7)
    found = [Version(version=12, apply_ms=5, author="a", comment="b")]
    response = convert.list_network_versions_response(found, 12)
    assert (response.next_page_token, response.versions[0].author) == ("12", "a")
    assert convert.list_network_versions_response(found, 0).next_page_token == ""


@pytest.mark.parametrize("token", ["x", "-1", "0", "1", "1" * 30, "²"])
def test_a_page_token_is_one_of_ours(token: str) -> None:
    """Anything else is refused."""
    with pytest.raises(InvalidFields, match="page_token"):
        convert.list_network_versions(network_pb2.ListNetworkVersionsRequest(page_token=token))


@pytest.mark.parametrize("size", [-1, 1_001])
def test_a_page_of_versions_is_bounded(size: int) -> None:
    """At most 1000 versions a page."""
    with pytest.raises(InvalidFields, match="page_size"):
        convert.list_network_versions(network_pb2.ListNetworkVersionsRequest(page_size=size))


def test_a_preview_needs_a_document() -> None:
    """Within the same bounds as one that is applied."""
    with pytest.raises(InvalidFields, match="document: must have 1 to"):
        convert.preview_network(network_pb2.PreviewNetworkRequest())


def test_a_preview_is_answered_by_market() -> None:
    """With what enters and leaves sale there."""
    market = MarketPreview(market="web/FR", entering=1, leaving=2, changed=4, added=5, removed=6)
    progress = Preview(
        checked=7, fraction=1.0, done=True, version=3, changes=["c"], markets=[market]
    )
    assert convert.preview_network_response(progress) == network_pb2.PreviewNetworkResponse(
        checked_sku_count=7,
        fraction=1.0,
        done=True,
        version=3,
        changes=["c"],
        markets=[
            network_pb2.PreviewNetworkResponse.Market(
                channel="web",
                country="FR",
                entering_sku_count=1,
                leaving_sku_count=2,
                changed_sku_count=4,
                added_quantity=5,
                removed_quantity=6,
            )
        ],
    )


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
