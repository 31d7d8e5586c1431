"""Where the connection leads: credentials, databases and addresses that cannot be used."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from sellable.errors import StoreRefused, StoreUnavailable
from sellable.store.connection import Connection
from sellable.store.wire import WireLimits
from support.connections import PATIENT
from support.proxy import Proxy
from support.server import ValkeyProcess
from support.wait import eventually_async

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[ValkeyProcess]:
    """Start a server of the test's own, to be killed, paused and reconfigured."""
    with ValkeyProcess() as process:
        yield process


async def test_password_and_database_of_the_address_are_used(server: ValkeyProcess) -> None:
    """The address logs in and selects its database, also when connecting again."""
    with server.client() as client:
        client.config_set("requirepass", "pass word")
        async with Proxy(server.socket_path) as proxy:
            url = f"redis://:pass%20word@127.0.0.1:{proxy.port}/3"
            async with await Connection.open(url, limits=PATIENT) as connection:
                await connection.execute("SET", "key", "value")
                proxy.cut()
                await eventually_async(lambda: asyncio.sleep(0, connection.traffic.reconnects))
                assert await connection.execute("GET", "key") == b"value"
                info = (await connection.execute("CLIENT", "INFO")).decode().split()
                assert {"name=sellable", "db=3", "resp=3"} <= set(info)
        client.config_set("requirepass", "")


async def test_wrong_password_is_refused_without_repeating_it(server: ValkeyProcess) -> None:
    """Credentials that the store does not take end the start, and appear in no message."""
    url = f"unix://:hunter2@{server.socket_path}"
    with server.client() as client:
        client.config_set("requirepass", "other")
        with pytest.raises(StoreRefused, match="the store refused the credentials") as refused:
            await Connection.open(url)
        with pytest.raises(StoreRefused, match="the store asks for credentials"):
            await Connection.open(server.url)
        client.config_set("requirepass", "")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://user:hunter2@127.0.0.1/",
        "redis://:hunter2@127.0.0.1:port",
        "redis://:hunter2@127.0.0.1/?db=first",
        "redis://:hunter2@127.0.0.1/?max_connections=5",
        "rediss://:hunter2@127.0.0.1/?ssl_ca_certs=/no/such/file",
    ],
)
async def test_unusable_address_is_refused(url: str) -> None:
    """An address that can never work ends the start, without repeating its password."""
    with pytest.raises(StoreRefused) as refused:
        await Connection.open(url)
    assert "hunter2" not in str(refused.value)


async def test_address_where_nothing_answers_is_unavailable(server: ValkeyProcess) -> None:
    """No socket, and a server that accepts but stays silent, are both unavailable in time."""
    with pytest.raises(StoreUnavailable, match="the store cannot be reached"):
        await Connection.open(f"unix://{server.folder}/none.sock")
    server.pause()
    with pytest.raises(StoreUnavailable, match="the store cannot be reached"):
        await Connection.open(server.url, limits=WireLimits(connect_timeout_ms=50))
