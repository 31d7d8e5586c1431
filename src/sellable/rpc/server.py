"""The gRPC server: one address, one of two transports, health, reflection and a drain.

`serve` is the server as a context manager (`rpc/run.py` serves until a signal comes):

    async with serve(registrations, options, store_answers=store.answers) as server:
        print(server.address)

Two transports serve the same servicers. `native` does HTTP/2 outside the GIL and knows no TLS;
`grpcio` knows TLS. `auto` takes native unless there is TLS.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import grpc
import structlog
from grpc_health.v1 import health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2_grpc

from sellable import limits
from sellable.errors import ListenRefused
from sellable.rpc import health, reflection
from sellable.rpc.express.server import ExpressServer
from sellable.rpc.guard import Gate, Guarded
from sellable.rpc.listen import (
    Address,
    TcpAddress,
    TlsFiles,
    parse_address,
    refused,
    require_free,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from sellable.rpc.express.events import Express

Transport = Literal["auto", "native", "grpcio"]
# A generated `add_<Service>Servicer_to_server` and the servicer that it adds.
Registration = tuple["Callable[[Any, grpc.aio.Server], None]", object]

_log = structlog.get_logger("sellable.rpc")
_LINGER_S: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How to serve; the names and bounds are those of the settings.

    Args:
        shared: Whether other processes serve on the same port, which somebody holds for all.
    """

    listen: str = "127.0.0.1:50051"
    transport: Transport = "auto"
    tls: TlsFiles | None = None
    drain_notice_ms: int = 0
    drain_grace_ms: int = 10_000
    health_interval_ms: int = 1_000
    concurrent_streams_max: int = 1_024
    shared: bool = False
    address: Address = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", parse_address(self.listen))
        if self.transport == "native" and self.tls is not None:
            raise ListenRefused(
                "the native transport has no TLS: choose --transport grpcio or auto, "
                "or end TLS in front of the service"
            )

    @property
    def transport_effective(self) -> Literal["native", "grpcio"]:
        """What `auto` stands for here."""
        if self.transport == "auto":
            return "native" if self.tls is None else "grpcio"
        return self.transport


class RunningServer:
    """A server that accepts calls; made by `serve`."""

    def __init__(
        self,
        server: grpc.aio.Server,
        *,
        address: Address,
        options: ServerOptions,
        gate: Gate,
        names: set[str],
    ) -> None:
        """Take a server that is bound but not started, and the gate of its services."""
        self.address: Final = str(address)
        self.transport: Final = options.transport_effective
        self.gate: Final = gate
        self._server = server
        self._options = options
        self._health = health.Health(names)
        self._reflection = reflection.Reflection(names)
        self._drained = False
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(self._reflection, server)  # type: ignore[no-untyped-call]

    @property
    def serving(self) -> bool:
        """What health checks are told."""
        return self._health.serving

    def set_serving(self, serving: bool) -> None:  # noqa: FBT001 - a setter of one boolean
        """Tell health checks whether the store answers; a drain overrules it."""
        self._health.set_serving(serving)

    async def drain(self, *, notice: bool = True) -> None:
        """Say NOT_SERVING, refuse new calls, let the accepted ones finish, then close.

        Without notice, new calls are refused at once: where others serve on the same port.

        A call is accepted once its handler runs: it ends with its own answer, unless that takes
        longer than the grace. Any other call has done nothing; it ends UNAVAILABLE, or CANCELLED
        if it reaches grpcio in the instant of closing.
        """
        if self._drained:
            return
        self._drained = True
        self._health.close()
        self._reflection.close()
        # Balancers that poll need the notice to take this server away before it refuses.
        if notice:
            await asyncio.sleep(self._options.drain_notice_ms / 1_000)
        self.gate.close()
        loop = asyncio.get_running_loop()
        until = loop.time() + self._options.drain_grace_ms / 1_000
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await self.gate.idle()
                if self.transport == "grpcio":
                    # Stopped at once, grpcio would answer CANCELLED to the calls in its queue,
                    # and clients do not send those to another server; the gate says UNAVAILABLE.
                    # Whoever has just been answered sends the next call about now.
                    await asyncio.sleep(_LINGER_S)
        await self._server.stop(max(0.0, until - loop.time()))

    async def start(self) -> None:
        """Accept calls from now on."""
        await self._server.start()

    async def follow(self, answers: Callable[[], Awaitable[bool]]) -> None:
        """Keep the health status equal to what this question answers, for ever."""
        interval_s = self._options.health_interval_ms / 1_000
        while True:
            serving = await _ask(answers, timeout_s=interval_s)
            if serving != self.serving and not self._drained:
                _log.info("health_changed", serving=serving)
            self.set_serving(serving)
            await asyncio.sleep(interval_s)


