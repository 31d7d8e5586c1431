"""The goods of the load: put into the service before a run, through its own API."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from sellable.v1 import inventory_pb2, network_pb2, reservations_pb2
from traffic.service import CALL_S_MAX, pipelined

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from traffic.service import Service

CHANNEL, COUNTRY, MARKETPLACE = "web", "FR", "marketplace"
CENTRE, STORE = "LOAD-DC", "LOAD-STORE"
SOURCE: Final = "load"
_NETWORK: Final = Path(__file__).with_name("network.yaml")
_EVENTS_PER_CALL: Final = 500
_HOLDS_ASIDE_S: Final = 5.0  # beyond their own end, until the service has seen to them
_POLL_S: Final = 0.1
_TAKEN: Final = frozenset({inventory_pb2.OUTCOME_APPLIED, inventory_pb2.OUTCOME_UNCHANGED})


class NotPrepared(Exception):
    """The service cannot be put to the test as it is; the message says why and what to do."""


@dataclass(frozen=True)
class Catalogue:
    """SKUs by number: the most popular is 0, and after all of them comes the one of the drop.

    Args:
        sku_count: SKUs beside that of the drop.
        stock: Units of each that are free when a run begins.
        drop_stock: Units of the drop.
    """

    sku_count: int
    stock: int
    drop_stock: int

    @property
    def drop(self) -> int:
        """The number of the SKU that everybody wants."""
        return self.sku_count

    @property
    def numbers(self) -> range:
        """All of them."""
        return range(self.sku_count + 1)

    def name(self, number: int) -> str:
        """Return the SKU."""
        return "LOAD-DROP" if number == self.drop else f"LOAD-{number:06d}"

    def opening_counts(self, run_id: str) -> Iterator[inventory_pb2.InventoryEvent]:
        """Yield the counts that make so many units free: two thirds in the centre."""
        now = Timestamp()
        now.GetCurrentTime()
        for number in self.numbers:
            stock = self.drop_stock if number == self.drop else self.stock
            in_store = stock // 3
            for location, quantity in ((CENTRE, stock - in_store), (STORE, in_store)):
                yield inventory_pb2.InventoryEvent(
                    event_id=f"{run_id}-{number}-{location}",
                    source=SOURCE,
                    sku=self.name(number),
                    location=location,
                    observe_time=now,
                    net_quantity=quantity,
                )


@dataclass(frozen=True)
class Units:
    """What the service has of each SKU, by its number, over all locations.

    Attributes:
        overcommitted: Reserved beyond what is there.
    """

    on_hand: Sequence[int]
    reserved: Sequence[int]
    overcommitted: Sequence[int]


def prepare(service: Service, catalogue: Catalogue, run_id: str, hold_s: float) -> Units:
    """Put network and stock into the service, and return what it has then.

    May be done again and again: orders of earlier runs stay reserved, beside the same free units.

    Raises:
        NotPrepared: It serves another network, refused a count, or cannot be reached.
    """
    try:
        _apply_network(service)
        await_holds(service, hold_s + _HOLDS_ASIDE_S)
        _count(service, catalogue, run_id)
        return units(service, catalogue)
    except grpc.RpcError as error:
        raise NotPrepared(
            f"the service does not answer: {error.code().name}: {error.details()}"
        ) from error


def units(service: Service, catalogue: Catalogue) -> Units:
    """Ask for the positions of every SKU."""
    on_hand, reserved, overcommitted = [], [], []
    requests = (
        inventory_pb2.ListPositionsRequest(sku=catalogue.name(number))
        for number in catalogue.numbers
    )
    for answer in pipelined(service.inventory.ListPositions, requests):
        on_hand.append(sum(position.on_hand_quantity for position in answer.positions))
        reserved.append(sum(position.reserved_quantity for position in answer.positions))
        overcommitted.append(sum(position.overcommitted_quantity for position in answer.positions))
    return Units(on_hand, reserved, overcommitted)


def await_holds(service: Service, wait_s_max: float) -> None:
    """Return once nothing is held any more: everything is an order, or free.

    Raises:
        NotPrepared: Something is held for longer than that.
    """
    deadline_s = time.monotonic() + wait_s_max
    while held := _held(service):
        if time.monotonic() > deadline_s:
            raise NotPrepared(
                f"reservation {held} is still held after {wait_s_max:.0f} s: "
                "another client is at work, or its hold is longer than --hold"
            )
        time.sleep(_POLL_S)


def _held(service: Service) -> str:
    """Return the id of one reservation that is held, or nothing."""
    page_token = ""
    while True:
        answer = service.reservations.ListReservations(
            reservations_pb2.ListReservationsRequest(
                state=reservations_pb2.RESERVATION_STATE_HELD, page_token=page_token
            ),
            timeout=CALL_S_MAX,
        )
        if answer.reservations:
            return answer.reservations[0].reservation_id
        if not answer.next_page_token:
            return ""
        page_token = answer.next_page_token


def _apply_network(service: Service) -> None:
    document = _NETWORK.read_text()
    served = service.network.GetNetwork(
        network_pb2.GetNetworkRequest(), timeout=CALL_S_MAX, wait_for_ready=True
    )
    if served.version and served.document != document:
        raise NotPrepared(
            "the service has a network already, and it is not that of the load tests "
            f"({_NETWORK.name}): start one on an empty store"
        )
    if not served.version:
        service.network.ApplyNetwork(
            network_pb2.ApplyNetworkRequest(document=document, comment="load test"),
            timeout=CALL_S_MAX,
        )


def _count(service: Service, catalogue: Catalogue, run_id: str) -> None:
    events = list(catalogue.opening_counts(run_id))
    requests = (
        inventory_pb2.ApplyInventoryRequest(events=events[begin : begin + _EVENTS_PER_CALL])
        for begin in range(0, len(events), _EVENTS_PER_CALL)
    )
    for answer in pipelined(service.inventory.ApplyInventory, requests):
        for result in answer.results:
            if result.outcome not in _TAKEN:
                outcome = inventory_pb2.Outcome.Name(result.outcome)
                raise NotPrepared(f"a count was not taken: {outcome} {result.detail}")
