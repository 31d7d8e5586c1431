"""Calls of the demo's clients: over several connections, timed, and sent again where that helps."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import grpc
import grpc.aio

from sellable.errors import SellableError
from sellable.limits import MESSAGE_BYTES_MAX
from sellable.rpc.status import RefusedCall, error_from_rpc
from sellable.v1.availability_pb2_grpc import AvailabilityServiceStub
from sellable.v1.inventory_pb2_grpc import InventoryServiceStub
from sellable.v1.network_pb2_grpc import NetworkServiceStub
from sellable.v1.operations_pb2_grpc import OperationsServiceStub
from sellable.v1.reservations_pb2_grpc import ReservationServiceStub

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

_CONNECTIONS: Final = 4
_CALL_S_MAX: Final = 10.0
_GIVE_UP_S: Final = 20.0  # an embedded store that is started again is there within seconds
_PAUSE_S_MIN: Final = 0.02
_PAUSE_S_MAX: Final = 0.5
# The same id again finds out what became of a call, so these can be sent again without harm.
_SENT_AGAIN: Final = frozenset({"UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"})

_Request_contra = TypeVar("_Request_contra", contravariant=True)
_Response_co = TypeVar("_Response_co", covariant=True)
_Item = TypeVar("_Item")


class CallRefused(SellableError):
    """The service refused a call of the demo; `call` says how."""

    def __init__(self, kind: str, call: RefusedCall) -> None:
        """Name the kind of call."""
        super().__init__(f"{kind} was refused: {call.reason or call.code}: {call.message}")
        self.call = call


class Method(Protocol[_Request_contra, _Response_co]):
    """A method of a stub."""

    def __call__(self, request: _Request_contra, /, *, timeout: float) -> Awaitable[_Response_co]:
        """Send the request."""
        ...


@dataclass(slots=True)
class CallTimes:
    """How long every attempt took, by kind of call; refusals are answers like others."""

    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    retry_count: int = 0

    @property
    def call_count(self) -> int:
        """All attempts so far."""
        return sum(map(len, self.seconds.values()))


class Caller:
    """One connection to the service.

    Args:
        channel: open for as long as this is used.
        times: where the time of each call is noted.
    """

    def __init__(self, channel: grpc.aio.Channel, times: CallTimes) -> None:
        self.availability = AvailabilityServiceStub(channel)
        self.inventory = InventoryServiceStub(channel)
        self.network = NetworkServiceStub(channel)
        self.operations = OperationsServiceStub(channel)
        self.reservations = ReservationServiceStub(channel)
        self._times = times

    async def call(
        self, kind: str, method: Method[_Request_contra, _Response_co], request: _Request_contra
    ) -> _Response_co:
        """Send the request until it is answered; one with an id changes nothing twice.

        Raises:
            CallRefused: The service says no, or did not answer for a while.
        """
        pause_s = _PAUSE_S_MIN
        give_up = perf_counter() + _GIVE_UP_S
        while True:
            began = perf_counter()
            try:
                return await method(request, timeout=_CALL_S_MAX)
            except grpc.aio.AioRpcError as error:
                refused = error_from_rpc(error)
                if refused.code not in _SENT_AGAIN or perf_counter() > give_up:
                    raise CallRefused(kind, refused) from error
            finally:
                self._times.seconds[kind].append(perf_counter() - began)
            self._times.retry_count += 1
            await asyncio.sleep(max(pause_s, refused.retry_after_ms / 1_000))
            pause_s = min(2 * pause_s, _PAUSE_S_MAX)


@asynccontextmanager
async def callers(address: str, times: CallTimes) -> AsyncIterator[Sequence[Caller]]:
    """Open several connections to the service."""
    options = [
        # Channels with equal arguments would share one connection.
        ("grpc.use_local_subchannel_pool", 1),
        # The service is on this machine; a proxy of the environment is for the web.
        ("grpc.enable_http_proxy", 0),
        # We send calls again ourselves, and count them.
        ("grpc.enable_retries", 0),
        ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
        ("grpc.max_reconnect_backoff_ms", 500),
    ]
    async with AsyncExitStack() as stack:
        channels = [
            await stack.enter_async_context(grpc.aio.insecure_channel(address, options))
            for _ in range(_CONNECTIONS)
        ]
        yield [Caller(channel, times) for channel in channels]


async def for_each(
    items: Iterable[_Item], work: Callable[[_Item], Awaitable[None]], *, at_once_max: int
) -> None:
    """Do the work for every item, several at once; the first failure ends it all."""
    rest = iter(items)

    async def worker() -> None:
        for item in rest:
            await work(item)

    await together(worker() for _ in range(at_once_max))


async def together(tasks: Iterable[Awaitable[None]]) -> None:
    """Wait for all; the first failure ends the others and is raised as it is."""

    async def run(task: Awaitable[None]) -> None:
        await task

    try:
        async with asyncio.TaskGroup() as group:
            for task in tasks:
                group.create_task(run(task))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
