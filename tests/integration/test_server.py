"""The server in this process, on both transports: errors, health, reflection, limits, deadlines."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status
from structlog.testing import capture_logs

from sellable import limits
from sellable.rpc.server import RunningServer, ServerOptions, Transport, serve
from sellable.v1 import availability_pb2, availability_pb2_grpc
from support import answering
from support.answering import Answering, registration
from support.wait import DEADLINE_S_DEFAULT, eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SERVICE = "sellable.v1.AvailabilityService"
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING

pytestmark = pytest.mark.parametrize("transport", ["native", "grpcio"])


@asynccontextmanager
async def connected(
    transport: Transport,
    servicer: Answering | None = None,
    *,
    drain_grace_ms: int = 5_000,
    **arguments: Any,
) -> AsyncIterator[tuple[RunningServer, grpc.aio.Channel]]:
    """Serve in this process, and connect."""
    options = ServerOptions(
        listen="127.0.0.1:0",
        transport=transport,
        drain_grace_ms=drain_grace_ms,
        health_interval_ms=10,
    )
    registrations = [registration(servicer or Answering())]
    async with (
        serve(registrations, options, **arguments) as server,
        grpc.aio.insecure_channel(server.address) as channel,
    ):
        yield server, channel


async def check(
    channel: grpc.aio.Channel, *skus: str, timeout_s: float = DEADLINE_S_DEFAULT
) -> availability_pb2.CheckSellableResponse:
    """Make one call."""
    stub = availability_pb2_grpc.AvailabilityServiceStub(channel)
    request = availability_pb2.CheckSellableRequest(skus=skus)
    return await stub.CheckSellable(request, timeout=timeout_s)


async def refusal(channel: grpc.aio.Channel, *skus: str, **arguments: Any) -> grpc.aio.AioRpcError:
    """Make one call that is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await check(channel, *skus, **arguments)
    return caught.value


