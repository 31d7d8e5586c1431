"""The native transport doing nothing: every request is answered with the same ready answer.

    python loadtests/echo_server.py PORT ANSWER_BYTES [messages|bytes|guarded|intercepted]

`messages` is a servicer on the generated code, as any servicer is: requests are parsed and the
answer is written. The other kinds leave protobuf out, and differ in what stands before the
handler: nothing, our guard, or an interceptor that only passes calls on.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import grpc
import pygrpc_native.aio
import uvloop

from sellable.rpc.guard import Gate, Guarded
from sellable.v1 import availability_pb2, availability_pb2_grpc

SERVICE = "sellable.v1.AvailabilityService"
_Servicer: Any = availability_pb2_grpc.AvailabilityServiceServicer


class Echo(_Servicer):  # type: ignore[misc]
    """Answers the same to everybody."""

    def __init__(self, answer: Any) -> None:
        """Answer this, a message or bytes."""
        self._answer = answer

    async def CheckSellable(self, _request: Any, _context: Any) -> Any:  # noqa: N802 - the RPC
        """Do nothing."""
        return self._answer


class PassOn(grpc.aio.ServerInterceptor):
    """Passes every call on."""

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """Do nothing."""
        return await continuation(handler_call_details)


def register(server: grpc.aio.Server, answer_bytes: int, kind: str) -> None:
    """Add the one method in this kind."""
    if kind == "messages":
        servicer: Any = Echo(message_of(answer_bytes))
        availability_pb2_grpc.add_AvailabilityServiceServicer_to_server(servicer, server)
        return
    echo: Any = Echo(bytes(answer_bytes))
    if kind == "guarded":
        echo = Guarded(echo, Gate())
    handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        "CheckSellable": grpc.unary_unary_rpc_method_handler(echo.CheckSellable)
    }
    server.add_registered_method_handlers(SERVICE, handlers)


def message_of(size: int) -> availability_pb2.CheckSellableResponse:
    """Return an answer of this size: twenty numbers of two bytes and a revision."""
    numbers = [200] * 20
    bare = availability_pb2.CheckSellableResponse(sellable_quantities=numbers, revision="r")
    revision = "r" * (size - bare.ByteSize() + 1)
    return availability_pb2.CheckSellableResponse(sellable_quantities=numbers, revision=revision)


async def main(port: str, answer_bytes: str, kind: str = "messages") -> None:
    """Serve until the process is ended."""
    server = pygrpc_native.aio.server(interceptors=[PassOn()] if kind == "intercepted" else None)
    register(server, int(answer_bytes), kind)
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(*sys.argv[1:]))
