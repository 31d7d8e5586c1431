"""The load tests of Locust against a real service: every way to run them, and their audit."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode
from urllib.request import urlopen

import orjson
import pytest
import redis

from arrangement import free_port
from sellable.store.keys import Partition
from support.client import Want
from support.locust import SMALL, Locust
from support.service import ServiceProcess
from support.wait import eventually_async
from traffic.options import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPAWNED: Final = "All users spawned"
PASSED, FAILED = "audit passed", "AUDIT FAILED"
EXIT_NOT_PREPARED, EXIT_AUDIT_FAILED = 2, 3
STALL_S: Final = 2.0
KINDS: Final = frozenset(
    {
        "list page CheckSellable",
        "product page CheckAvailability",
        "checkout ReserveStock",
        "checkout ReserveStock again",
        "checkout ConfirmReservation",
        "checkout ReleaseReservation",
        "hot drop ReserveStock",
        "export ExportAvailability",
        "feed StreamInventory",
        "audit every unit",
    }
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """Serve one store to many runs, one after the other."""
    service = ServiceProcess(data=tmp_path_factory.mktemp("shop") / "data")
    with asyncio.Runner() as runner:
        runner.run(service.__aenter__())
        try:
            yield service
        finally:
            runner.run(service.__aexit__(None, None, None))


@pytest.mark.parametrize("curve", ["constant", "day", "flash", "steps"])
async def test_a_run_makes_every_kind_of_call_and_passes_its_audit(
    shop: ServiceProcess, curve: str
) -> None:
    """Each curve ends with 0, without a failure, and with every unit accounted for."""
    shares = ("--lost", "0.5", "--confirm", "0.5", "--release", "0.4", "--export-every", "1")
    async with Locust(
        *(shop.address, *SMALL, "--curve", curve, *shares),
        *("--rate", "200", "--duration", "2.5", "--drop-stock", "3"),
    ) as load:
        assert 0 == await load.ended(), load.said
        assert PASSED in load.said
        assert set(load.rows) >= KINDS
        assert {0} == {row.failures for row in load.rows.values()}


async def test_workers_share_the_rate_and_hand_in_their_books(shop: ServiceProcess) -> None:
    """Two workers make the rate of one, and the master audits what both have done."""
    port = str(free_port())
    there = ("--master-port", port)
    async with (
        Locust(
            *(shop.address, *SMALL, "--rate", "80", "--duration", "3"),
            *("--master", "--master-bind-port", port, "--expect-workers", "2"),
            *("ListPage", "Checkout"),
        ) as master,
        Locust("", "--worker", *there, "ListPage", "Checkout") as worker,
        Locust("", "--worker", *there, "ListPage", "Checkout") as other,
    ):
        assert 0 == await master.ended(), master.said
        assert PASSED in master.said
        assert (0, 0) == (await worker.ended(), await other.ended())
        rows = master.rows
    first = rows["list page CheckSellable"].calls + rows["checkout ReserveStock"].calls
    assert 80 * 3 * 0.5 < first < 80 * 3 * 1.4
    assert rows["checkout ConfirmReservation"].calls
    assert {0} == {row.failures for row in rows.values()}


async def test_a_worker_that_dies_fails_the_audit(shop: ServiceProcess) -> None:
    """What it has done nobody can tell, so nobody says that all is well."""
    port = str(free_port())
    async with (
        Locust(
            *(shop.address, *SMALL, "--rate", "80", "--duration", "3"),
            *("--master", "--master-bind-port", port, "--expect-workers", "2", "Checkout"),
        ) as master,
        Locust("", "--worker", "--master-port", port, "Checkout"),
        Locust("", "--worker", "--master-port", port, "Checkout") as other,
    ):
        await master.says(SPAWNED)
        other.process.kill()
        assert EXIT_AUDIT_FAILED == await master.ended(), master.said
        assert "1 workers left without handing in their books" in master.said


def fetched(url: str, **form: object) -> bytes:
    """Get a page, or post a form to it."""
    data = urlencode(form).encode() if form else None
    with urlopen(url, data, timeout=10) as answer:  # noqa: S310 - a page of our own
        found: bytes = answer.read()
        return found


async def test_the_web_page_shows_the_options_and_starts_runs(shop: ServiceProcess) -> None:
    """A run is chosen in the page, ends by itself, and the page has its audit."""
    port = free_port()
    page = f"http://127.0.0.1:{port}"
    async with (
        Locust(
            *("", *SMALL, "--web-host", "127.0.0.1", "--web-port", str(port)), headless=False
        ) as load,
    ):

        async def answers() -> bool:
            with socket.socket() as trial:
                return trial.connect_ex(("127.0.0.1", port)) == 0

        await eventually_async(answers)
        shown = (await asyncio.to_thread(fetched, page)).decode()
        for name in ("curve", "loop", *OPTIONS):
            assert f'"{name.replace("-", "_")}"' in shown, name
        form = {"user_count": 100, "spawn_rate": 100, "host": shop.address}
        chosen = {"curve": "steps", "rate": 80, "duration": 2}
        await asyncio.to_thread(fetched, f"{page}/swarm", **form, **chosen)

        async def audited() -> bool:
            stats = orjson.loads(await asyncio.to_thread(fetched, f"{page}/stats/requests"))
            return any(row["method"] == "audit" for row in stats["stats"])

        await eventually_async(audited)
        await load.says(PASSED)
        load.process.send_signal(signal.SIGTERM)
        assert 0 == await load.ended(), load.said


async def test_a_stall_shows_in_open_loop_and_hides_in_closed(
    store_url: str, tmp_path: Path
) -> None:
    """A service that stands still for 2 s: whoever waits to ask again hardly asks meanwhile."""
    pages = ("--rate", "50", "--duration", "6", "--export-every", "0", "--feed-rate", "0")
    async with (
        ServiceProcess(store_url) as one,
        ServiceProcess(data=tmp_path / "data") as other,
        Locust(*(one.address, *SMALL, "--users", "200", *pages, "ListPage")) as opened,
        Locust(
            *(other.address, *SMALL, *pages, "--users", "1", "--loop", "closed", "ListPage")
        ) as closed,
    ):
        await opened.says(SPAWNED)
        await closed.says(SPAWNED)
        for stalled in (one, other):
            os.kill(stalled.pid, signal.SIGSTOP)
        await asyncio.sleep(STALL_S)  # it is the stall
        for stalled in (one, other):
            os.kill(stalled.pid, signal.SIGCONT)
        assert 0 == await opened.ended(), opened.said
        assert 0 == await closed.ended(), closed.said
        shown = opened.rows["list page CheckSellable"]
        hidden = closed.rows["list page CheckSellable"]
    assert hidden.p99_ms < STALL_S * 1_000 / 2
    assert shown.p99_ms > STALL_S * 1_000 * 0.8


async def test_arrivals_that_find_nobody_free_are_failures(shop: ServiceProcess) -> None:
    """With two clients and a service that stands still, the rest is counted, and the exit is 1."""
    pages = ("--rate", "50", "--duration", "2.5", "--export-every", "0", "--feed-rate", "0")
    async with (
        Locust(*(shop.address, *SMALL, "--users", "2", *pages, "ListPage")) as load,
    ):
        await load.says(SPAWNED)
        os.kill(shop.pid, signal.SIGSTOP)
        await asyncio.sleep(1.0)  # it is the stall
        os.kill(shop.pid, signal.SIGCONT)
        assert 1 == await load.ended(), load.said
        assert " shed" in load.said
        row = load.rows["list page CheckSellable"]
    assert 20 < row.failures < row.calls < 250


async def test_a_service_that_is_killed_costs_calls_but_no_unit(store_url: str) -> None:
    """Replies are lost and calls fail; what became of them is looked up, and the audit passes."""
    rest = ("--rate", "100", "--duration", "4", "--feed-rate", "400", "--confirm", "1")
    async with (
        ServiceProcess(store_url) as served,
        Locust(*(served.address, *SMALL, *rest, "--release", "0", "Checkout", "Feed")) as load,
    ):
        await load.says(SPAWNED)
        served.kill()
        await served.start()
        assert 1 == await load.ended(), load.said
        assert PASSED in load.said
        rows = load.rows
    assert rows["checkout ReserveStock"].failures
    assert rows["checkout ConfirmReservation"].calls
    assert rows["feed StreamInventory again"].calls


async def test_the_audit_finds_an_oversell(store_url: str) -> None:
    """A store that forgets its sales sells the drop again and again: the run ends with 3."""
    drop = ("--drop-stock", "10", "--rate", "60", "--duration", "2", "--confirm", "1")
    async with (
        ServiceProcess(store_url) as served,
        Locust(*(served.address, *SMALL, *drop, "--release", "0", "HotDrop")) as load,
    ):
        await load.says("Ramping to")
        key = Partition("0").sku("LOAD-DROP")
        with redis.from_url(store_url) as client:
            untouched = client.dump(key)
            while load.process.poll() is None and "Shutting down" not in load.said:
                client.restore(key, 0, untouched, replace=True)
                await asyncio.sleep(0.05)
        assert EXIT_AUDIT_FAILED == await load.ended(), load.said
        assert FAILED in load.said
        assert "LOAD-DROP: OVERSOLD: " in load.said
        assert " sold of 10 counted in" in load.said


async def test_the_audit_finds_a_sale_beside_the_books(store_url: str) -> None:
    """One unit that another client ordered is found, by SKU and number."""
    async with (
        ServiceProcess(store_url) as served,
        Locust(*(served.address, *SMALL, "--duration", "2", "--rate", "20", "Checkout")) as load,
        served.client() as thief,
    ):
        await load.says("Ramping to")
        await thief.reserve("thief", "web/FR", Want("LOAD-DROP"))
        await thief.confirm("thief")
        assert EXIT_AUDIT_FAILED == await load.ended(), load.said
        assert "LOAD-DROP: 1 reserved, by our books 0" in load.said


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--rate", "0"), "--rate is 0: allowed is 0.1 to 100000"),
        ((), "the service has a network already"),
    ],
)
async def test_a_run_that_cannot_be_says_why(
    store_url: str, options: tuple[str, ...], reason: str
) -> None:
    """The exit code is 2, and a network that is there stays."""
    other = {
        "locations": [{"id": "L", "type": "store", "country": "FR"}],
        "markets": [{"channel": "web", "country": "FR", "locations": ["L"]}],
    }
    async with ServiceProcess(store_url) as served, served.client() as client:
        version = await client.apply_network(other)
        async with Locust(served.address, *SMALL, *options) as load:
            assert EXIT_NOT_PREPARED == await load.ended(), load.said
            assert f"NOT STARTED: {reason}" in load.said
            assert "Traceback" not in load.said
        assert version == await client.apply_network(other)
