"""Workers and producers beside a service: they find its store, and never another one."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest
import redis

from sellable.cli.failure import ExitCode
from sellable.ingest.opening import store_address
from sellable.settings import load_settings
from sellable.store.data_folder import ID_FILE, SOCKET_FILE, runtime_socket
from support.arena import network
from support.command import Command
from support.service import ServiceProcess
from support.wait import eventually_async
from support.workers import PARTITION, outcomes, workers

if TYPE_CHECKING:
    from pathlib import Path

    from support.server import ValkeyProcess

EVENT: Final[dict[str, Any]] = {
    "event_id": "e-1",
    "sku": "A",
    "location": "DC",
    "observe_time": "2026-11-23T08:00:00Z",
    "on_hand_quantity": 5,
}


def lines(*events: dict[str, Any]) -> str:
    """Write events as JSON Lines."""
    return "".join(f"{orjson.dumps({**EVENT, **event}).decode()}\n" for event in events)


async def test_a_worker_finds_the_running_embedded_store(tmp_path: Path) -> None:
    """Push and worker know only the data folder; what they bring is there for the service."""
    data = tmp_path / "data"
    async with ServiceProcess(data=data) as process, process.client() as client:
        await client.apply_network(network())
        now = time.time_ns() // 1_000
        told = lines(*({"event_id": f"e-{n}", "observe_time": now + n} for n in range(250)))
        ended = Command("").script(
            "ingest", "push", "wms", "--data", str(data), "--json", stdin=told
        )
        assert ExitCode.DONE == ended.exit_code, ended.err
        value = ended.value
        assert (250, 3, 0) == (value["events"], value["entries"], value["refused_count"])
        async with workers("", 1, "--data", str(data)) as (worker,):
            with redis.Redis(unix_socket_path=str(runtime_socket(data))) as store:

                async def done() -> bool:
                    return 250 == sum(outcomes(store, "wms").values())

                await eventually_async(done)
            assert 5 == (await client.positions("A"))["DC"].on_hand_quantity
            assert 0 == await worker.terminate()


async def test_no_service_on_the_folder(tmp_path: Path) -> None:
    """A folder without data, and one whose service has ended, say what to do."""
    command = Command("")
    ended = command.script("ingest", "push", "wms", "--data", str(tmp_path / "no"), stdin=lines({}))
    assert ExitCode.NO_ANSWER == ended.exit_code
    assert "is not a data folder of sellable: start `sellable serve`" in ended.err
    async with ServiceProcess(data=tmp_path / "data"):
        pass
    ended = command.script("ingest", "worker", "--data", str(tmp_path / "data"))
    assert ExitCode.NO_ANSWER == ended.exit_code
    assert "no service works on the data folder" in ended.err


async def test_a_copied_folder_is_not_served(tmp_path: Path) -> None:
    """The note of the socket is copied along; the server behind it has other data."""
    data, copy = tmp_path / "data", tmp_path / "copy"
    async with ServiceProcess(data=data):
        copy.mkdir()
        for name in (ID_FILE, SOCKET_FILE):
            shutil.copy(data / name, copy / name)
        settings = load_settings(data=copy)
        with pytest.raises(Exception, match="no service works on the data folder"):
            await store_address(settings)
        assert f"unix://{runtime_socket(data)}" == await store_address(load_settings(data=data))


def test_push_checks_every_line(valkey: ValkeyProcess, store_url: str, tmp_path: Path) -> None:
    """Lines that are no events are told with their numbers; the others are put in."""
    file = tmp_path / "events.jsonl"
    file.write_text(lines({}) + "\n" + lines({"sku": ""}, {"qty": 1}, {"event_id": "e-2"}))
    ended = Command("").script("ingest", "push", "erp", str(file), "--store", store_url)
    assert ExitCode.REFUSED == ended.exit_code
    assert f"{file}:3: sku must be 1 to 128 bytes" in ended.err
    assert f"{file}:4: qty is not known" in ended.err
    assert "2 events in 1 entries for erp" in ended.out
    with valkey.client() as client:
        ((_, fields),) = client.xrange(PARTITION.waiting("erp"))
        assert b"event" in fields


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("push", ""), "SOURCE must be 1 to 64 bytes"),
        (("push", "erp", "no/such/file"), "cannot read no/such/file"),
        (("worker", "--source", "x" * 65), "--source must be 1 to 64 bytes"),
        (("worker", "--nats", "nats://h"), "--nats needs one --stream and one --source"),
        (("worker", "--stream", "S"), "name it with --nats"),
        (("worker", "--ingest-tries-max", "0"), "is not a whole number from 1 to 1000"),
    ],
)
def test_what_is_typed_wrong(arguments: tuple[str, ...], told: str) -> None:
    """A usage error names what is allowed, before any store is asked."""
    ended = Command("")("ingest", *arguments)
    assert ExitCode.USAGE == ended.exit_code
    assert told in ended.err


def test_a_store_that_is_none(tmp_path: Path) -> None:
    """An address of no store is refused at the start of a worker, as `serve` refuses it."""
    ended = Command("").script("ingest", "worker", "--store", "unix:///nowhere")
    assert ExitCode.NO_ANSWER == ended.exit_code
