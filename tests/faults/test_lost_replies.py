"""A reply that never arrives: the caller sends the same call again, and it counts once.

The proxy lets every request through and keeps the replies back; once the store shows that the
script has run, the connection is cut. So each test has the reply lost between script and answer.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import grpc
import pytest

from sellable.rpc.status import RefusedCall, error_from_rpc
from sellable.store.keys import Partition
from sellable.store.scripts import SCRIPTS
from sellable.v1 import reservations_pb2
from support import sourcing
from support.arena import FR, network
from support.client import Client, Want, event, state_of
from support.proxy import Proxy
from support.service import service
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from support.server import ValkeyProcess

SKU: Final = "ONCE"
UNITS: Final = 10


@dataclass(frozen=True)
class Line:
    """The call under test, the connection that can be cut, and the ledger as the store has it."""

    client: Client
    proxy: Proxy
    valkey: ValkeyProcess
    to_store: bool

    async def lose_reply(self, call: Awaitable[object], script: str = "") -> RefusedCall:
        """Make a call whose reply is lost once the store did it; return what its caller learns.

        A call that reads before it writes names the script that writes.
        """
        before = self._ledger_length()
        pending = asyncio.ensure_future(call)

        async def done_in_store() -> bool:
            return self._ledger_length() > before

        if script and self.to_store:
            self.proxy.hold_after = SCRIPTS[script].sha.encode()
        else:
            self.proxy.hold_replies()
        try:
            await eventually_async(done_in_store)
            assert not pending.done()
            self.proxy.cut()
            with pytest.raises(grpc.aio.AioRpcError) as lost:
                await pending
        finally:
            self.proxy.heal()
        await eventually_async(self._answers)
        return error_from_rpc(lost.value)

    async def _answers(self) -> bool:
        try:
            return bool(await self.client.sellable(FR, SKU))
        except grpc.aio.AioRpcError:
            return False

    def _ledger_length(self) -> int:
        with self.valkey.client() as client:
            return int(client.xlen(Partition("0").ledger))


@asynccontextmanager
async def line_to_store(valkey: ValkeyProcess, store_url: str) -> AsyncIterator[Line]:
    """Put the proxy between the service and its store, which knows the scripts already."""
    with valkey.client() as client:
        for script in SCRIPTS.values():
            client.script_load(script.source)
    async with (
        Proxy(valkey.socket_path) as proxy,
        service(proxy.url, command_timeout_ms=30_000) as one,
    ):
        yield Line(one.client, proxy, valkey, to_store=True)


@asynccontextmanager
async def line_to_service(
    valkey: ValkeyProcess, store_url: str, transport: str, socket_path: Path
) -> AsyncIterator[Line]:
    """Put the proxy between the client and the service."""
    async with (
        service(store_url, transport=transport, listen=f"unix:{socket_path}"),
        Proxy(socket_path) as proxy,
        Client(f"127.0.0.1:{proxy.port}") as client,
    ):
        yield Line(client, proxy, valkey, to_store=False)


@pytest.fixture(params=["store", "native", "grpcio"])
async def line(
    valkey: ValkeyProcess, store_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Line]:
    """Lose replies of the store to the service, or of the service to its client."""
    if request.param == "store":
        opened = line_to_store(valkey, store_url)
    else:
        opened = line_to_service(valkey, store_url, request.param, tmp_path / "s")
    async with opened as ready:
        await ready.client.apply_network(network())
        await ready.client.count(SKU, "DC", UNITS)
        yield ready
        assert [] == await ready.client.differences()


async def test_lost_reply_of_a_reservation(line: Line) -> None:
    """The same id again finds the hold that was made, and takes nothing more.

    The anomaly first: a caller that chooses a new id for its second try holds twice.
    """
    client = line.client
    await line.lose_reply(client.reserve("try-1", FR, Want(SKU, 2)))
    await client.reserve("try-2", FR, Want(SKU, 2))
    assert [UNITS - 4] == await client.sellable(FR, SKU)
    for reservation_id in ("try-1", "try-2"):
        await client.release(reservation_id)

    await line.lose_reply(client.reserve("cart", FR, Want(SKU, 2)))
    again = await client.reserve("cart", FR, Want(SKU, 2))
    assert (True, "HELD") == (again.replayed, state_of(again.reservation))
    assert [UNITS - 2] == await client.sellable(FR, SKU)


async def test_service_says_that_the_outcome_is_unknown(
    valkey: ValkeyProcess, store_url: str
) -> None:
    """A reply lost inside the service is UNAVAILABLE with outcome_unknown: send it again."""
    async with line_to_store(valkey, store_url) as line:
        await line.client.apply_network(network())
        await line.client.count(SKU, "DC", UNITS)
        told = await line.lose_reply(line.client.reserve("cart", FR, Want(SKU)))
        assert ("UNAVAILABLE", "STORE_UNAVAILABLE") == (told.code, told.reason)
        assert {"outcome_unknown": "true"} == told.metadata


def _part_of(quantity: int) -> dict[str, Any]:
    return {
        "reservation_id": "cart",
        "request_id": "q",
        "quantities": [reservations_pb2.QuantityAt(sku=SKU, quantity=quantity)],
    }


def _release_part(client: Client) -> Awaitable[object]:
    return client.reservations.ReleaseReservation(
        reservations_pb2.ReleaseReservationRequest(**_part_of(1))
    )


def _fulfil_part(client: Client) -> Awaitable[object]:
    return client.reservations.FulfillReservation(
        reservations_pb2.FulfillReservationRequest(**_part_of(1))
    )


@pytest.mark.parametrize(
    ("call", "on_hand", "reserved"),
    [
        (lambda client: client.confirm("cart"), UNITS, 4),
        (lambda client: client.release("cart"), UNITS, 0),
        (lambda client: client.fulfil("cart"), UNITS - 4, 0),
        (_release_part, UNITS, 3),
        (_fulfil_part, UNITS - 1, 3),
        (
            lambda client: client.apply(event(SKU, "DC", event_id="sale", delta_quantity=-1)),
            UNITS - 1,
            4,
        ),
        (
            lambda client: client.reserve(
                "edited", FR, Want(SKU, 3), replaces_reservation_id="cart"
            ),
            UNITS,
            3,
        ),
    ],
    ids=["confirm", "release", "fulfil", "release part", "fulfil part", "delta", "cart edit"],
)
async def test_lost_reply_of_every_other_call(
    line: Line, call: Callable[[Client], Awaitable[object]], on_hand: int, reserved: int
) -> None:
    """Every call that changes stock can be sent again after its reply was lost."""
    client = line.client
    await client.reserve("cart", FR, Want(SKU, 4))
    await line.lose_reply(call(client))
    await call(client)
    position = (await client.positions(SKU))["DC"]
    assert (on_hand, reserved) == (position.on_hand_quantity, position.reserved_quantity)


async def test_lost_reply_of_a_plan(line: Line) -> None:
    """The same id again answers the plan that is held, and takes nothing more.

    The second call finds other stock, which a new plan would prefer; so does the third, which
    moves what is held and loses its reply as well.
    """
    client = line.client
    await client.apply_network(sourcing.network(split_lines=False))

    async def rolled_out() -> bool:
        return await client.rollout_fraction() == 1.0

    await eventually_async(rolled_out)  # the ledger tells it, and then no more until the call
    wants = Want(SKU, 2)
    told = await line.lose_reply(sourcing.hold(client, "cart", wants), "reserve_planned")
    assert told.code == "UNAVAILABLE"
    await client.count(SKU, "NEAR", 5)
    again = await sourcing.hold(client, "cart", wants)
    assert (True, 0, {"DC": {SKU: 2}}) == (
        again.replayed,
        again.attempts,
        sourcing.shipped(again.plan),
    )
    assert [UNITS + 5 - 2] == await client.sellable(FR, SKU)

    lost = sourcing.refused(SKU, "DC", 2)
    moved = sourcing.source_again(client, "cart", "lost", refusals=[lost])
    await line.lose_reply(moved, "rebind_planned")
    again_moved = await sourcing.source_again(client, "cart", "lost", refusals=[lost])
    assert (True, {"NEAR": {SKU: 2}}) == (
        again_moved.replayed,
        sourcing.shipped(again_moved.plan),
    )
    # Two of DC were not there, once.
    assert [UNITS - 2 + 5 - 2] == await client.sellable(FR, SKU)
