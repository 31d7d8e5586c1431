"""Files of orders and of stock: what is read, and what is said of a row that is wrong."""

from __future__ import annotations

import io
from typing import Final

import orjson
import pytest

from sellable.geo import Point
from sellable.simulate import (
    BadRow,
    Position,
    Snapshot,
    TimedOrder,
    UnusableFile,
    read_orders,
    read_snapshot,
)
from support.simulated import at_ms

HEADER: Final = (
    "order,time,channel,country,destination_country,postal_code,latitude,longitude,sku,quantity\n"
)
ROW: Final = "A,2026-03-01T10:00:00Z,web,FR,BE,1000,50.8,4.3,S1,2\n"
JSON: Final = {
    "orderReference": "A",
    "time": "2026-03-01T10:00:00Z",
    "channel": "web",
    "country": "FR",
    "destination": {"country": "BE", "postalCode": "1000", "point": {"latitude": 50.8}},
    "lines": [{"sku": "S1", "quantity": "2"}],
}


def read(text: str) -> list[TimedOrder | BadRow]:
    """Read a file of orders."""
    return list(read_orders(io.BytesIO(text.encode()), "EUR", {"USD": 0.5}))


def problems(text: str) -> list[tuple[int, str]]:
    """Return line and problem of every bad row."""
    return [(row.line, row.problem) for row in read(text) if isinstance(row, BadRow)]


def changed(**fields: object) -> str:
    """Return a line of JSON with some fields changed."""
    return orjson.dumps({**JSON, **fields}).decode()


def stock(text: str) -> tuple[Snapshot, list[BadRow]]:
    """Read a file of positions of the locations A and B."""
    told: list[BadRow] = []
    return read_snapshot(io.BytesIO(text.encode()), {"A", "B"}, told.append), told


def test_rows_of_an_order_are_its_lines() -> None:
    """Rows that stand together are one order; the first says when and where it goes."""
    one, two = read(HEADER + ROW + ROW.replace("S1,2", "S2,1") + ROW.replace("A,", "B,", 1))
    assert isinstance(one, TimedOrder)
    assert isinstance(two, TimedOrder)
    assert ("A", [("1", "S1", 2), ("2", "S2", 1)]) == (
        one.order.order_reference,
        [(line.line_id, line.sku, line.quantity) for line in one.order.lines],
    )
    assert (at_ms("2026-03-01T10:00:00"), "web/FR", 2) == (one.at_ms, one.order.market, one.line)
    where = one.order.destination
    assert ("BE", "1000", Point(50.8, 4.3)) == (where.country, where.postal_code, where.point)
    assert ("B", 4) == (two.order.order_reference, two.line)


def test_json_is_read_as_protobuf_writes_it() -> None:
    """Both spellings of names, numbers as text, a zero left out, and the request around it."""
    inner = {name: value for name, value in JSON.items() if name != "time"}
    request = {"order": inner, "at_time": JSON["time"]}
    money = {"currencyCode": "USD", "units": "3", "nanos": 500_000_000}
    plain, wrapped = read(changed(value=money) + "\n\n" + orjson.dumps(request).decode())
    assert isinstance(plain, TimedOrder)
    assert isinstance(wrapped, TimedOrder)
    assert Point(50.8, 0.0) == plain.order.destination.point
    assert 1_750_000 == plain.order.value_micros
    assert (1, 3) == (plain.line, wrapped.line)
    assert plain.order.lines == wrapped.order.lines
    assert plain.at_ms == wrapped.at_ms


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (changed(time="soon"), "time: 'soon' is not a time, e.g. 2026-11-22T09:30:00Z"),
        (changed(time=None), "time: is missing"),
        (changed(country="UK"), "country: must be an ISO 3166-1 alpha-2 code"),
        (changed(lines=[]), "lines: must be 1 to 100"),
        (changed(lines=[{"sku": "S"}] * 101), "lines[0].quantity: None is not a whole number"),
        (
            changed(lines=[{"sku": "S", "quantity": 1}] * 101),
            "lines: must be 1 to 100",
        ),
        (
            changed(lines=[{"sku": "S", "quantity": 1}, {"sku": "S", "quantity": 0}]),
            "lines[1].quantity: 0 is not a whole number from 1",
        ),
        (changed(destination={"country": "BE"}), "latitude and longitude: are missing"),
        (
            changed(destination={"country": "BE", "point": {"latitude": 91}}),
            "destination.latitude: 91 is not a number from -90 to 90",
        ),
        (
            changed(value={"currency_code": "CHF", "units": 1}),
            "value: no exchange rate for CHF",
        ),
        (changed(chan="web"), "unknown 'chan', did you mean channel?"),
        (
            changed(lines=[{"sku": "S", "quantity": 1, "qty": 2}]),
            "lines[0].unknown 'qty'",
        ),
        (changed(destination={"postcode": "1"}), "destination.unknown 'postcode', did you mean"),
        ("[1]", "not a JSON object"),
        ("{", "not JSON: "),
    ],
)
def test_a_bad_line_of_json_says_what_is_wrong(row: str, problem: str) -> None:
    """Field, value and what is allowed; the lines around it are orders."""
    text = f"{changed()}\n{row}\n{changed()}"
    orders = [one for one in read(text) if isinstance(one, TimedOrder)]
    assert [1, 3] == [order.line for order in orders]
    [(line, said)] = problems(text)
    assert 2 == line
    assert said.startswith(problem)


