"""Every way in which facts come into the store, each through the code that serves it."""

from __future__ import annotations

import csv
import itertools
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sellable.ingest.content import content_of
from sellable.ingest.entries import entry_of
from sellable.ingest.events import encode
from sellable.ingest.loading import load
from sellable.ingest.order import Order
from sellable.ingest.profiles import load_profile
from sellable.stock import Fact, FactKind, Outcome
from sellable.store.feeds import GROUP
from sellable.v1 import inventory_pb2 as pb
from support.client import CALL_S_MAX, event, outcome_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sellable.ingest.order import Loaded
    from sellable.ingest.rows import Row
    from support.service import Service


class Way(StrEnum):
    """A way in."""

    CALL = "ApplyInventory"
    STREAM = "StreamInventory"
    QUEUE = "a Redis stream"
    TABLE = "a CSV file"
    LINES = "a JSON Lines file"


_COLUMNS: Final = {
    FactKind.COUNT: "on_hand_quantity",
    FactKind.NET_COUNT: "net_quantity",
    FactKind.DELTA: "delta_quantity",
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HEADER: Final = ("event_id", "sku", "location", "observe_time", "sequence", *_COLUMNS.values())


class WaysIn:
    """Puts facts into a running service; files are written to a folder."""

    def __init__(self, service: Service, folder: Path) -> None:
        self._service = service
        self._folder = folder
        self._numbers = itertools.count()

    async def put(self, way: Way, facts: Sequence[Fact]) -> None:
        """Put facts in by one way, in order; none of them may be refused."""
        for source, some in itertools.groupby(facts, key=lambda fact: fact.source):
            await self._put(way, source, list(some))

    async def _put(self, way: Way, source: str, facts: list[Fact]) -> None:
        # A table has no column for what left for a reservation, nor for settings alone.
        if way is Way.TABLE and any(fact.kind not in _COLUMNS for fact in facts):
            way = Way.LINES
        match way:
            case Way.CALL:
                outcomes = await self._service.client.apply(*map(message, facts))
            case Way.STREAM:
                outcomes = await self._stream(facts)
            case Way.QUEUE:
                outcomes = await self._queue(source, facts)
            case Way.TABLE:
                outcomes = await self._file(source, "csv", _table(facts))
            case Way.LINES:
                outcomes = await self._file(source, "jsonl", b"\n".join(map(encode, facts)))
        assert len(facts) == len(outcomes)
        assert "REJECTED" not in outcomes, (way, facts)

    async def _stream(self, facts: list[Fact]) -> list[str]:
        async def requests() -> Any:
            for fact in facts:
                yield pb.StreamInventoryRequest(events=[message(fact)])

        call = self._service.client.inventory.StreamInventory(requests(), timeout=CALL_S_MAX)
        return [outcome_name(result) async for answer in call for result in answer.results]

    async def _queue(self, source: str, facts: list[Fact]) -> list[str]:
        store = self._service.store
        connection, key = store.runner.connection, store.runner.partition.waiting(source)
        fields = [part for fact in facts for part in ("event", encode(fact))]
        entry_id = await connection.execute("XADD", key, "*", *fields)
        groups = await connection.execute("XINFO", "GROUPS", key)
        if not groups:
            await connection.execute("XGROUP", "CREATE", key, GROUP, "0")
        read: Any = ("XREADGROUP", "GROUP", GROUP, "test", "STREAMS", key, ">")
        await connection.execute(*read)
        reading = entry_of([entry_id, [_bytes(part) for part in fields]], source)
        (answer,) = await store.feeds.apply_entries(source, [reading.entry])
        assert not answer.gone
        return [Outcome(result.outcome).name for result in answer.results]

    async def _file(self, source: str, ending: str, content: bytes) -> list[str]:
        path = self._folder / f"{next(self._numbers)}.{ending}"
        path.write_bytes(content)
        order = Order(source=source, profile=load_profile("default"), again=True)
        loaded = await load(self._service.store, content_of(path), order, _Nobody())
        assert loaded.complete, loaded.problem
        return [name.upper() for name in loaded.outcomes.elements()]


class _Nobody:
    """Looks on, and fails at the first row that is refused."""

    def progress(self, loaded: Loaded, bytes_read: int) -> None:
        """Be told."""

    def rejected(self, row: Row, reason: str, detail: str) -> None:
        """Fail."""
        raise AssertionError((row, reason, detail))


def message(fact: Fact) -> pb.InventoryEvent:
    """Return a fact as the contract has it."""
    said: dict[str, Any]
    match fact.kind:
        case FactKind.SHIPMENT:
            shipment = pb.Shipment(reservation_id=fact.reservation_id, quantity=fact.quantity)
            said = {"shipment": shipment}
        case FactKind.SAFETY_STOCK:
            said = {"safety_stock_quantity": fact.quantity}
        case FactKind.BLOCKED:
            said = {"blocked": bool(fact.quantity)}
        case _:
            said = {_COLUMNS[fact.kind]: fact.quantity}
    return event(
        fact.sku,
        fact.location,
        observe_us=fact.observe_us,
        event_id=fact.event_id,
        source=fact.source,
        sequence=fact.sequence,
        **said,
    )


def _table(facts: list[Fact]) -> bytes:
    lines: list[str] = []

    class _Lines:
        def write(self, line: str) -> None:
            lines.append(line)

    writer = csv.DictWriter(_Lines(), _HEADER, restval="")
    writer.writeheader()
    writer.writerows(map(_cells, facts))
    return "".join(lines).encode()


def _cells(fact: Fact) -> dict[str, object]:
    moment = _EPOCH + timedelta(microseconds=fact.observe_us)
    return {
        "event_id": fact.event_id,
        "sku": fact.sku,
        "location": fact.location,
        "observe_time": moment.isoformat(timespec="microseconds"),
        "sequence": fact.sequence,
        _COLUMNS[fact.kind]: fact.quantity,
    }


def _bytes(part: str | bytes) -> bytes:
    return part.encode() if isinstance(part, str) else part


def batches(arrivals: Sequence[tuple[Way, Fact]]) -> Iterator[tuple[Way, list[Fact]]]:
    """Yield what arrives one after the other by the same way."""
    for way, some in itertools.groupby(arrivals, key=lambda arrival: arrival[0]):
        yield way, [fact for _, fact in some]
