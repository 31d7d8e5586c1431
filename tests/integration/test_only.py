"""Which services a process has: all, all but sourcing, or sourcing alone beside another one."""

from __future__ import annotations

from typing import Any, Final

import pytest
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from support.client import Want, refusal_of
from support.service import service
from support.sourcing import FR, hold, network

PACKAGE: Final = "sellable.v1."
STOCK: Final = {"Availability", "Reservation", "Inventory", "Network", "Operations"}


async def services(channel: Any) -> set[str]:
    """Return the services of ours that reflection names."""
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
    call = stub.ServerReflectionInfo()
    await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
    answer = await call.read()
    await call.done_writing()
    names = {one.name for one in answer.list_services_response.service}
    return {
        name.removeprefix(PACKAGE).removesuffix("Service")
        for name in names
        if name.startswith(PACKAGE)
    }


@pytest.mark.parametrize("transport", ["native", "grpcio"])
async def test_sourcing_runs_apart_over_the_same_store(transport: str, store_url: str) -> None:
    """One process has the stock, another one plans; what is not there is UNIMPLEMENTED."""
    async with (
        service(store_url, transport=transport, only="availability") as stock,
        service(store_url, transport=transport, only="sourcing") as sourcing,
    ):
        assert STOCK == await services(stock.client.channel)
        assert {"Sourcing"} == await services(sourcing.client.channel)
        await stock.client.apply_network(network(split_lines=False))
        await stock.client.count("A", "NEAR", 2)
        await hold(sourcing.client, "cart", Want("A"))
        assert [1] == await stock.client.sellable(FR, "A")
        told = await refusal_of(hold(stock.client, "other", Want("A")))
        assert "UNIMPLEMENTED" == told.code
        told = await refusal_of(sourcing.client.sellable(FR, "A"))
        assert "UNIMPLEMENTED" == told.code


async def test_all_is_everything(store_url: str) -> None:
    """A process that is not told otherwise serves every service of the contract."""
    async with service(store_url) as one:
        assert STOCK | {"Sourcing"} == await services(one.client.channel)
