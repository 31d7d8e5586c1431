"""What has to be written for a network before one script makes it the one in force."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from sellable import network as documents
from sellable.store.runner import pack, raw

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sellable.network import Compiled, Network, NetworkAt, Quota, Rule, Switch
    from sellable.store.runner import Runner

_FIELDS_PER_CALL: Final = 200
_BYTES_PER_CALL: Final = 1024 * 1024
STAGE_SECONDS: Final = 3600  # a stage that nobody commits goes away by itself

_decode_market: Final = msgspec.msgpack.Decoder(list[int]).decode


class Base(Struct, frozen=True, kw_only=True):
    """What a change starts from: the version in force, and how far its dated changes are made."""

    version: int = 0
    epoch: int = 0
    slice: int = 0
    as_of_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A network at one moment, compiled, and what it alters of the one before."""

    old: NetworkAt | None
    new: NetworkAt
    compiled: Compiled
    affected: set[str]
    pending: set[str]
    removed_locations: set[str]
    switches: list[Switch]


def plan(old: NetworkAt | None, new: NetworkAt) -> Plan:
    """Compile a network and its dated changes, and compare it with the one before.

    Raises:
        InvalidNetwork: Its dated changes are too many, or too large.
    """
    affected = documents.affected_markets(old, new)
    pending = documents.affected_locations(old, new, affected)
    return Plan(
        old=old,
        new=new,
        compiled=documents.compile_network(new),
        affected=affected,
        pending=pending | documents.resettled_locations(old, new),
        removed_locations=documents.removed_locations(old, new),
        switches=documents.schedule(new),
    )


def heard_and_silent(old: Network | None, new: Network) -> tuple[list[str], list[tuple[str, int]]]:
    """Return the locations that no longer mind silence, and those that mind it after another time.

    At all others a silence is counted on as it was.
    """
    before = _patience(old) if old else {}
    after = _patience(new)
    heard = sorted(before.keys() - after.keys())
    return heard, sorted(after.items() - before.items())


def _patience(network: Network) -> dict[str, int]:
    return {place.id: place.stale_after_ms for place in network.locations if place.stale_after_ms}


async def epochs(runner: Runner, markets: Collection[str], epoch: int) -> dict[str, int]:
    """Return the epoch that each of these markets has; `epoch` for one that is not known."""
    if not markets:
        return {}
    raw = await runner.connection.execute(
        "HMGET", runner.partition.net, *(f"m:{market}" for market in markets)
    )
    return {
        market: epoch if packed is None else _decode_market(packed)[0]
        for market, packed in zip(markets, raw, strict=True)
    }


def stage_fields(made: Plan, market_epochs: Mapping[str, int]) -> dict[str, bytes]:
    """Return every field of the compiled network and of its switches."""
    fields = {
        **made.compiled.fields,
        **made.compiled.market_fields(market_epochs),
        "markets": pack(list(made.compiled.markets)),
        "as_of_ms": str(made.new.at_ms).encode(),
        "times": pack([switch.at_ms for switch in made.switches]),
        "items": b"1" if _names_items(made.new.network) else b"0",
    }
    for at, switch in enumerate(made.switches, 1):
        flat: list[Any] = [
            part for name, value in switch.fields.items() for part in (name, raw(value))
        ]
        parts = [switch.at_ms, flat, switch.deleted, switch.markets, switch.pending]
        fields[f"t:{at}"] = pack([*parts, switch.limited])
    return fields


def _names_items(network: Network) -> bool:
    """Tell whether anything, at any time, is said of certain SKUs or classes."""
    entries: tuple[Rule | Quota, ...] = (*network.rules, *network.quotas)
    return any(entry.skus or entry.item_classes for entry in entries)


async def stage(runner: Runner, fields: Mapping[str, bytes]) -> str:
    """Write fields under a name of their own, by bounded commands; return the name."""
    name = runner.partition.stage(secrets.token_hex(8))
    commands: list[tuple[str | bytes | int, ...]] = []
    flat: list[str | bytes] = []
    size = 0
    for field, value in fields.items():
        flat += (field, value)
        size += len(value)
        if len(flat) >= 2 * _FIELDS_PER_CALL or size > _BYTES_PER_CALL:
            commands.append(("HSET", name, *flat))
            flat, size = [], 0
    if flat:
        commands.append(("HSET", name, *flat))
    commands.insert(1, ("EXPIRE", name, STAGE_SECONDS))
    for reply in await runner.connection.pipeline(commands):
        if isinstance(reply, Exception):
            raise reply
    return name
