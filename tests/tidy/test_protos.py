"""The contract keeps the house rules that buf does not know."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from sellable import limits
from sellable.rpc.status import CODES, DOMAIN, ROW_REASONS
from support.contract import PROTOS, contract, enum_values, enums, fields, methods
from support.refusals import SAMPLES

TYPES = {
    FieldDescriptorProto.TYPE_INT32,
    FieldDescriptorProto.TYPE_INT64,
    FieldDescriptorProto.TYPE_SINT64,
    FieldDescriptorProto.TYPE_DOUBLE,
    FieldDescriptorProto.TYPE_BOOL,
    FieldDescriptorProto.TYPE_STRING,
    FieldDescriptorProto.TYPE_ENUM,
    FieldDescriptorProto.TYPE_MESSAGE,
}
WHOLE_UNITS = {FieldDescriptorProto.TYPE_INT64, FieldDescriptorProto.TYPE_SINT64}
QUANTITY_AT = ".sellable.v1.QuantityAt"
ITEMS = ("Atomicity: ", "Idempotency: ", "Freshness: ", "Errors: ")
PREFIX = "ERROR_REASON_"
TTL_WORDS = (
    f"({limits.TTL_MS_DEFAULT // 60_000} minutes; {limits.TTL_MS_MIN // 1_000} second "
    f"to {limits.TTL_MS_MAX // 86_400_000} days)"
)
OBSERVED_WORDS = (
    f"(default {limits.RETENTION_MS_DEFAULT // 86_400_000} days) is TOO_OLD, further ahead than "
    f"the tolerance (default {limits.FUTURE_TOLERANCE_MS_DEFAULT // 60_000} minutes)"
)


def items(comment: str) -> list[str]:
    """Return the items of a call's comment; a line that is indented more goes on with its item."""
    joined = re.sub(r"\n   +", " ", comment.rstrip("\n"))
    lines = [line.removeprefix(" ") for line in joined.split("\n")]
    first = next((at for at, line in enumerate(lines) if line.startswith(ITEMS[0])), len(lines))
    return [" ".join(lines[:first]), *lines[first:]]


