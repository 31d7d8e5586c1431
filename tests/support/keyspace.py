"""Everything that a store holds, read beside the product's code: to compare, and as one line."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    import redis

TAG: Final = "{0}:"
_LISTED_MAX: Final = 20
_unpack: Final = msgspec.msgpack.decode


def keyspace(client: redis.Redis) -> dict[str, object]:
    """Return every key that stays, with all that it holds; reservations without field order."""
    return {key: _read(client, key) for key in keys(client) if client.ttl(key) < 0}


def keys(client: redis.Redis, pattern: str = "*") -> list[str]:
    """Return the names of keys, sorted."""
    return sorted(raw.decode() for raw in client.scan_iter(pattern, count=1_000))


def state_text(client: redis.Redis) -> str:
    """Return stock (on hand/reserved~safety!), views and reservations in one line."""
    words: list[str] = []
    for key in keys(client):
        kind, _, name = key.removeprefix(TAG).partition(":")
        if kind == "k":
            words += _positions(name, _hash(client, key))
        elif kind == "v":
            market, view = name.removeprefix("web/"), sorted(_hash(client, key).items())
            words += [f"{market}:{s.decode()}={n.decode()}" for s, n in view if s != b"\x01"]
    held = [_unpack(_string(client, key)) for key in keys(client, f"{TAG}r:*")]
    if len(held) > _LISTED_MAX:
        counts = sorted(Counter(reservation["state"] for reservation in held).items())
        return " ".join(words + [f"{state}*{count}" for state, count in counts])
    return " ".join(words + [_reservation(reservation) for reservation in held])


def values(packed: bytes, count: int) -> list[Any]:
    """Read values that a script packed one after the other, fewer than 16."""
    found: list[Any] = _unpack(bytes([0x90 | count]) + packed)
    return found


def _read(client: redis.Redis, key: str) -> object:
    match client.type(key):
        case b"string":
            value = _string(client, key)
            return _unpack(value) if key.startswith(f"{TAG}r:") else value
        case b"hash":
            return client.hgetall(key)
        case b"zset":
            return client.zrange(key, 0, -1, withscores=True)
        case b"set":
            return client.smembers(key)
        case b"stream":
            return client.xrange(key)
    raise AssertionError(f"{key} is of a kind that no key is")


def _hash(client: redis.Redis, key: str) -> dict[bytes, bytes]:
    found: Any = client.hgetall(key)
    return dict(found)


def _string(client: redis.Redis, key: str) -> bytes:
    value: Any = client.get(key)
    return bytes(value)


def _positions(sku: str, fields: dict[bytes, bytes]) -> list[str]:
    words = []
    for name, packed in sorted(fields.items()):
        if b":" not in name:
            on_hand, reserved, safety, blocked = values(packed, 4)
            marks = (f"~{safety}" if safety else "") + ("!" if blocked else "")
            words.append(f"{sku}@{name.decode()}={on_hand}/{reserved}{marks}")
    return words


def _reservation(reservation: dict[str, Any]) -> str:
    parts = []
    for line in reservation["lines"]:
        for allocation in line["allocations"]:
            marks = [
                f"{letter}{allocation[name]}"
                for letter, name in (("f", "fulfilled"), ("r", "released"), ("x", "expired"))
                if allocation[name]
            ]
            parts.append(
                f"{line['sku']}:{allocation['open']}@{allocation['location']}{''.join(marks)}"
            )
    return f"{reservation['reservation_id']}={reservation['state']}[{','.join(parts)}]"
