"""The guard over real servers: what it lets through, and every reason for which it refuses."""

from __future__ import annotations

import pytest
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from sellable.durability import FSYNC, PRIMARY, Durability
from sellable.errors import StoreRefused, StoreUnavailable
from sellable.store.guard import Engine, _judge_info, check_scheme, check_store
from support.server import ValkeyProcess

_APP = ("app", "open")
_FSYNC = ("--appendonly", "yes", "--appendfsync", "always")


async def _check(
    url: str,
    durability: Durability = PRIMARY,
    login: tuple[str | None, str | None] = (None, None),
) -> Engine:
    user, password = login
    async with redis.asyncio.Redis.from_url(
        url, username=user, password=password, socket_timeout=1.0, retry=Retry(NoBackoff(), 0)
    ) as client:
        return await check_store(client, durability=durability)


async def _refusal(
    server: ValkeyProcess,
    durability: Durability,
    login: tuple[str | None, str | None] = (None, None),
) -> str:
    with pytest.raises(StoreRefused) as refused:
        await _check(server.url, durability, login)
    return str(refused.value)


def _allow(server: ValkeyProcess, *commands: str) -> None:
    user, password = _APP
    allowed = ["+@all", *commands]
    with server.client() as client:
        client.acl_setuser(
            user, enabled=True, passwords=[f"+{password}"], keys=["*"], commands=allowed
        )


async def test_a_fitting_store_is_let_through_and_named(store_url: str) -> None:
    """A primary that never evicts serves under durability primary, without any CONFIG."""
    engine = await _check(store_url)

    assert engine.name in {"Valkey", "Redis"}
    assert int(engine.version.split(".")[0]) >= 7


async def test_a_store_that_flushes_each_write_serves_fsync() -> None:
    """Durability fsync is let through where it is true."""
    with ValkeyProcess(*_FSYNC) as server:
        engine = await _check(server.url, FSYNC)

        assert (await _check(server.url)) == engine


@pytest.mark.parametrize(
    ("arguments", "durability", "expected"),
    [
        (
            ("--maxmemory-policy", "allkeys-lru"),
            PRIMARY,
            "eviction would silently drop stock",
        ),
        (
            ("--cluster-enabled", "yes"),
            PRIMARY,
            "it runs in cluster mode, which comes later",
        ),
        (
            ("--replicaof", "127.0.0.1 1"),
            PRIMARY,
            "its role is slave: connect to the primary",
        ),
        (
            ("--appendonly", "no"),
            FSYNC,
            "durability fsync needs appendonly yes, it is no",
        ),
        (
            ("--appendonly", "yes", "--appendfsync", "everysec"),
            FSYNC,
            "durability fsync needs appendfsync always, it is everysec",
        ),
        (
            (*_FSYNC, "--no-appendfsync-on-rewrite", "yes"),
            FSYNC,
            "durability fsync needs no-appendfsync-on-rewrite no, it is yes",
        ),
    ],
)
async def test_a_store_that_cannot_keep_the_promise_is_refused(
    arguments: tuple[str, ...], durability: Durability, expected: str
) -> None:
    """Each policy that would break a promise is refused, with the reason."""
    with ValkeyProcess(*arguments) as server:
        assert expected in await _refusal(server, durability)


async def test_every_reason_is_listed_at_once() -> None:
    """Whoever sets up a store learns in one start all that is to be changed."""
    with ValkeyProcess("--maxmemory-policy", "volatile-ttl", "--appendfsync", "no") as server:
        refusal = await _refusal(server, FSYNC)

    expected = ["maxmemory-policy is volatile-ttl", "appendonly yes", "appendfsync always"]
    assert expected == [part for part in expected if part in refusal]


async def test_fsync_that_cannot_be_proven_is_refused() -> None:
    """A store that hides its configuration is refused for fsync, and serves primary."""
    with ValkeyProcess(*_FSYNC) as server:
        _allow(server, "-config")
        refusal = await _refusal(server, FSYNC, _APP)

        assert "cannot be proven" in refusal
        assert (await _check(server.url, login=_APP)).version


@pytest.mark.parametrize(
    ("forbidden", "expected"),
    [
        ("-info", "the store's user may not run INFO"),
        ("-evalsha", "it does not let us run scripts"),
        ("-script|load", "it does not let us run scripts"),
    ],
)
async def test_a_user_without_the_needed_rights_is_refused(forbidden: str, expected: str) -> None:
    """What the service cannot work without is missed at start-up, not in the first call."""
    with ValkeyProcess() as server:
        _allow(server, forbidden)

        assert expected in await _refusal(server, PRIMARY, _APP)


async def test_replicas_that_cannot_be_waited_for_are_refused() -> None:
    """Both that there are too few, and that the user may not wait for them."""
    with ValkeyProcess() as server:
        _allow(server, "-wait")
        refusal = await _refusal(server, Durability("replica:2"), _APP)

        assert "replica:2 needs as many replicas, and 0 are connected" in refusal
        assert "durability replica:2 needs WAIT, which is refused" in refusal
        assert (await _check(server.url, login=_APP)).version


@pytest.mark.parametrize("password", ["open", None])
async def test_a_wrong_or_missing_password_is_refused(password: str | None) -> None:
    """Credentials that the store does not take are a refusal, not a lost connection."""
    with ValkeyProcess() as server:
        with server.client() as client:
            client.config_set("requirepass", "closed")

        assert "does not let us in" in await _refusal(server, PRIMARY, (None, password))


async def test_a_store_that_is_gone_is_unavailable() -> None:
    """No server at all is told apart from a server that does not fit."""
    with ValkeyProcess() as server:
        server.kill()

        with pytest.raises(StoreUnavailable):
            await _check(server.url)


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({"redis_version": "6.2.14"}, ["it must be Redis 7.0 or later"]),
        ({"redis_version": "7.0.0"}, []),
        ({"redis_version": "7.2.4", "valkey_version": "7.2.5"}, []),
        ({"redis_version": "7.2.4", "valkey_version": "7.1.9"}, ["it must be Valkey 7.2 or later"]),
    ],
)
def test_old_engines_are_refused(info: dict[str, str], expected: list[str]) -> None:
    """The oldest versions that we serve from are told apart from older ones, for both engines."""
    fitting = {"maxmemory_policy": "noeviction", "role": "master", "cluster_enabled": 0}

    _, problems = _judge_info({**fitting, **info})

    assert expected == problems


@pytest.mark.parametrize("url", ["redis://h:1/0", "rediss://h", "unix:///run/s"])
def test_known_schemes_pass(url: str) -> None:
    """The three kinds of address are let through."""
    check_scheme(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://h", "takes redis://, rediss://, unix://, not http"),
        ("/run/valkey.sock", "not no scheme"),
        ("cluster://h:1", "cluster:// comes later"),
    ],
)
def test_unknown_schemes_are_refused(url: str, expected: str) -> None:
    """Any other address is refused with the list of those that work."""
    with pytest.raises(StoreRefused) as refused:
        check_scheme(url)

    assert expected in str(refused.value)
