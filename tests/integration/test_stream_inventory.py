"""Facts on a stream: one answer a request, in order, and no faster than the client reads."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import grpc
import pytest

from sellable.rpc.status import error_from_rpc
from sellable.v1 import inventory_pb2 as pb
from sellable.v1 import inventory_pb2_grpc
from support.arena import FR, network
from support.client import event, outcome_name
from support.service import service
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.client import Client
    from support.service import Service

# A client whose library takes no more than it was asked for, but for 64 KiB.
NO_READ_AHEAD: Final = (("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 65_536))
REQUESTS: Final = 100


@pytest.fixture(params=["native", "grpcio"])
async def served(store_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Service]:
    """Serve a network without stock."""
    async with service(store_url, transport=request.param) as started:
        await started.client.apply_network(network())
        yield started


def counts(batch: int, *quantities: int) -> pb.StreamInventoryRequest:
    """Make a request that counts S0, S1, ... at DC."""
    return pb.StreamInventoryRequest(
        events=[event(f"S{at}", "DC", on_hand_quantity=n) for at, n in enumerate(quantities)],
        batch_id=f"b{batch}",
    )


def told(answer: object) -> tuple[str, list[str]]:
    """Return the mark and the outcomes of one answer."""
    assert isinstance(answer, pb.StreamInventoryResponse), "the stream has ended"
    return answer.batch_id, [outcome_name(result) for result in answer.results]


async def streamed(client: Client, *requests: pb.StreamInventoryRequest) -> list[object]:
    """Send all requests, and return every answer and then the refusal, if there is one."""
    call = client.inventory.StreamInventory(iter(requests), timeout=30)
    found: list[object] = []
    try:
        while (answer := await call.read()) is not grpc.aio.EOF:
            found.append(told(answer))
    except grpc.aio.AioRpcError as error:
        refused = error_from_rpc(error)
        found.append((refused.code, refused.reason, [v.field for v in refused.violations]))
    return found


async def test_each_request_is_answered_before_the_next_is_sent(served: Service) -> None:
    """A client may wait for each answer: its mark, its rows in order, and a revision to read at."""
    call = served.client.inventory.StreamInventory(timeout=30)
    for batch in range(3):
        await call.write(counts(batch, batch + 1, 5))
        answer = await call.read()
        second = "APPLIED" if batch == 0 else "UNCHANGED"
        assert (f"b{batch}", ["APPLIED", second]) == told(answer)
        assert getattr(answer, "revision", "")
        assert [batch + 1, 5] == await served.client.sellable(FR, "S0", "S1")
    await call.done_writing()
    assert grpc.aio.EOF == await call.read()


async def test_requests_are_answered_in_their_order(served: Service) -> None:
    """What is sent without waiting is applied and answered one after the other."""
    requests = [counts(at, at + 1) for at in range(50)]
    answers = await streamed(served.client, *requests)
    assert [(f"b{at}", ["APPLIED"]) for at in range(50)] == answers
    assert [50] == await served.client.sellable(FR, "S0")


async def test_a_stream_without_requests_has_no_answers(served: Service) -> None:
    """Nothing asked, nothing answered."""
    assert [] == await streamed(served.client)


async def test_bad_rows_are_answered_beside_the_others(served: Service) -> None:
    """A bad row is REJECTED, its neighbours are applied, and the stream goes on."""
    bad = pb.StreamInventoryRequest(
        events=[
            event("", "DC", on_hand_quantity=1),
            event("A", "DC", on_hand_quantity=1),
            event("A", "MOON", on_hand_quantity=1),
        ]
    )
    assert [
        ("", ["REJECTED", "APPLIED", "REJECTED"]),
        ("b1", ["APPLIED"]),
    ] == await streamed(served.client, bad, counts(1, 5))


async def test_every_row_is_counted_for_its_source(served: Service) -> None:
    """Also those that are refused before the store is asked, unless they name no source."""
    bad = pb.StreamInventoryRequest(
        events=[
            event("", "DC", on_hand_quantity=1),
            event("A", "DC", on_hand_quantity=1),
            event("A", "MOON", on_hand_quantity=1),
            event("A", "DC", on_hand_quantity=1, source=""),
        ]
    )
    await streamed(served.client, bad)
    runner = served.store.runner
    feed = await runner.connection.execute("HGETALL", runner.partition.feed("test"))
    assert (1, 2) == (int(feed[b"applied"]), int(feed[b"rejected"]))


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (pb.StreamInventoryRequest(), "events"),
        (pb.StreamInventoryRequest(events=[pb.InventoryEvent()] * 1_001), "events"),
        (pb.StreamInventoryRequest(events=[pb.InventoryEvent()], batch_id="x" * 65), "batch_id"),
    ],
    ids=["no rows", "too many rows", "a mark that is too long"],
)
async def test_a_bad_request_ends_the_stream_after_the_answers_before_it(
    served: Service, bad: pb.StreamInventoryRequest, field: str
) -> None:
    """What came before is applied and answered; what comes after is not read."""
    found = await streamed(served.client, counts(0, 5), bad, counts(2, 9))
    assert [("b0", ["APPLIED"]), ("INVALID_ARGUMENT", "INVALID_FIELD", [field])] == found
    assert [5] == await served.client.sellable(FR, "S0")


async def test_a_repeated_stream_changes_nothing(served: Service) -> None:
    """After a broken stream everything may be sent again."""
    requests = [
        pb.StreamInventoryRequest(events=[event("A", "DC", delta_quantity=3, event_id=f"d{at}")])
        for at in range(5)
    ]
    assert [("", ["APPLIED"])] * 5 == await streamed(served.client, *requests)
    assert [("", ["DUPLICATE"])] * 5 == await streamed(served.client, *requests)
    assert [15] == await served.client.sellable(FR, "A")


async def test_a_client_that_leaves_keeps_what_was_answered(served: Service) -> None:
    """A stream that is cancelled ends; what it had applied stays, and the service goes on."""
    call = served.client.inventory.StreamInventory(timeout=30)
    await call.write(counts(0, 5))
    assert ("b0", ["APPLIED"]) == told(await call.read())
    call.cancel()
    assert [5] == await served.client.sellable(FR, "S0")
    assert [("b1", ["APPLIED"])] == await streamed(served.client, counts(1, 7))


async def test_a_client_that_does_not_read_is_not_read(served: Service) -> None:
    """Its writes stop after a few requests, so the service holds a few; then all is answered."""
    # Half a megabyte that is all wrong, so that the answer is as long: buffers on the way hold few.
    request = pb.StreamInventoryRequest(events=[pb.InventoryEvent(sku="x" * 500)] * 1_000)
    async with grpc.aio.insecure_channel(served.server.address, NO_READ_AHEAD) as channel:
        call = inventory_pb2_grpc.InventoryServiceStub(channel).StreamInventory(timeout=60)
        written: list[int] = []

        async def write_all() -> None:
            for at in range(REQUESTS):
                request.batch_id = f"b{at}"
                await call.write(request)
                written.append(at)
            await call.done_writing()

        writer = asyncio.ensure_future(write_all())
        seen = [-1, len(written)]

        async def stands_still() -> bool:
            await asyncio.gather(*(served.client.sellable(FR, "S0") for _ in range(300)))
            seen.append(len(written))
            return bool(written) and seen[-1] == seen[-2] == seen[-3]

        await eventually_async(stands_still)
        assert seen[-1] < REQUESTS // 2, "the service read on without a reader"
        marks = [answer.batch_id async for answer in call]
        await writer
    assert [f"b{at}" for at in range(REQUESTS)] == marks