def test_a_bad_row_takes_its_order_with_it() -> None:
    """An order without one of its lines would be another order; the next one is read."""
    bad = ROW.replace("S1,2", "S1,two")
    short = "A,2026-03-01T10:00:00Z,web\n"
    later = ROW.replace("A,", "B,", 1)
    assert [(3, "quantity: 'two' is not a whole number from 1 to 1000000000000")] == problems(
        HEADER + ROW + bad + later
    )
    assert [
        (3, "has 3 values, the header has 10"),
        (2, "the order is left out: a row of it is bad"),
    ] == problems(HEADER + ROW + short + later)
    for text in (HEADER + ROW + bad + later, HEADER + ROW + short + later):
        assert [4] == [one.line for one in read(text) if isinstance(one, TimedOrder)]


def test_an_endless_order_is_refused_without_being_held() -> None:
    """The row beyond the hundredth ends it, however many follow."""
    assert [(2, "lines: must be 1 to 100")] == problems(HEADER + ROW * 5_000)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is empty"),
        ("order,time\n", "line 1: no column channel"),
        (HEADER.replace("sku", "skuu"), "line 1: unknown 'skuu', did you mean sku?"),
        (HEADER.replace("sku,", "sku,sku,"), "line 1: sku twice"),
        (HEADER + '"A', "line 2 is not CSV"),
        ("x" * (1024 * 1024 + 1), "line 1 has more than 1048576 bytes"),
    ],
)
def test_an_unusable_file_says_where(text: str, problem: str) -> None:
    """Nothing is guessed where no row can be read."""
    with pytest.raises(UnusableFile) as caught:
        read(text)
    assert str(caught.value).startswith(problem)


def test_orders_are_given_before_the_file_is_read() -> None:
    """A file of any length costs the memory of an order: what comes later is not read yet."""

    class Counted(io.BytesIO):
        lines = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            self.lines += 1
            return super().readline(size)

    rows = "".join(ROW.replace("A,", f"{at},", 1) for at in range(1_000))
    stream = Counted((HEADER + rows).encode())
    given = read_orders(stream)
    for at in range(5):
        assert at + 2 == getattr(next(given), "line")  # noqa: B009 - an order, or it fails
        assert at + 3 == stream.lines


def test_positions_are_read_as_they_are_listed() -> None:
    """What is not said is not known: safety stock is then the network's, outflow of nobody."""
    found, told = stock(
        "sku,location,on_hand_quantity,reserved_quantity,safety_stock_quantity,blocked,supply_id\n"
        "S1,A,5,2,1,false,\nS1,B,-3,,,true,\nS2,A,9,,,,PO-1\n"
    )
    assert [] == told
    assert {"S1": {"A": Position(5, 2, 1), "B": Position(-3, blocked=True)}} == found.positions
    assert not found.has_outflow
    assert stock("sku,location,on_hand,daily_outflow\nS,A,1,0.5\n")[0].has_outflow


def test_a_bad_position_says_what_is_wrong() -> None:
    """Each with its line; a position can be there once only."""
    _, told = stock(
        "sku,location,on_hand_quantity,blocked\nS1,A,5,\nS1,A,6,\nS1,C,1,\nS1,B,many,\nS1,B,,\n"
        "S1,B,1,maybe\n"
    )
    assert [
        (3, "'S1' at A was there before"),
        (4, "location: the network has no C"),
        (5, "on_hand_quantity: 'many' is not a whole number"),
        (6, "on_hand_quantity: is missing"),
        (7, "blocked: 'maybe' is neither true nor false"),
    ] == [(row.line, row.problem.partition(" from ")[0]) for row in told]
    with pytest.raises(UnusableFile, match="it has no position"):
        stock("sku,location,on_hand_quantity\n")
