"""The drain of a real process: a signal loses no accepted call.

A call is accepted once its handler runs. The process writes every accepted call down, so the
test can compare what was begun with what was answered.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest

from sellable.v1 import availability_pb2, availability_pb2_grpc
from support import answering
from support.wait import DEADLINE_S_DEFAULT, eventually_async

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator

    from sellable.rpc.server import Transport

CLIENTS = 64
CHANNELS = 4
ANSWERS_BEFORE_THE_SIGNAL = 500

pytestmark = pytest.mark.parametrize("transport", ["native", "grpcio"])


@dataclass
class Log:
    """What the clients saw."""

    answered: set[str] = field(default_factory=set)
    refused: dict[str, grpc.StatusCode] = field(default_factory=dict)


@asynccontextmanager
async def serving(transport: Transport, accepted: Path) -> AsyncIterator[tuple[Process, str]]:
    """Run the answering service as a process; give it and its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "support.answering", transport, "127.0.0.1:0", str(accepted)),
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(DEADLINE_S_DEFAULT):
            yield process, await line_of(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def line_of(process: Process) -> str:
    """Return the next line that the process says."""
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


async def call_until_refused(channel: grpc.aio.Channel, client: int, log: Log) -> None:
    """Call again and again, each time under a new id, until one call fails."""
    stub = availability_pb2_grpc.AvailabilityServiceStub(channel)
    number = 0
    while True:
        call_id, number = f"{client}-{number}", number + 1
        request = availability_pb2.CheckSellableRequest(skus=[answering.WORK, call_id])
        try:
            await stub.CheckSellable(request, timeout=DEADLINE_S_DEFAULT)
        except grpc.aio.AioRpcError as error:
            log.refused[call_id] = error.code()
            return
        log.answered.add(call_id)


async def test_no_accepted_call_is_lost(transport: Transport, tmp_path: Path) -> None:
    """Under load, SIGTERM: what was accepted is answered, the rest is UNAVAILABLE and undone."""
    accepted, log = tmp_path / "accepted", Log()
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with serving(transport, accepted) as (process, address), asyncio.TaskGroup() as group:
        channels = [grpc.aio.insecure_channel(address, options) for _ in range(CHANNELS)]
        for client in range(CLIENTS):
            group.create_task(call_until_refused(channels[client % CHANNELS], client, log))

        async def busy() -> bool:
            return len(log.answered) > ANSWERS_BEFORE_THE_SIGNAL

        await eventually_async(busy)
        process.send_signal(signal.SIGTERM)
        code = await process.wait()
    for channel in channels:
        await channel.close()
    assert code == 0
    assert set(accepted.read_text().split()) == log.answered
    assert len(log.refused) == CLIENTS
    assert {grpc.StatusCode.UNAVAILABLE} == set(log.refused.values())


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_second_signal_ends_at_once(
    transport: Transport, stop: signal.Signals, tmp_path: Path
) -> None:
    """A drain that waits for a stuck call is cut short by the next signal."""
    async with serving(transport, tmp_path / "accepted") as (process, address):
        async with grpc.aio.insecure_channel(address) as channel:
            stub = availability_pb2_grpc.AvailabilityServiceStub(channel)
            request = availability_pb2.CheckSellableRequest(skus=[answering.HANG])
            call = asyncio.ensure_future(stub.CheckSellable(request))
            assert await line_of(process) == "hanging"
            process.send_signal(stop)
            await refused_newcomer(address)
            begun = time.monotonic()
            process.send_signal(stop)
            code = await process.wait()
            with pytest.raises(grpc.aio.AioRpcError):
                await call
        assert code == 0
        assert time.monotonic() - begun < 5


async def refused_newcomer(address: str) -> None:
    """Return once the server refuses new calls: it is draining."""

    async def refused() -> bool:
        async with grpc.aio.insecure_channel(address) as channel:
            stub = availability_pb2_grpc.AvailabilityServiceStub(channel)
            request = availability_pb2.CheckSellableRequest(skus=[answering.ECHO])
            try:
                await stub.CheckSellable(request, timeout=1)
            except grpc.aio.AioRpcError:
                return True
            return False

    await eventually_async(refused)