@asynccontextmanager
async def serve(
    registrations: Sequence[Registration],
    options: ServerOptions,
    *,
    store_answers: Callable[[], Awaitable[bool]] | None = None,
    express: Callable[[Gate], Mapping[str, Express]] | None = None,
) -> AsyncIterator[RunningServer]:
    """Serve until the block ends, then drain.

    Args:
        registrations: The services.
        options: Where and how.
        store_answers: Asked again and again; health is SERVING while it answers true. Without
            it, health is SERVING until the drain.
        express: Makes the methods, by path, that the native transport answers by the batch.
    """
    if not options.shared:
        require_free(options.address)
    gate = Gate()
    server = _new_server(options, express(gate) if express else {})
    names = _register(registrations, server, gate)
    address = _bind(server, options)
    running = RunningServer(
        server,
        address=address,
        options=options,
        gate=gate,
        names=names | {health.SERVICE_NAME, reflection.SERVICE_NAME},
    )
    await running.start()
    # Not a TaskGroup: it would wrap what the block raises into an ExceptionGroup.
    follower = asyncio.ensure_future(running.follow(store_answers or _always))
    try:
        yield running
    finally:
        await running.drain()
        await cancel(follower)


async def cancel(task: asyncio.Future[Any]) -> None:
    """End a task; what it raised before is raised here."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _always() -> bool:
    return True


class _Names:
    """Stands in for a server, to learn which services a registration adds."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.ServiceRpcHandler]) -> None:
        self.seen.update(handler.service_name() for handler in handlers)

    def add_registered_method_handlers(self, service_name: str, _handlers: object) -> None:
        self.seen.add(service_name)


def _register(
    registrations: Sequence[Registration], server: grpc.aio.Server, gate: Gate
) -> set[str]:
    names: Any = _Names()
    for add, servicer in registrations:
        guarded = Guarded(servicer, gate)
        add(guarded, server)
        add(guarded, names)
    seen: set[str] = names.seen
    return seen


def _new_server(options: ServerOptions, express: Mapping[str, Express]) -> grpc.aio.Server:
    arguments = _grpc_arguments(options)
    if options.transport_effective == "native":
        return ExpressServer(express, arguments)
    return grpc.aio.server(options=arguments)


def _bind(server: grpc.aio.Server, options: ServerOptions) -> Address:
    address = options.address
    try:
        if options.tls is None:
            port = server.add_insecure_port(str(address))
        else:
            credentials = grpc.ssl_server_credentials([options.tls.read()])
            port = server.add_secure_port(str(address), credentials)
    except (RuntimeError, ValueError) as error:
        raise refused(address, "the address could not be bound") from error
    if isinstance(address, TcpAddress):
        return TcpAddress(host=address.host, port=port)
    return address


def _grpc_arguments(options: ServerOptions) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", limits.MESSAGE_BYTES_MAX),
        ("grpc.max_send_message_length", limits.MESSAGE_BYTES_MAX),
        ("grpc.max_metadata_size", 8 * 1024),
        ("grpc.absolute_max_metadata_size", 16 * 1024),
        ("grpc.max_concurrent_streams", options.concurrent_streams_max),
        # A connection with calls on it whose peer is silently gone is closed within 80 s.
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 0),
        ("grpc.http2.max_pings_without_data", 0),
        # Clients may ping idle connections every 10 s: load balancers drop silent ones early.
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        # A port in use is an error: two services on one port by accident would share the calls.
        ("grpc.so_reuseport", int(options.shared)),
    ]


async def _ask(answers: Callable[[], Awaitable[bool]], *, timeout_s: float) -> bool:
    try:
        async with asyncio.timeout(timeout_s):
            return await answers()
    except Exception as error:  # noqa: BLE001 - a worker loop: a failing question is a no
        _log.debug("health_question_failed", error=repr(error))
        return False