def error_info(error: grpc.aio.AioRpcError) -> error_details_pb2.ErrorInfo:
    """Unpack the reason of a refusal."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return info


async def health_of(channel: grpc.aio.Channel, service: str) -> int:
    """Ask for the health of one service."""
    stub: Any = health_pb2_grpc.HealthStub(channel)
    answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
    return int(answer.status)


async def test_calls_are_answered_at_the_bound_port(transport: Transport) -> None:
    """Port 0 takes a free port, which is reported and answers."""
    async with connected(transport) as (server, channel):
        response = await check(channel, answering.ECHO, "ABC")
        assert ([4, 3], transport) == (list(response.sellable_quantities), server.transport)
        assert not server.address.endswith(":0")


async def test_refusal_arrives_with_its_details(transport: Transport) -> None:
    """A refusal of the domain comes as a rich status with reason and data."""
    async with connected(transport) as (_, channel):
        error = await refusal(channel, answering.REFUSE)
        info = error_info(error)
        assert error.code() == grpc.StatusCode.FAILED_PRECONDITION
        assert (info.domain, info.reason) == ("sellable", "INSUFFICIENT_STOCK")


async def test_fault_is_logged_and_not_told(transport: Transport) -> None:
    """A fault of ours answers INTERNAL with the id of its log entry and nothing of its text."""
    async with connected(transport) as (_, channel):
        with capture_logs() as logs:
            error = await refusal(channel, answering.FAIL)
        info = error_info(error)
        (entry,) = [log for log in logs if log["event"] == "call_failed"]
        assert (error.code(), info.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
        assert entry["request_id"] == info.metadata["request_id"]
        assert str(entry["exc_info"]) == answering.INSIDE
        assert answering.INSIDE not in repr((error.details(), error.trailing_metadata()))


async def test_unwritten_method_is_unimplemented(transport: Transport) -> None:
    """A method of the contract that nobody wrote answers UNIMPLEMENTED."""
    async with connected(transport) as (_, channel):
        stub = availability_pb2_grpc.AvailabilityServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.GetAvailability(availability_pb2.GetAvailabilityRequest(sku="A"))
        assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


async def test_health_follows_the_store(transport: Transport) -> None:
    """Every service and the whole server are SERVING exactly while the store answers."""
    answers = True

    async def store_answers() -> bool:
        if not answers:
            raise ConnectionError
        return True

    async with connected(transport, store_answers=store_answers) as (_, channel):
        for status in (SERVING, NOT_SERVING, SERVING):
            answers = status == SERVING
            for service in (SERVICE, "", "grpc.health.v1.Health"):

                async def told(service: str = service, status: int = status) -> bool:
                    return await health_of(channel, service) == status

                await eventually_async(told)


async def test_health_of_a_stranger_is_not_found(transport: Transport) -> None:
    """A service that is not served here is NOT_FOUND, not SERVING."""
    async with connected(transport) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await health_of(channel, "other.Service")
        assert caught.value.code() == grpc.StatusCode.NOT_FOUND


async def test_watcher_is_told_before_the_server_closes(transport: Transport) -> None:
    """A health watcher sees NOT_SERVING when the drain begins, and does not hold it up."""
    async with connected(transport) as (server, channel):
        stub: Any = health_pb2_grpc.HealthStub(channel)
        watch = stub.Watch(health_pb2.HealthCheckRequest(service=SERVICE))
        seen = [(await watch.read()).status]
        if seen == [NOT_SERVING]:  # the first question to the store was still open
            seen = [(await watch.read()).status]
        async with asyncio.timeout(4.0):
            await server.drain()
        seen.append((await watch.read()).status)
        assert seen == [SERVING, NOT_SERVING]
        assert await watch.code() == grpc.StatusCode.UNAVAILABLE


async def test_reflection_lists_the_services(transport: Transport) -> None:
    """Reflection names our services, health and itself."""
    async with connected(transport) as (_, channel):
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)  # type: ignore[arg-type]
        call = stub.ServerReflectionInfo()
        await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
        answer = await call.read()
        await call.done_writing()
        assert {
            SERVICE,
            "grpc.health.v1.Health",
            "grpc.reflection.v1alpha.ServerReflection",
        } == {service.name for service in answer.list_services_response.service}


async def test_open_reflection_does_not_hold_up_the_drain(transport: Transport) -> None:
    """A tool that keeps its reflection stream open is sent away when the drain begins."""
    async with connected(transport) as (server, channel):
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)  # type: ignore[arg-type]
        call = stub.ServerReflectionInfo()
        await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
        await call.read()
        async with asyncio.timeout(4.0):
            await server.drain()
        assert await call.code() == grpc.StatusCode.OK


async def test_deadline_reaches_the_handler(transport: Transport) -> None:
    """The handler knows the deadline of the call, and is cancelled when it passes."""
    servicer = Answering()
    async with connected(transport, servicer) as (_, channel):
        error = await refusal(channel, answering.HANG, timeout_s=0.3)
        assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        assert servicer.time_remaining_s is not None
        assert 0 < servicer.time_remaining_s <= 0.3
        async with asyncio.timeout(DEADLINE_S_DEFAULT):
            await servicer.cancelled.wait()


async def test_cancellation_reaches_the_handler(transport: Transport) -> None:
    """A handler whose client goes away is cancelled."""
    servicer = Answering()
    async with connected(transport, servicer) as (_, channel):
        call = asyncio.ensure_future(check(channel, answering.HANG))
        async with asyncio.timeout(DEADLINE_S_DEFAULT):
            await servicer.hanging.wait()
            call.cancel()
            await servicer.cancelled.wait()
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_own_timeout_answers_deadline_exceeded(transport: Transport) -> None:
    """A timeout that a handler took from the deadline is answered as what it is."""
    async with connected(transport) as (_, channel):
        error = await refusal(channel, answering.EXPIRE)
        assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED


async def test_oversized_message_is_refused(transport: Transport) -> None:
    """A request beyond the bound is refused and the connection goes on."""
    async with connected(transport) as (_, channel):
        error = await refusal(channel, answering.ECHO, "x" * limits.MESSAGE_BYTES_MAX)
        assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        response = await check(channel, answering.ECHO)
        assert response.revision == answering.ECHO


async def test_grace_bounds_the_drain(transport: Transport) -> None:
    """A call that does not finish within the grace is cancelled, and its client is told."""
    servicer = Answering()
    async with connected(transport, servicer, drain_grace_ms=200) as (server, channel):
        call = asyncio.ensure_future(refusal(channel, answering.HANG))
        await servicer.hanging.wait()
        async with asyncio.timeout(DEADLINE_S_DEFAULT):
            await server.drain()
            error = await call
        assert servicer.cancelled.is_set()
        assert error.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