def test_buf_finds_nothing() -> None:
    """The rules of buf.yaml hold, without a network."""
    buf = Path(sys.executable).with_name("buf")
    done = subprocess.run([buf, "lint"], cwd=PROTOS, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_lines_fit_the_page() -> None:
    """No line of the contract is wider than 120 characters."""
    wide = [
        f"{path.name}:{number}"
        for path in PROTOS.rglob("*.proto")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > 120
    ]
    assert wide == []


def test_services_come_first_and_enums_last() -> None:
    """A file reads from what can be called to the words of its answers."""
    order = {6: 0, 4: 1, 5: 2}  # services, messages, enums by their field number in a file
    for file in contract():
        places = sorted(
            (location.span[0], order[location.path[0]])
            for location in file.source_code_info.location
            if len(location.path) == 2 and location.path[0] in order
        )
        kinds = [kind for _, kind in places]
        assert kinds == sorted(kinds), file.name


def test_every_call_says_five_things() -> None:
    """What it does, atomicity, idempotency, freshness, errors: in this order."""
    for name, _, comment in methods():
        starts = [next((i for i in ITEMS if s.startswith(i)), "") for s in items(comment)]
        assert starts == ["", *ITEMS], name
        assert all(item.endswith(".") for item in items(comment)), name


def test_every_error_of_a_call_has_its_code() -> None:
    """A call names the gRPC code that the service answers with a reason."""
    for name, _, comment in methods():
        pairs = re.findall(r"([A-Z_]+) -> ([A-Z_]+)", items(comment)[-1])
        assert pairs == [(reason, CODES[reason].name) for reason, _ in pairs], name
        order = list(CODES)
        assert pairs == sorted(pairs, key=lambda pair: order.index(pair[0])), name


def test_every_reason_is_named_by_a_call_or_common_to_all() -> None:
    """No reason is in the vocabulary that no call and no row can answer."""
    named = {
        word
        for _, _, comment in methods()
        for word in re.findall(r"[A-Z_]{4,}", items(comment)[-1])
    }
    common = {"OVERLOADED", "STORE_UNAVAILABLE", "DURABILITY_NOT_REACHED", "INTERNAL"}
    assert (named - {code.name for code in CODES.values()}) | common == set(CODES) | ROW_REASONS


def test_field_types_are_the_few_that_every_language_has() -> None:
    """No unsigned or fixed-width numbers, no single precision; bytes only where rows are kept."""
    others = [name for name, field, _ in fields() if field.type not in TYPES]
    assert others == ["DeadLetter.payload"]


def test_units_are_in_the_names() -> None:
    """Quantities and counts are whole numbers; times are Timestamps, a ttl is a Duration."""
    for name, field, _ in fields():
        last = field.name.rsplit("_", 1)[-1]
        if last in {"quantity", "quantities", "count"} and field.type_name != QUANTITY_AT:
            assert field.type in WHOLE_UNITS, name
        timed = last == "time" or name == "ReserveStockRequest.accept_backorder_until"
        assert timed == (field.type_name == ".google.protobuf.Timestamp"), name
        lasting = last == "ttl" or field.name == "solve_limit"
        assert lasting == (field.type_name == ".google.protobuf.Duration"), name
        assert not re.search(r"qty|amount|^num_|^is_", field.name), name


def test_every_field_says_who_sets_it() -> None:
    """A field's comment begins with Required, Optional or Output only."""
    silent = [
        name
        for name, _, comment in fields()
        if not re.match(r" (Required|Optional|Output only)\. ", comment)
    ]
    assert silent == []


def test_requests_are_input_and_responses_are_output() -> None:
    """No request has a field that only the service sets, and no response one that it reads."""
    for name, _, comment in fields():
        if name.split(".")[0].endswith("Request"):
            assert "Output only." not in comment, name
        if name.split(".")[0].endswith("Response"):
            assert comment.startswith(" Output only. "), name


def test_optional_fields_of_requests_say_what_absence_means() -> None:
    """An optional number, switch or message of a request states its default."""
    counted = {
        FieldDescriptorProto.TYPE_BOOL,
        FieldDescriptorProto.TYPE_INT32,
        FieldDescriptorProto.TYPE_INT64,
        FieldDescriptorProto.TYPE_MESSAGE,
    }
    silent = [
        name
        for name, field, comment in fields()
        if name.split(".")[0].endswith("Request")
        and comment.startswith(" Optional.")
        and field.type in counted
        and "Default" not in comment
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("CheckSellableRequest.skus", f"1 to {limits.SKUS_PER_CALL_MAX} SKUs"),
        ("CheckAvailabilityRequest.skus", f"1 to {limits.SKUS_PER_CALL_MAX} SKUs"),
        ("GetAvailabilityRequest.sku", f"1 to {limits.SKU_BYTES_MAX} bytes"),
        ("Line.line_id", f"at most {limits.NAME_BYTES_MAX} bytes"),
        ("ReserveStockRequest.lines", f"1 to {limits.LINES_PER_RESERVATION_MAX} lines"),
        ("ReserveStockRequest.reservation_id", f"1 to {limits.NAME_BYTES_MAX} bytes"),
        ("ReserveStockRequest.order_reference", f"{limits.ORDER_REFERENCE_BYTES_MAX} bytes"),
        (
            "ReserveStockRequest.ttl",
            TTL_WORDS,
        ),
        (
            "ReleaseReservationRequest.request_id",
            f"at most {limits.PARTIAL_OPERATIONS_PER_RESERVATION_MAX} in a reservation",
        ),
        (
            "ReservedLine.allocations",
            f"at most {limits.ALLOCATIONS_PER_RESERVATION_MAX} in a reservation",
        ),
        (
            "ListReservationsRequest.page_size",
            f"0 to {limits.PAGE_SIZE_MAX}. Default {limits.PAGE_SIZE_DEFAULT}.",
        ),
        (
            "ListFeedsRequest.page_size",
            f"0 to {limits.PAGE_SIZE_MAX}. Default {limits.FEEDS_PER_PAGE_DEFAULT}.",
        ),
        (
            "ListDeadLettersRequest.page_size",
            f"0 to {limits.PAGE_SIZE_MAX}. Default {limits.PAGE_SIZE_DEFAULT}.",
        ),
        (
            "ResolveDeadLettersRequest.dead_letter_ids",
            f"1 to {limits.DEAD_LETTERS_PER_CALL_MAX} ids",
        ),
        ("ListDeadLettersRequest.dead_letter_ids", f"at most {limits.DEAD_LETTERS_BY_ID_MAX};"),
        ("Feed.locations", f"more than {limits.FEED_LOCATIONS_MAX} "),
        ("ApplyInventoryRequest.events", f"1 to {limits.EVENTS_PER_CALL_MAX} facts"),
        ("InventoryEvent.sequence", f"0 to {limits.SEQUENCE_MAX}"),
        ("InventoryEvent.reason", f"at most {limits.REASON_BYTES_MAX} bytes"),
        (
            "InventoryEvent.observe_time",
            OBSERVED_WORDS,
        ),
        (
            "ApplyNetworkRequest.document",
            f"1 byte to {limits.NETWORK_DOCUMENT_BYTES_MAX // 2**20} MiB",
        ),
        ("ApplyNetworkRequest.author", f"at most {limits.AUTHOR_BYTES_MAX} bytes"),
        ("ApplyNetworkRequest.comment", f"at most {limits.COMMENT_BYTES_MAX} bytes"),
    ],
)
def test_comments_state_the_limits_in_force(name: str, words: str) -> None:
    """A bound in a comment is the bound that the service enforces."""
    comment = next(comment for found, _, comment in fields() if found == name)
    assert words in " ".join(comment.split())


