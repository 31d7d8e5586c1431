"""`sellable demo` as its reader runs it, and what it says when something is wrong."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import redis
from rich.console import Console

from sellable.cli.app import run
from sellable.demo.caller import CallTimes, callers
from sellable.demo.process import service_process
from sellable.demo.progress import Display
from sellable.demo.runner import Demo, Plan
from sellable.store.data_folder import runtime_socket
from support.client import Client, event
from support.command import Command, environment
from support.wait import eventually, eventually_async

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from sellable.demo.progress import Show

ANY_PORT = "127.0.0.1:0"
FEW = Plan(orders=None, client_count=16, order_count_max=60)
# Serves for as long as it lives, and says where; then it can only be killed.
_PARENT = """
import asyncio
from sellable.demo.process import service_process

async def main():
    async with service_process("127.0.0.1:0", None) as service:
        print(service.address, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def listens(address: str) -> bool:
    """Answer whether anybody takes connections there."""
    host, port = address.rsplit(":", 1)
    with socket.socket() as trial:
        return trial.connect_ex((host, int(port))) == 0


def test_the_demo_sells_real_orders_and_every_number_is_right(tmp_path: Path) -> None:
    """150 orders leave a clean verify, all units accounted for, and a folder to serve again."""
    sellable = Command(ANY_PORT)
    arguments = ("demo", "--data", str(tmp_path / "data"), "--listen", ANY_PORT, "--exit")
    ended = sellable(*arguments, "--limit", "150", "--json")
    assert 0 == ended.exit_code, ended.err
    report = ended.value
    assert (True, [], []) == (
        report["clean"],
        report["verify"]["differences"],
        report["conservation"]["violations"],
    )
    assert report["verify"]["skus"] == report["conservation"]["skus"] > 1_000
    assert 150 == report["orders"] == sum(market["orders"] for market in report["markets"])
    assert 0 < report["refused_orders"] < 75
    assert 0 < report["units"]["released"] < report["units"]["sold"]
    placed = report["orders"] - report["refused_orders"]
    calls = {kind: found["count"] for kind, found in report["calls"].items()}
    assert (150, placed) == (calls["reserve"], calls["confirm"])
    assert 0 < calls["fulfil"] <= placed
    assert 0 < report["calls"]["reserve"]["p50_ms"] <= report["calls"]["reserve"]["p99_ms"]

    again = sellable(*arguments, "--json")
    assert 1 == again.exit_code
    assert "already holds a network" in again.err


def test_the_demo_serves_on_for_a_second_terminal_until_ctrl_c() -> None:
    """What it says to try works as it is written, and Ctrl-C ends it without a complaint."""
    with subprocess.Popen(
        [Path(sys.executable).with_name("sellable"), "demo", "--listen", ANY_PORT, "--limit", "60"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as demo:
        assert demo.stderr is not None
        told = []
        for line in demo.stderr:
            told.append(line)
            if "positions" in line:
                break
        to_try = [line.split()[1:] for line in told if line.startswith("  sellable ")]
        assert ["check", "reserve", "positions"] == [words[0] for words in to_try], told
        assert [0, 0, 0] == [Command("")(*words).exit_code for words in to_try]
        demo.send_signal(signal.SIGINT)
        assert 0 == demo.wait(30)
        assert ["stopping\n"] == list(demo.stderr)
    assert not listens(to_try[0][-1])


def test_a_port_in_use_is_said_in_one_line() -> None:
    """Nothing is started, and the line names the address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = Command("")("demo", "--exit", "--listen", address)
    assert (1, "") == (ended.exit_code, ended.out)
    assert f"error: cannot listen on {address}: address already in use\n" == ended.err


def test_a_killed_demo_takes_its_service_along() -> None:
    """After `kill -9` of the demo nobody serves any more."""
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True, env=environment()
    ) as parent:
        assert parent.stdout is not None
        address = parent.stdout.readline().strip()
        assert listens(address)
        parent.kill()
    eventually(lambda: not listens(address))


class Damaging(Display):
    """Shows nothing new, and changes the store behind the service before it is verified."""

    data = Path()

    @contextmanager
    def working(self, title: str) -> Iterator[Show]:
        """Plant the damage when verify begins."""
        if title == "verifying":
            with redis.Redis(unix_socket_path=str(runtime_socket(self.data))) as client:
                assert 0 == client.hset("{0}:v:web/GB", "85123A", "987654")
        with super().working(title) as show:
            yield show


def test_a_damaged_number_makes_the_demo_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A view that someone else wrote to is found, named, and the exit code is not 0."""
    monkeypatch.setattr(Damaging, "data", tmp_path)
    monkeypatch.setattr("sellable.demo.progress.Display", Damaging)
    arguments = ["--data", str(tmp_path), "--listen", ANY_PORT, "--limit", "60", "--exit"]
    assert 1 == run(["demo", *arguments])
    out = capfd.readouterr().out
    assert re.search(r"85123A sellable in web/GB: stored 987654, recomputed \d+\n", out)
    assert "1 differences" in out
    assert "Not one unit oversold" not in out


async def kill_store(times: CallTimes, data: Path) -> None:
    """End the embedded store as `kill -9` does, once orders are under way."""

    async def under_way() -> bool:
        return len(times.seconds["confirm"]) > 10

    await eventually_async(under_way)
    with redis.Redis(unix_socket_path=str(runtime_socket(data))) as client:
        os.kill(int(client.info("server")["process_id"]), signal.SIGKILL)


async def test_a_killed_store_costs_retries_and_a_stolen_unit_is_missed(tmp_path: Path) -> None:
    """Calls are sent again with the same ids and count once; one unit less is one SKU named."""
    times = CallTimes()
    async with (
        service_process(ANY_PORT, tmp_path) as service,
        callers(service.address, times) as connections,
        Client(service.address) as client,
    ):
        demo = Demo(connections, times, FEW, Display(Console(quiet=True)))
        await demo.load()
        await asyncio.gather(demo.replay(), kill_store(times, tmp_path))
        assert times.retry_count > 0
        assert (await demo.audit()).audit.clean

        sku = (await demo.in_stock()).skus[0]
        location = next(
            name
            for name, position in (await client.positions(sku)).items()
            if position.on_hand_quantity
        )
        assert ["APPLIED"] == await client.apply(event(sku, location, delta_quantity=-1))
        audit = (await demo.audit()).audit
        assert ([], [sku]) == (audit.differences, [found.sku for found in audit.violations])
