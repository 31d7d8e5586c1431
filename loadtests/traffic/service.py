"""The service under load: its stubs over one connection, and many calls at once."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, Protocol, Self, TypeVar

import grpc

from sellable.v1 import (
    availability_pb2_grpc,
    inventory_pb2_grpc,
    network_pb2_grpc,
    operations_pb2_grpc,
    reservations_pb2_grpc,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CALL_S_MAX: Final = 10.0
_AT_ONCE_MAX: Final = 64
_OPTIONS: Final = (
    ("grpc.use_local_subchannel_pool", 1),  # a connection of its own
    ("grpc.enable_retries", 0),  # each failure is counted, none is retried behind our back
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
)
_Asked_contra = TypeVar("_Asked_contra", contravariant=True)
_Answer_co = TypeVar("_Answer_co", covariant=True)
_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")


class _Later(Protocol[_Answer_co]):
    def result(self) -> _Answer_co: ...


class _Method(Protocol[_Asked_contra, _Answer_co]):
    def future(self, request: _Asked_contra, /, timeout: float) -> _Later[_Answer_co]: ...


class Service:
    """All services of one address; `with` closes the connection.

    Args:
        host: Where it is: host:port, as Locust's --host tells it.
    """

    def __init__(self, host: str) -> None:
        address = host.removeprefix("http://").rstrip("/")
        self._channel = grpc.insecure_channel(address, options=_OPTIONS)
        self.availability = availability_pb2_grpc.AvailabilityServiceStub(self._channel)
        self.inventory = inventory_pb2_grpc.InventoryServiceStub(self._channel)
        self.network = network_pb2_grpc.NetworkServiceStub(self._channel)
        self.operations = operations_pb2_grpc.OperationsServiceStub(self._channel)
        self.reservations = reservations_pb2_grpc.ReservationServiceStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()


def pipelined(
    method: _Method[_Asked, _Answer], requests: Iterable[_Asked], timeout_s: float = CALL_S_MAX
) -> Iterator[_Answer]:
    """Yield the answers in order, with many calls under way.

    Raises:
        grpc.RpcError: A call was refused.
    """
    under_way: deque[_Later[_Answer]] = deque()
    for request in requests:
        under_way.append(method.future(request, timeout=timeout_s))
        if len(under_way) == _AT_ONCE_MAX:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()
