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
    found: dict[str, object] = {}
    for raw in client.scan_iter(count=1_000):
        key = raw.decode()
        if client.ttl(raw) < 0:
            found[key] = _read(client, key)
    return found


def state_text(client: redis.Redis) -> str:
    """Return stock (on hand/reserved~safety!), views and reservations in one line."""
    words: list[str] = []
    for key in sorted(raw.decode() for raw in client.scan_iter(count=1_000)):
        kind, _, name = key.removeprefix(TAG).partition(":")
        if kind == "k":
            words += _positions(name, client.hgetall(key))
        elif kind == "v":
            view = sorted(client.hgetall(key).items())
            market = name.removeprefix("web/")
            words += [f"{market}:{s.decode()}={int(n)}" for s, n in view if s != b"\x01"]
    held = [_unpack(client.get(raw)) for raw in sorted(client.scan_iter(f"{TAG}r:*", count=1_000))]
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
            value = client.get(key)
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
