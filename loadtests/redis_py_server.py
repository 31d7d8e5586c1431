"""The server that one would write first: grpc.aio, and redis-py called once per request.

It is given what helps it (uvloop, hiredis, a pool, the Unix socket), and it promises less: it
knows no market, no epoch, no bound and no refusal.

    python loadtests/redis_py_server.py PORT STORE
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import grpc
import uvloop
from redis import asyncio as redis

from sellable.v1 import availability_pb2, availability_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Awaitable

_CONNECTIONS_MAX = 128  # as many as there are calls in flight: no call waits for a connection
_Servicer: Any = availability_pb2_grpc.AvailabilityServiceServicer


class Availability(_Servicer):  # type: ignore[misc]
    """Answers from the view of the market."""

    def __init__(self, store: redis.Redis) -> None:
        """Ask this store."""
        self._store = store

    async def CheckSellable(  # noqa: N802 - the name of the RPC
        self, request: availability_pb2.CheckSellableRequest, _context: Any
    ) -> availability_pb2.CheckSellableResponse:
        """Ask once, answer."""
        key = f"{{0}}:v:{request.channel}/{request.country}"
        asked: Awaitable[list[bytes | None]] = self._store.hmget(key, list(request.skus))  # type: ignore[assignment]
        return availability_pb2.CheckSellableResponse(
            sellable_quantities=[-1 if value is None else int(value) for value in await asked]
        )


async def main(port: str, store: str) -> None:
    """Serve until the process is ended."""
    client = redis.Redis.from_url(store, max_connections=_CONNECTIONS_MAX)
    server = grpc.aio.server()
    availability_pb2_grpc.add_AvailabilityServiceServicer_to_server(Availability(client), server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(*sys.argv[1:]))
