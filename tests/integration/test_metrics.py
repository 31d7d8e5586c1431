"""Metrics: what the endpoint tells is what was called, whichever process was called."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

import pytest

from sellable.errors import ListenRefused
from sellable.metrics.endpoint import metrics_served
from sellable.metrics.families import FAMILIES
from sellable.metrics.series import Series, Totals
from support.arena import FR
from support.client import Want, refusal_of
from support.service import ServiceProcess
from support.serving import SKU, free_port, scrape, stock_up
from support.sources import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.serving import Samples

CLIENTS: Final = 12
OF_WORKERS: Final = {"sellable_orders_at_risk_total"}  # told by sourcing workers alone
PAGE: Final = ROOT / "src" / "sellable" / "metrics" / "README.md"


@pytest.mark.parametrize("transport", ["native", "grpcio"])
@pytest.mark.parametrize("workers", [1, 2])
async def test_what_is_told_is_what_was_called(
    workers: int, transport: str, store_url: str
) -> None:
    """Calls, SKUs and refusals of many connections add up exactly; and the whole table is told."""
    address = f"127.0.0.1:{free_port()}"
    async with (
        ServiceProcess(
            store_url, workers=workers, transport=transport, metrics_listen=address
        ) as service,
        service.client() as first,
        AsyncExitStack() as stack,
    ):
        await stock_up(first)
        clients = [await stack.enter_async_context(service.client()) for _ in range(CLIENTS)]
        for number, client in enumerate(clients):
            await asyncio.gather(*(client.sellable(FR, SKU, "ABSENT") for _ in range(number + 1)))
            await client.reserve(f"cart-{number}", FR, Want(SKU))
            await refusal_of(client.get("nobody"))
            await refusal_of(client.sellable("web/US", SKU))
        samples = await scrape(address)
        checks = sum(range(CLIENTS + 1))
        assert {
            ("CheckSellable", "OK"): checks,
            ("CheckSellable", "NOT_FOUND"): CLIENTS,
            ("ReserveStock", "OK"): CLIENTS,
            ("GetReservation", "NOT_FOUND"): CLIENTS,
            ("ApplyNetwork", "OK"): 1,
            ("ApplyInventory", "OK"): 1,
        } == calls(samples)
        key = ("sellable_call_seconds_count", (("method", "CheckSellable"),))
        assert checks + CLIENTS == samples[key]
        assert 2 * checks <= samples["sellable_read_skus_sum", ()] <= 2 * checks + CLIENTS
        assert 0 == samples["sellable_calls_in_flight", ()]
        numbers = {str(number + 1) for number in range(workers)}
        assert numbers == {labels[0][1] for name, labels in samples if name == "sellable_worker_up"}
        told = {
            name.removesuffix("_bucket").removesuffix("_count").removesuffix("_sum")
            for name, _ in samples
        }
        assert {family.shown for family in FAMILIES.values()} - OF_WORKERS == told


def calls(samples: Samples) -> dict[tuple[str, str], float]:
    """Return how many calls ended, by method and code."""
    return {
        (dict(labels)["method"], dict(labels)["code"]): value
        for (name, labels), value in samples.items()
        if name == "sellable_calls_total" and value
    }


def test_the_page_has_the_table() -> None:
    """Every metric has its row, in order, and no other has."""
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert [
        f"| `{family.shown}` | {family.kind} "
        f"| {', '.join(f'`{label}`' for label in family.labels)} | {family.meaning} |"
        for family in FAMILIES.values()
    ] == rows


def test_totals_keep_what_the_dead_have_counted() -> None:
    """Counters and buckets of a process that is gone stay; what was true of it then does not."""
    gone, totals = Totals(), Totals()
    buckets = [1.0] * (len(FAMILIES["sellable_read_skus"].bounds) + 2)
    gone.keep(
        [
            Series("sellable_calls", [2], ("A", "OK")),
            Series("sellable_calls_in_flight", [7]),
            Series("sellable_read_skus", buckets),
        ]
    )
    totals.add(gone.series())
    totals.add(
        [
            Series("sellable_calls", [3], ("A", "OK")),
            Series("sellable_calls", [4], ("B", "OK")),
            Series("sellable_read_skus", buckets),
        ]
    )
    assert [
        Series("sellable_calls", [5], ("A", "OK")),
        Series("sellable_read_skus", [2.0] * len(buckets)),
        Series("sellable_calls", [4], ("B", "OK")),
    ] == totals.series()


@pytest.fixture
def taken() -> Iterator[str]:
    """Give an address at which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


async def refusal(listen: str) -> str:
    """Return the sentence with which an address of metrics is refused."""

    async def read() -> list[Series]:
        return []

    with pytest.raises(ListenRefused) as caught, metrics_served(listen, read):
        pass
    return str(caught.value)


async def test_addresses_that_cannot_be_used(taken: str) -> None:
    """Each is refused with what is allowed, or with the reason of the system."""
    assert f"cannot listen on {taken}: address already in use" == await refusal(taken)
    assert "expected host:port or [ipv6]:port" in await refusal("unix:/tmp/metrics")
    assert "cannot listen on 'nonsense': expected host:port" in await refusal("nonsense")