def test_every_enum_is_open_or_closed() -> None:
    """A reader knows whether to expect values that are not there yet."""
    for name, _, comment in enums():
        assert ("Open:" in comment) != ("Closed." in comment), name


def test_reasons_are_the_codes_in_order_of_precedence() -> None:
    """errors.proto and the table of codes name the same reasons, in the same order."""
    reasons = [value.name.removeprefix(PREFIX) for value in enum_values("ErrorReason")][1:]
    assert [reason for reason in reasons if reason not in ROW_REASONS] == list(CODES)
    assert set(reasons) - set(CODES) == ROW_REASONS


def test_reasons_state_their_code() -> None:
    """The comment of a reason begins with the code that travels with it."""
    for name, _, comment in list(enum_values("ErrorReason"))[1:]:
        reason = name.removeprefix(PREFIX)
        first = "Of a row only" if reason in ROW_REASONS else CODES[reason].name
        assert comment.startswith(f" {first}: "), name


def test_reasons_show_the_error_info_that_is_sent() -> None:
    """The example of a reason is what the service sends, down to the names in metadata."""
    samples = {sample.reason: sample for sample in SAMPLES}
    for name, _, comment in list(enum_values("ErrorReason"))[1:]:
        reason = name.removeprefix(PREFIX)
        kind, example = re.split(r"Example( row)?: ", comment)[1:]
        expected: dict[str, object] = (
            {"outcome": "OUTCOME_REJECTED", "reason": name}
            if kind
            else {"reason": reason, "domain": DOMAIN, "metadata": samples[reason].metadata}
        )
        assert json.loads(example) == expected, name


def test_gaps_in_the_numbers_are_explained() -> None:
    """A number that is skipped is one that the design has a use for, and the README says which."""
    rows = re.findall(
        r"^\| `(\w+)` \| ([\d, ]+) \|", (PROTOS / "README.md").read_text(), re.MULTILINE
    )
    free = {(name, int(number)) for name, numbers in rows for number in numbers.split(",")}
    used = defaultdict(set)
    for name, field, _ in fields():
        used[name.rsplit(".", 1)[0]].add(field.number)
    for name, enum, _ in enums():
        used[name] = {value.number for value in enum.value}
    gaps = {
        (name, number)
        for name, numbers in used.items()
        for number in set(range(1, max(numbers))) - numbers
    }
    assert gaps <= free
    assert [(name, number) for name, number in free if number in used[name]] == []
