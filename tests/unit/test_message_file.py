"""Orders that people write as JSON: what is read, and how each fault is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sellable import limits
from sellable.cli.failure import ExitCode, Failure
from sellable.cli.message_file import read_message
from sellable.v1.sourcing_pb2 import Order

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


NAMES = "order_reference, channel, country, destination, lines, promise_time, value"


def refused(folder: Path, content: bytes) -> tuple[str, Sequence[str]]:
    """Return what is said of a file, without its path, and the notes."""
    file = folder / "order.json"
    file.write_bytes(content)
    with pytest.raises(Failure) as caught:
        read_message(file, Order(), "order")
    assert ExitCode.USAGE == caught.value.exit_code
    return caught.value.message.replace(str(file), "order.json"), caught.value.notes


def test_names_of_the_contract_and_of_protobuf_are_read(tmp_path: Path) -> None:
    """Both spellings of a field, whole numbers in quotes as well, and null for what is absent."""
    file = tmp_path / "order.json"
    file.write_text(
        '\ufeff{"orderReference": "4711", "channel": "web", "country": null, "lines": ['
        '{"line_id": "a", "sku": "A", "quantity": 2}, {"lineId": "b", "sku": "B", "quantity": "3"}'
        '], "destination": {"point": {"latitude": 48, "longitude": 2.5}}, '
        '"promise_time": "2026-12-01T08:00:00+01:00"}'
    )
    order = read_message(file, Order(), "order")
    assert ("4711", "web", "") == (order.order_reference, order.channel, order.country)
    assert [("a", 2), ("b", 3)] == [(line.line_id, line.quantity) for line in order.lines]
    assert (48.0, 2.5) == (order.destination.point.latitude, order.destination.point.longitude)
    assert "2026-12-01T07:00:00Z" == order.promise_time.ToJsonString()


def test_every_fault_is_told_by_its_path(tmp_path: Path) -> None:
    """Unknown fields, values of another type and twice the same field, all at once."""
    message, notes = refused(
        tmp_path,
        b'{"orderReference": "x", "order_reference": "y", "channels": "web", "country": 3, "lines": ['
        b'{"sku": "A", "quantity": 2.5}, {"quantity": true}, {"quantity": 1e3}, null, '
        b'{"quantity": 9223372036854775808}], "destination": [], "promise_time": "soon", '
        b'"value": {"nanos": 3000000000}, "x": "red"}',
    )
    assert "order.json has 12 problems" == message
    assert [
        "order.order_reference: is the same as orderReference: give it once",
        "order.channels: is not known: did you mean channel?",
        "order.country: 3 is not a text: write it in quotes",
        "order.lines[0].quantity: 2.5 is not a whole number of 64 bits",
        "order.lines[1].quantity: true is not a whole number of 64 bits",
        "order.lines[2].quantity: 1000.0 is not a whole number of 64 bits",
        "order.lines[3]: null is not an object with line_id, sku, quantity, location",
        "order.lines[4].quantity: 9223372036854775808 is not a whole number of 64 bits",
        "order.destination: [] is not an object with country, postal_code, point",
        'order.promise_time: "soon" is not a time like 2026-12-01T08:00:00Z',
        "order.value.nanos: 3000000000 is not a whole number of 32 bits",
        "order.x: is not known: allowed are " + NAMES,
    ] == list(notes)


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b'{"lines": {}}', "order.lines: {} is not a list"),
        (b'{"channel": "\\ud800"}', 'order.channel: "\ud800" has half a character'),
        (b'{"destination": {"point": {"latitude": 48}}}', "point.longitude: is required"),
        (b'{"destination": {"point": {"latitude": "x", "longitude": 1}}}', '"x" is not a number'),
        (b'{"destination": {"point": {"latitude": 1e999, "longitude": 1}}}', "is not a number"),
        (b'{"promise_time": "9999-99-01T00:00:00Z"}', "is not a time like"),
        (b'{"channel": ["' + b"x" * 99 + b'"]}', "x... is not a text: write it in quotes"),
        (b"[1]", "order: [1] is not an object with order_reference, channel"),
    ],
)
def test_one_fault_is_told(tmp_path: Path, content: bytes, note: str) -> None:
    """What protobuf would round, drop or take for 0 is refused."""
    message, notes = refused(tmp_path, content)
    assert "order.json has 1 problem" == message
    assert note in notes[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "order.json:1:1: not JSON: Expecting value"),
        (b'{"channel":\n  web}', "order.json:2:3: not JSON: Expecting value"),
        (b'{"channel": "a", "channel": "b"}', "order.json: 'channel' is given twice in one object"),
        (b'{"value": {"units": NaN}}', "order.json: NaN is no number of JSON"),
        (b'{"value": 1' + b"0" * 5_000 + b"}", "order.json: a number has too many digits"),
        (b"[" * 100_000, "order.json: it is nested too deeply"),
        (b'{"channel":\n"\xff"}', "order.json is not UTF-8: byte 13, line 2"),
        (
            b" " * (limits.MESSAGE_BYTES_MAX + 1),
            f"order.json has more than {limits.MESSAGE_BYTES_MAX} bytes",
        ),
    ],
)
def test_what_is_no_json_is_told_with_its_place(tmp_path: Path, content: bytes, said: str) -> None:
    """A file that cannot be read as JSON is refused in one line."""
    assert (said, ()) == refused(tmp_path, content)


def test_many_faults_are_counted(tmp_path: Path) -> None:
    """A file of another kind does not fill the screen."""
    message, notes = refused(
        tmp_path, ("{" + ",".join(f'"f{at}": 1' for at in range(30)) + "}").encode()
    )
    assert "order.json has 30 problems" == message
    assert 21 == len(notes)
    assert "... and 10 more" == notes[-1]


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """The reason is the system's."""
    with pytest.raises(Failure, match=r"cannot read .*none\.json: No such file"):
        read_message(tmp_path / "none.json", Order(), "order")
