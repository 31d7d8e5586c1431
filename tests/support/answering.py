"""A small real service on the generated code, told by its first SKU how to behave.

Run as a program it serves until a signal, and writes down every call that it accepts.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from sellable.errors import InsufficientStock, ShortLine
from sellable.logs import configure_logs
from sellable.rpc.run import run, run_event_loop
from sellable.rpc.server import Registration, RunningServer, ServerOptions
from sellable.v1 import availability_pb2, availability_pb2_grpc

SHORT = ShortLine(line_id="1", sku="A", requested_quantity=3, sellable_quantity=1)
ECHO, REFUSE, FAIL, HANG, EXPIRE, WORK = "echo", "refuse", "fail", "hang", "expire", "work"
INSIDE = "connection to 10.1.2.3 lost"
# How long a call takes that works: long enough that many are in flight when the signal comes.
_WORK_S = 0.02


# Not as its type says: a test asks for a method that is not written here.
_Servicer: Any = availability_pb2_grpc.AvailabilityServiceServicer


class Answering(_Servicer):  # type: ignore[misc]
    """Answers, refuses, fails, hangs or works, as the first SKU says."""

    def __init__(self, accepted: Path | None = None) -> None:
        """Write accepted calls that work to this file."""
        self.hanging = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.time_remaining_s: float | None = None
        self._accepted = accepted

    async def CheckSellable(  # noqa: N802 - the name of the RPC
        self, request: availability_pb2.CheckSellableRequest, context: Any
    ) -> availability_pb2.CheckSellableResponse:
        """Do what the first SKU says."""
        behaviour = request.skus[0]
        if behaviour == REFUSE:
            raise InsufficientStock(SHORT)
        if behaviour == FAIL:
            raise ConnectionError(INSIDE)
        if behaviour == EXPIRE:
            raise TimeoutError
        if behaviour == HANG:
            await self._hang(context)
        if behaviour == WORK:
            await self._work(request.skus[1])
        return availability_pb2.CheckSellableResponse(
            sellable_quantities=[len(sku) for sku in request.skus], revision=behaviour
        )

    async def _hang(self, context: Any) -> None:
        self.time_remaining_s = context.time_remaining()
        self.hanging.set()
        print("hanging", flush=True)  # noqa: T201 - the parent process waits for it
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.set()

    async def _work(self, call_id: str) -> None:
        assert self._accepted is not None
        with self._accepted.open("a") as file:
            file.write(f"{call_id}\n")
        await asyncio.sleep(_WORK_S)


def registration(servicer: Answering) -> Registration:
    """Return the servicer as `serve` takes it."""
    return availability_pb2_grpc.add_AvailabilityServiceServicer_to_server, servicer


async def main(transport: Any, listen: str, accepted: Path) -> None:
    """Serve until a signal; the address goes to standard output once calls are accepted."""

    def tell(server: RunningServer) -> None:
        print(server.address, flush=True)  # noqa: T201 - the parent process waits for it

    options = ServerOptions(listen=listen, transport=transport, drain_grace_ms=60_000)
    await run([registration(Answering(accepted))], options, on_ready=tell)


if __name__ == "__main__":
    configure_logs(level="info", form="text")
    run_event_loop(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
