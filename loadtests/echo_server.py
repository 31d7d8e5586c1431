"""The native transport doing nothing: any request is answered with ready-made bytes.

    python loadtests/echo_server.py PORT ANSWER_BYTES [plain|guarded|intercepted]

The kinds differ in what stands before the handler: nothing, our guard, or an interceptor that
only passes calls on (`check_guard.py` compares them).
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import grpc
import pygrpc_native.aio
import uvloop

from sellable.rpc.guard import Gate, Guarded

SERVICE, METHOD = "sellable.v1.AvailabilityService", "CheckSellable"


class Echo:
    """Answers the same bytes to everybody."""

    def __init__(self, answer: bytes) -> None:
        """Answer this."""
        self._answer = answer

    async def answer(self, _request: bytes, _context: Any) -> bytes:
        """Do nothing."""
        return self._answer


class PassOn(grpc.aio.ServerInterceptor):
    """Passes every call on."""

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """Do nothing."""
        return await continuation(handler_call_details)


async def main(port: str, answer_bytes: str, kind: str = "plain") -> None:
    """Serve until the process is ended."""
    servicer: Any = Echo(bytes(int(answer_bytes)))
    if kind == "guarded":
        servicer = Guarded(servicer, Gate())
    server = pygrpc_native.aio.server(interceptors=[PassOn()] if kind == "intercepted" else None)
    handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        METHOD: grpc.unary_unary_rpc_method_handler(servicer.answer)
    }
    server.add_registered_method_handlers(SERVICE, handlers)
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(*sys.argv[1:]))
