"""Purchase orders under a crowd: never promised twice, and whoever came first is served first."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from google.protobuf.timestamp_pb2 import Timestamp

from sellable.v1.inventory_pb2 import FutureSupply, SupplyReceipt
from support.arena import FR, at_once, bought, crowd, network
from support.client import Client, Want, event
from support.proxy import Proxy
from support.service import ServiceProcess, service
from support.wait import eventually_async

if TYPE_CHECKING:
    from sellable.reservation import Reservation
    from sellable.store.store import Store
    from sellable.v1.inventory_pb2 import InventoryEvent
    from sellable.v1.reservations_pb2 import ReserveStockResponse
    from support.server import ValkeyProcess

CLIENTS: Final = 64
WANTED: Final = 500
ORDERED: Final = 300
ARRIVED: Final = 250
SKU: Final = "PREORDER"
SUPPLY: Final = "PO-1"
NETWORK: Final = network(web={"backorder_horizon": "30d"})
DAY_MS: Final = 24 * 3600 * 1000


def timestamp(after_ms: int) -> Timestamp:
    """Return a time from now on."""
    made = Timestamp()
    made.FromMilliseconds(time.time_ns() // 1_000_000 + after_ms)
    return made


def announced(quantity: int = ORDERED) -> InventoryEvent:
    """Announce the purchase order."""
    supply = FutureSupply(supply_id=SUPPLY, quantity=quantity, expect_time=timestamp(DAY_MS))
    return event(SKU, "DC", future_supply=supply)


def received(quantity: int, *, final: bool = False) -> InventoryEvent:
    """Tell that goods arrived."""
    receipt = SupplyReceipt(supply_id=SUPPLY, quantity=quantity, final=final)
    return event(SKU, "DC", supply_receipt=receipt)


async def preorder(
    client: Client, name: str, quantity: int = 1, ttl_ms: int = 600_000
) -> ReserveStockResponse:
    """Hold units of stock, or else of what is expected."""
    return await client.reserve(
        name,
        FR,
        Want(SKU, quantity),
        ttl_ms=ttl_ms,
        accept_backorder_until=timestamp(2 * DAY_MS),
    )


async def holders(store: Store) -> list[Reservation]:
    """Return every reservation with open units of the SKU, in order of reservation."""
    found: list[Reservation] = []
    last = 0
    while page := await store.reservations.page(f"k:{SKU}", last, 100):
        found += [reservation for _, reservation in page]
        last = page[-1][0]
    return found


def place_of(reservation: Reservation) -> str:
    """Return where the only open units of a reservation are, with how many are short."""
    ((place, short),) = [
        (allocation.location, allocation.short)
        for line in reservation.lines
        for allocation in line.allocations
        if allocation.open
    ]
    return f"{place} short" if short else place


async def test_a_purchase_order_is_promised_once_and_served_in_order(store_url: str) -> None:
    """500 want one of 300: exactly 300 get it; 250 arrive: exactly the first 250 are served.

    The receipt is final, so the other 50 are short, and the supply is overcommitted by them.
    """
    async with (
        service(store_url) as one,
        crowd([one.server.address], CLIENTS) as clients,
    ):
        await one.client.apply_network(NETWORK)
        assert ["APPLIED"] == await one.client.apply(announced())
        waiting = iter(range(WANTED))

        async def buy(client: Client, _: int) -> bool:
            count = 0
            for cart in waiting:
                count += await bought(preorder(client, f"cart-{cart}"))
            sold.append(count)
            return True

        sold: list[int] = []
        await at_once(clients, buy)
        assert ORDERED == sum(sold)
        before = [reservation.reservation_id for reservation in await holders(one.store)]
        assert ["APPLIED"] == await one.client.apply(received(ARRIVED, final=True))
        after = await holders(one.store)
        assert before == [reservation.reservation_id for reservation in after]
        assert ["DC"] * ARRIVED == [place_of(each) for each in after[:ARRIVED]]
        short = ["DC+PO-1 short"] * (ORDERED - ARRIVED)
        assert short == [place_of(each) for each in after[ARRIVED:]]
        positions = await one.store.inventory.positions(SKU)
        assert [("DC", 250, 250, 0), ("DC+PO-1", 0, 50, 50)] == [
            (p.location, p.on_hand, p.reserved, p.overcommitted) for p in positions[0]
        ]
        assert [] == await one.client.differences()


async def test_releases_expiries_and_receipts_meet(store_url: str) -> None:
    """While goods arrive in parts, holds lapse, are released and are made: every count agrees.

    In the end what arrived is with those who wait, as far as they fit, and nothing is twice.
    """
    now_ms = [time.time_ns() // 1_000_000]
    async with (
        service(store_url, now_ms=now_ms, sweep_interval_ms=10) as one,
        crowd([one.server.address], CLIENTS // 4) as clients,
    ):
        await one.client.apply_network(NETWORK)
        await one.client.apply(announced())

        async def trade(client: Client, at: int) -> bool:
            for turn in range(8):
                name = f"cart-{at}-{turn}"
                ttl_ms = 1_000 if turn % 3 == 1 else 600_000
                if await bought(preorder(client, name, 1 + at % 4, ttl_ms)) and turn % 3 == 2:
                    await client.release(name)
                if turn == at % 8:
                    assert ["APPLIED"] == await client.apply(received(7))
                    now_ms[0] += 500
            return True

        assert CLIENTS // 4 == await at_once(clients, trade)
        now_ms[0] += 2_000

        async def settled() -> bool:
            execute = one.store.runner.connection.execute
            lapsed = await execute("ZCOUNT", one.store.runner.partition.expiry, "-inf", now_ms[0])
            return not lapsed and not await execute("HLEN", one.store.runner.partition.unsettled)

        await eventually_async(settled)
        assert [] == await one.client.differences()
        stock, supply = (await one.store.inventory.positions(SKU))[0]
        assert 7 * (CLIENTS // 4) == stock.on_hand
        open_units = [
            (allocation.location, allocation.open)
            for reservation in await holders(one.store)
            for line in reservation.lines
            for allocation in line.allocations
        ]
        in_stock = sum(quantity for place, quantity in open_units if place == "DC")
        kept = stock.reserved - in_stock
        waiting = [quantity for place, quantity in open_units if place == "DC+PO-1" and quantity]
        assert sum(waiting) == supply.reserved
        assert not [quantity for quantity in waiting if quantity <= kept]


async def test_killed_between_receipt_and_moving(valkey: ValkeyProcess, store_url: str) -> None:
    """The service dies when the goods are noted and nobody was moved: the next one moves all.

    The proxy keeps the store's replies back, so the service never comes to the moving.
    """
    async with Proxy(valkey.socket_path) as proxy, ServiceProcess(proxy.url) as process:
        async with process.client() as client:
            await client.apply_network(NETWORK)
            await client.apply(announced())
            await asyncio.gather(*(preorder(client, f"cart-{at}") for at in range(100)))
            proxy.hold_replies()
            call = asyncio.ensure_future(client.apply(received(80)))

            async def arrived() -> bool:
                with valkey.client() as redis:
                    return bool(redis.hlen("{0}:w"))

            await eventually_async(arrived)
            process.kill()
            await asyncio.wait([call])
            assert call.exception()
        async with service(store_url, sweep_interval_ms=10) as other:

            async def moved() -> bool:
                with valkey.client() as redis:
                    return not redis.hlen("{0}:w")

            await eventually_async(moved)
            places = [place_of(each) for each in await holders(other.store)]
            assert ["DC"] * 80 + ["DC+PO-1"] * 20 == places
            assert [] == await other.client.differences()
