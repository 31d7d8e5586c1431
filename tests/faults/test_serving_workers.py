"""Several workers on one port: killed, replaced and drained under load, no unit is taken twice."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import grpc
import orjson
import pytest

from support.client import refusal_of, state_of
from support.command import SCRIPT, environment
from support.service import ServiceProcess
from support.serving import (
    SKU,
    UNITS,
    all_buy,
    buyers,
    check_books,
    children,
    events,
    free_port,
    is_alive,
    lasting,
    scrape,
    serving_pids,
    some_buy,
    stock_up,
    worker_pids,
)
from support.tls import self_signed
from support.wait import eventually, eventually_async

if TYPE_CHECKING:
    from pathlib import Path

    from support.serving import Samples

BUYERS: Final = 24
_REFUSED_S_MAX: Final = 60.0
_END_S_MAX: Final = 30

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="asks /proc which process serves whom"
)
BOTH = pytest.mark.parametrize("transport", ["native", "grpcio"])


@BOTH
async def test_every_worker_serves(transport: str, store_url: str) -> None:
    """Connections are spread over all workers, and all of them serve one stock."""
    async with ServiceProcess(store_url, workers=3, transport=transport) as service:
        pids = set(worker_pids(service).values())
        assert 3 == len(pids)
        async with service.client() as client:
            await stock_up(client)
            async with buyers(service.address, 2 * BUYERS, retrying=False) as crowd:
                assert pids == serving_pids(service.address, [*pids])
            assert not any(buyer.failed for buyer in crowd)
            await check_books(client, crowd)
        assert 1 == events(service, "serving")
        assert 0 == await service.terminate()
    assert not any(map(is_alive, pids))


@BOTH
async def test_a_killed_worker_is_replaced(transport: str, store_url: str) -> None:
    """Who is served by another worker notices nothing; who is not tries again, and pays once.

    The metrics of the dead worker stay in the totals.
    """
    metrics = f"127.0.0.1:{free_port()}"
    async with ServiceProcess(
        store_url, workers=2, transport=transport, metrics_listen=metrics
    ) as service:
        seen: list[Samples] = []

        async def started_again() -> bool:
            seen.append(await scrape(metrics))
            return seen[-1]["sellable_worker_restarts_total", (("worker", "1"),)] == 1

        async with service.client() as client:
            await stock_up(client)
            async with buyers(service.address, BUYERS, retrying=False) as crowd:
                victim = worker_pids(service)[1]
                assert {victim} == serving_pids(service.address, [victim])
                seen.append(await scrape(metrics))
                os.kill(victim, signal.SIGSTOP)  # so that calls surely are in flight there
                await some_buy(crowd, 10 * BUYERS)
                os.kill(victim, signal.SIGKILL)
                await eventually_async(started_again)
                await all_buy(crowd)
                seen.append(await scrape(metrics))
            assert victim != worker_pids(service)[1]
            failed = {code for buyer in crowd for code in buyer.failed.values()}
            assert failed <= {grpc.StatusCode.UNAVAILABLE}
            assert any(not buyer.failed for buyer in crowd)
            assert any(buyer.failed for buyer in crowd)
            await check_books(client, crowd)
        for before, after in pairwise(seen):
            assert {} == {k: v for k, v in lasting(before).items() if after.get(k, -1) < v}


async def test_a_killed_supervisor_takes_all_with_it(tmp_path: Path) -> None:
    """Workers and embedded store end, the port is free, and the next start finds every unit."""
    async with ServiceProcess(data=tmp_path / "data", workers=2) as service:
        pids = [*worker_pids(service).values()]
        pids.append(int((tmp_path / "data" / "valkey.pid").read_text()))
        async with service.client() as client:
            await stock_up(client)
        async with buyers(service.address, 4, retrying=False) as crowd:
            service.kill()
            for buyer in crowd:
                buyer.stopped = True
        eventually(lambda: not any(map(is_alive, pids)), _END_S_MAX)
        with socket.create_server(("127.0.0.1", int(service.address.rpartition(":")[2]))):
            pass
        await service.start()
        async with service.client() as client:
            for buyer in crowd:
                for cart in buyer.told:
                    assert "HELD" == state_of(await client.get(cart))
            told = sum(len(buyer.told) for buyer in crowd)
            position = (await client.positions(SKU))["DC"]
            assert UNITS == position.on_hand_quantity
            assert told <= position.reserved_quantity <= told + len(crowd)


@BOTH
async def test_sigterm_loses_no_call(transport: str, store_url: str) -> None:
    """What was taken was told, and what was refused was not done."""
    async with ServiceProcess(store_url, workers=2, transport=transport) as service:
        async with service.client() as client:
            await stock_up(client)
        async with buyers(service.address, BUYERS, retrying=False) as crowd:
            os.kill(service.pid, signal.SIGTERM)

            async def all_refused() -> bool:
                return all(buyer.failed for buyer in crowd)

            # Where many connections are refused at once, gRPC's client stands still for seconds.
            await eventually_async(all_refused, _REFUSED_S_MAX)
        assert 0 == await service.terminate()
        failed = {cart: code for buyer in crowd for cart, code in buyer.failed.items()}
        refusals = {grpc.StatusCode.UNAVAILABLE}
        if transport == "grpcio":
            refusals.add(grpc.StatusCode.CANCELLED)  # in the instant of closing
        assert set(failed.values()) <= refusals
        await service.start()
        async with service.client() as client:
            await check_books(client, crowd)
            for cart in failed.keys() - {cart for buyer in crowd for cart in buyer.told}:
                assert "NOT_FOUND" == (await refusal_of(client.get(cart))).code


async def test_sigterm_drains_one_after_the_other(store_url: str) -> None:
    """A worker begins to drain when the one before it has ended."""
    async with ServiceProcess(store_url, workers=3, worker_cores="own") as service:
        assert 0 == await service.terminate()
        told = [(e["event"], e.get("worker")) for e in service.log if "worker" in e]
        steps = [step for step in told if step[0] in {"draining", "stopped"}]
        expected = [(event, number) for number in (1, 2, 3) for event in ("draining", "stopped")]
        assert expected == steps


async def test_a_worker_may_have_a_core_of_its_own(store_url: str) -> None:
    """With as many cores as workers, no two are on one."""
    cores = sorted(os.sched_getaffinity(0))
    async with ServiceProcess(store_url, workers=2, worker_cores="own") as service:
        kept = {number: os.sched_getaffinity(pid) for number, pid in worker_pids(service).items()}
    assert {number: {cores[(number - 1) % len(cores)]} for number in (1, 2)} == kept


async def test_a_second_signal_hurries(store_url: str) -> None:
    """A drain that has minutes left is cut short."""
    async with ServiceProcess(store_url, workers=2, drain_notice_ms=300_000) as service:
        os.kill(service.pid, signal.SIGTERM)
        eventually(lambda: events(service, "draining") == 3)
        assert 0 == await service.terminate()
        assert 1 <= events(service, "stopped_at_once")


@pytest.mark.parametrize("workers", [1, 2])
async def test_signals_without_end_end_it_cleanly(workers: int, store_url: str) -> None:
    """Whoever is impatient gets the same exit code, however late in the end a signal comes."""
    async with ServiceProcess(store_url, workers=workers) as service:
        pid = service.pid
        ending = asyncio.ensure_future(service.terminate())
        while not ending.done():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            await asyncio.sleep(0)
        assert 0 == await ending


def test_a_signal_ends_a_service_that_starts(store_url: str) -> None:
    """Who has no patience for the start leaves no worker behind."""
    command = [str(SCRIPT), "serve", "--store", store_url, "--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        [*command, "--workers", "2"], stderr=subprocess.PIPE, env=environment()
    ) as process:
        eventually(lambda: len(children(process.pid)) == 2)
        pids = children(process.pid)
        process.terminate()
        assert 0 == process.wait(_END_S_MAX)
    assert not any(map(is_alive, pids))


@BOTH
async def test_sighup_replaces_workers_one_by_one(transport: str, store_url: str) -> None:
    """Clients that retry as gRPC offers it see no call fail, and every process is a new one.

    Balancers need no notice, so nobody waits for it until the service itself is to end.
    """
    async with ServiceProcess(
        store_url, workers=2, transport=transport, drain_notice_ms=300_000
    ) as service:
        async with service.client() as client:
            await stock_up(client)
        before = worker_pids(service)
        async with buyers(service.address, BUYERS, retrying=True) as crowd:
            os.kill(service.pid, signal.SIGHUP)

            async def replaced() -> bool:
                return events(service, "workers_replaced") == 1

            await eventually_async(replaced, _END_S_MAX)
            await all_buy(crowd)
        assert {} == {cart: code for buyer in crowd for cart, code in buyer.failed.items()}
        after = worker_pids(service)
        assert before.keys() == after.keys()
        assert not set(before.values()) & set(after.values())
        assert not any(map(is_alive, before.values()))
        assert 0 == events(service, "worker_died")
        async with service.client() as client:
            await check_books(client, crowd)
        os.kill(service.pid, signal.SIGTERM)
        eventually(lambda: events(service, "draining") == 5)
        assert 0 == await service.terminate()


def test_workers_that_cannot_start_again_end_the_service(tmp_path: Path, store_url: str) -> None:
    """Their error is that of the service, at the start and when one has to be replaced."""
    files = self_signed(tmp_path)
    command = [
        *(str(SCRIPT), "serve", "--store", store_url, "--listen", "127.0.0.1:0", "--workers", "2"),
        *("--tls-certificate-file", str(files.certificate_file)),
        *("--tls-key-file", str(files.key_file), "--log-format", "json"),
    ]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=environment(), start_new_session=True
    ) as process:
        assert process.stderr is not None
        pids = {}
        for line in process.stderr:
            entry = orjson.loads(line)
            if entry["event"] == "worker_serving":
                pids[entry["number"]] = entry["pid"]
            if entry["event"] == "serving":
                break
        files.certificate_file.unlink()
        os.kill(pids[2], signal.SIGKILL)
        rest = process.stderr.read().splitlines()
        assert 1 == process.wait(_END_S_MAX)
    why = f"error: the TLS certificate {files.certificate_file} and key {files.key_file} cannot"
    assert rest[-1].startswith(why)
    assert 5 == sum("worker_not_started" in line for line in rest)
    assert not is_alive(pids[1])
    again = subprocess.run(
        command, capture_output=True, text=True, env=environment(), timeout=_END_S_MAX, check=False
    )
    assert 1 == again.returncode
    assert again.stderr.splitlines()[-1].startswith(why)
