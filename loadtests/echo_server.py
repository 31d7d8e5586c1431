"""A server that does nothing: `/Echo/<N>` is answered with N bytes that are ready.

    python loadtests/echo_server.py PORT native|grpcio bytes|guarded|intercepted N ...

No protobuf: requests are not parsed. The kinds differ in what stands before the handler: nothing,
our guard, or an interceptor that only passes calls on (on the native transport only).
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import grpc
import pygrpc_native.aio
import uvloop

from sellable.rpc.guard import Gate, Guarded


class Servicer:
    """Answers the same to everybody; its methods are numbers, of the bytes of the answer."""

    def __getattr__(self, name: str) -> Any:
        answer = bytes(int(name))

        async def echo(_request: bytes, _context: Any) -> bytes:
            return answer

        return echo


class PassOn(grpc.aio.ServerInterceptor):
    """Passes every call on."""

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """Do nothing."""
        return await continuation(handler_call_details)


async def main(port: str, transport: str, kind: str, *sizes: str) -> None:
    """Serve until the process is ended."""
    interceptors = [PassOn()] if kind == "intercepted" else None
    module: Any = pygrpc_native.aio if transport == "native" else grpc.aio
    server = module.server(interceptors=interceptors)
    servicer: Any = Servicer()
    if kind == "guarded":
        servicer = Guarded(servicer, Gate())
    handlers: dict[str, Any] = {
        size: grpc.unary_unary_rpc_method_handler(getattr(servicer, size)) for size in sizes
    }
    server.add_registered_method_handlers("Echo", handlers)
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(*sys.argv[1:]))
