"""What a store must be before this service serves from it, whoever runs it; checked at start-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import redis
import redis.asyncio

from sellable.errors import StoreRefused, StoreUnavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from sellable.durability import Durability

SCHEMES: Final = ("redis", "rediss", "unix")
_VERSION_MIN: Final = {"Valkey": (7, 2), "Redis": (7, 0)}
# Needs nothing but the right to run scripts, which every call of ours is.
_PROBE: Final = "#!lua flags=no-writes\nreturn 1"


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine behind a store, as it names itself."""

    name: str
    version: str


def check_scheme(url: str) -> None:
    """Refuse an address that is not of a kind we connect to."""
    parts = urlsplit(url)
    scheme = parts.scheme
    if scheme in SCHEMES:
        try:
            _ = parts.port
        except ValueError:  # its text has the port, and what stands there may be a password
            raise StoreRefused("the port of --store is not a number from 0 to 65535") from None
        return
    known = ", ".join(f"{known}://" for known in SCHEMES)
    later = " (cluster:// comes later)" if scheme == "cluster" else ""
    raise StoreRefused(f"--store takes {known}, not {scheme or 'no scheme'}{later}")


async def check_url(url: str, *, durability: Durability) -> Engine:
    """Look at the store of an address before it is used; as `check_store`."""
    check_scheme(url)
    client = redis.asyncio.Redis.from_url(url)
    try:
        return await check_store(client, durability=durability)
    finally:
        await client.aclose()


async def check_store(client: Redis, *, durability: Durability) -> Engine:
    """Return the engine if it can keep our promises.

    Raises:
        StoreRefused: it cannot; the message has every reason.
        StoreUnavailable: it did not answer.
    """
    try:
        info = await client.info()
        engine, problems = _judge_info(info)
        problems += await _judge_scripting(client)
        if durability.fsync:
            problems += await _judge_fsync(client)
        if durability.replicas:
            problems += await _judge_replicas(client, info, durability.replicas)
    except redis.exceptions.NoPermissionError as error:
        raise StoreRefused(
            "the store's user may not run INFO, so that nothing about the store can be checked"
        ) from error
    except (redis.ConnectionError, redis.TimeoutError, OSError) as error:
        # The driver reports a failed log-in as a failed connection; its cause tells them apart.
        if isinstance(error.__cause__ or error, redis.AuthenticationError):
            raise StoreRefused(f"the store does not let us in: {error}") from error
        raise StoreUnavailable("the store did not answer while it was checked") from error
    if problems:
        raise StoreRefused(
            f"{engine.name} {engine.version} cannot be the store: " + "; ".join(problems)
        )
    return engine


def _judge_info(info: dict[str, Any]) -> tuple[Engine, list[str]]:
    name = "Valkey" if "valkey_version" in info else "Redis"
    engine = Engine(name, str(info.get("valkey_version") or info.get("redis_version") or "0"))
    problems = []
    wanted = _VERSION_MIN[name]
    if _parse_version(engine.version) < wanted:
        problems.append(f"it must be {name} {wanted[0]}.{wanted[1]} or later")
    policy = info.get("maxmemory_policy")
    if policy != "noeviction":
        problems.append(
            f"its maxmemory-policy is {policy}: eviction would silently drop stock and "
            "reservations, so it must be noeviction"
        )
    role = info.get("role")
    if role != "master":
        problems.append(f"its role is {role}: connect to the primary")
    if int(info.get("cluster_enabled", 0)):
        problems.append("it runs in cluster mode, which comes later: use a single server")
    return engine, problems


async def _judge_scripting(client: Redis) -> list[str]:
    try:
        digest = await client.script_load(_PROBE)
        await client.evalsha(digest, 0)
    except redis.ResponseError as error:
        return [f"it does not let us run scripts, and every change is one ({error})"]
    return []


async def _judge_fsync(client: Redis) -> list[str]:
    try:
        found = await client.config_get("appendonly", "appendfsync", "no-appendfsync-on-rewrite")
    except redis.ResponseError as error:
        problem = f"durability fsync cannot be proven, CONFIG GET is refused ({error})"
        return [f"{problem}: allow it, or ask for durability primary"]
    wanted = {"appendonly": "yes", "appendfsync": "always", "no-appendfsync-on-rewrite": "no"}
    return [
        f"durability fsync needs {name} {value}, it is {found.get(name)}"
        for name, value in wanted.items()
        if found.get(name) != value
    ]


async def _judge_replicas(client: Redis, info: dict[str, Any], wanted: int) -> list[str]:
    told = (info.get(f"slave{at}") for at in range(int(info.get("connected_slaves", 0))))
    online = sum(one is not None and one["state"] == "online" for one in told)
    problems = []
    if online < wanted:
        problems.append(
            f"durability replica:{wanted} needs as many replicas, and {online} "
            f"{'is' if online == 1 else 'are'} connected"
        )
    try:
        await client.wait(0, 1)
    except redis.ResponseError as error:
        problems.append(f"durability replica:{wanted} needs WAIT, which is refused ({error})")
    return problems


def _parse_version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())
