"""A store under the hand of a test: scripts one by one, under a clock that the test moves."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sellable import network
from sellable.errors import LocationInUse
from sellable.maintenance.verify import verify
from sellable.network import NetworkAt
from sellable.stock import Outcome
from sellable.store import staging
from sellable.store.feeds import GROUP
from sellable.store.networks import Edit
from sellable.store.runner import Answer, Retention, pack
from sellable.store.store import Store
from support.calls import FACTS, READERS, call_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sellable.store.connection import Connection

START_MS: Final = 1_700_000_000_000
RETENTION_MS: Final = 60_000
LOCATIONS: Final = ("L0", "L1", "L2", "L3")
_KEEPS_NOTHING: Final = frozenset(
    {
        *("advance_rollout", "switch_network", "follow_ledger", "relieve"),
        *("sync_add", "sync_check", "sync_commit"),
    }
)


class Bench:
    """One store with a network of two markets: FR sells from L0 and L1, DE from L1 and L2."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.now_ms = START_MS
        self.store: Store

    async def open(self) -> None:
        """Take the store into use and apply the first network."""
        retention = Retention(retention_ms=RETENTION_MS, ledger_entries_max=1_000_000)
        self.store = await Store.attach(
            self.connection, retention=retention, clock=lambda: self.now_ms
        )
        await self.call("network")

    async def call(self, text: str) -> str:
        """Make one call, and return its outcome and body as the tables write them."""
        verb, *words = text.split()
        if verb in {"wait", "holds", "waiting", "letter", "floor"}:
            await self._prepare(verb, words)
            return ""
        if verb == "network":
            return _told(verb, await self._commit(words))
        if verb == "preview_network":
            return _told(verb, await self._preview(words))
        name, args = call_of(text, self.now_ms)
        runner = self.store.runner
        if verb == "inspect_sku":
            body = await runner.read_raw(name, *args, 0)
            return f"DONE {len(body)}"
        if verb in READERS or verb == "forget_consumers":  # it needs neither time nor retention
            return _told(verb, await runner.read(name, *args))
        return _told(verb, await runner.run(name, *args, keeps=name not in _KEEPS_NOTHING))

    async def differences(self) -> list[object]:
        """Let the store recompute its own counters."""
        return [d async for step in verify(self.store.runner) for d in step.differences]

    async def _prepare(self, verb: str, words: Sequence[str]) -> None:
        """Do what is no script's work."""
        if verb == "wait":
            self.now_ms += int(words[0])
        elif verb == "holds":
            name, count, *rest = words
            for at in range(int(count)):
                await self.call(f"reserve {name}{at} {' '.join(rest)}")
        elif verb == "waiting":
            await self._put_in(words)
        elif verb == "letter":
            await self._letter(*words)
        else:
            await self._floor(words)

    async def _put_in(self, ids: Sequence[str]) -> None:
        """Put entries into the stream of the source `erp`, and have a worker read them."""
        key = self.store.runner.partition.waiting("erp")
        for entry in ids:
            await self.connection.execute("XADD", key, entry, "event", "{}")
        await self.connection.execute("XGROUP", "CREATE", key, GROUP, "0")
        await self.connection.execute("XREADGROUP", "GROUP", GROUP, "w", "STREAMS", key, ">")

    async def _letter(self, letter: str, was: str) -> None:
        """Keep a dead letter of the source `erp`, as a script that refuses or gives up does."""
        partition = self.store.runner.partition
        packed = pack([["refused"], "UNKNOWN_LOCATION", "not known", 1, was])
        await self.connection.execute("XADD", partition.dead("erp"), letter, "l", packed)
        await self.connection.execute("HINCRBY", partition.feed("erp"), was, 1)
        await self.connection.execute("ZADD", partition.feeds, self.now_ms, "erp")

    async def _floor(self, words: Sequence[str]) -> None:
        """Note that a full count of a location has found nothing but what is there."""
        location, after_ms, event_id = words
        values = ((self.now_ms + int(after_ms)) * 1_000, 0, event_id, "erp")
        packed = b"".join(map(pack, values))
        key = self.store.runner.partition.counted
        await self.connection.execute("HSET", key, location, packed)

    async def _preview(self, words: Sequence[str]) -> Answer:
        """Try out a network on SKUs, and return what the script said to it."""
        options = dict(word.split("=") for word in words if "=" in word)
        networks, runner = self.store.networks, self.store.runner
        current = await networks.in_force()
        new = NetworkAt(network.parse(json.dumps(document_of(options))), self.now_ms)
        made = staging.plan(await networks._at(current.base), new)
        _, silent = staging.heard_and_silent(made.old.network if made.old else None, new.network)
        fields = staging.stage_fields(made, dict.fromkeys(made.compiled.markets, 0))
        fields |= {f"s:{location}": str(after_ms).encode() for location, after_ms in silent}
        stage = await staging.stage(runner, fields)
        request = {
            "version": int(options.get("base", current.version)),
            "work_max": int(options.get("work", 1_000)),
            "skus": [word for word in words if "=" not in word],
            "silent": bool(silent),
        }
        answer = await runner.read_stage("preview_network", stage, self.now_ms, pack(request))
        await self.connection.execute("UNLINK", stage)
        return answer

    async def _commit(self, words: Sequence[str]) -> Answer:
        """Commit a network, and return what the script said to it."""
        options = dict(word.split("=") for word in words)
        networks, runner = self.store.networks, self.store.runner
        current = await networks.in_force()
        base = current.base
        old = await networks._at(base)
        for name, field in (("base", "version"), ("base_epoch", "epoch"), ("base_slice", "slice")):
            if name in options:
                base = msgspec.structs.replace(base, **{field: int(options[name])})
        document = json.dumps(document_of(options))
        made = staging.plan(old, NetworkAt(network.parse(document), self.now_ms))
        answers: list[Answer] = []
        run = runner.run

        async def kept(name: str, *args: bytes | str | int, keeps: bool = True) -> Answer:
            answer = await run(name, *args, keeps=keeps)
            answers.extend([answer] if name == "commit_network" else [])
            return answer

        runner.run = kept  # type: ignore[method-assign]
        try:
            await networks._commit(base, made, Edit(document=document))
        except LocationInUse:
            pass
        finally:
            runner.run = run  # type: ignore[method-assign]
        return answers[-1]


def document_of(options: dict[str, str]) -> dict[str, object]:
    """Make a network: FR= and DE= name locations, off= and without= too, buffer= and cap= are FR's.

    `rule=A:2` caps SKU A, `class=X:3` buffers a class, `safety=L0:2` keeps units at a location,
    `recall=A:L0` takes a position out of sale, `quota=A:2` and `class_quota=X:3` limit FR,
    `horizon=30d` lets both promise future supply, `capacity=L0:2,L1:1` limits orders a day.
    `dated=3:1000:2000` buffers FR from 1 s to 2 s after the start, `stale=L0:2` keeps two units
    back for each minute in which L0 was silent.
    """
    off, without = options.get("off", "").split(","), options.get("without", "").split(",")
    kept = dict([options["safety"].split(":")]) if "safety" in options else {}
    members = {"FR": options.get("FR", "L0,L1"), "DE": options.get("DE", "L1,L2")}
    stale = dict([options["stale"].split(":")]) if "stale" in options else {}
    limited = options.get("capacity", "").split(",")
    limits = dict(each.split(":") for each in limited if each)
    return {
        "locations": [
            {
                "id": name,
                "type": "store",
                "country": "FR",
                "enabled": name not in off,
                "safety_stock": int(kept.get(name, 0)),
            }
            | ({"daily_capacity": int(limits[name])} if name in limits else {})
            | (
                {"stale_after": "1m", "stale_protection_buffer": int(stale[name])}
                if name in stale
                else {}
            )
            for name in LOCATIONS
            if name not in without
        ],
        "markets": [
            {
                "channel": "web",
                "country": country,
                "locations": [name for name in names.split(",") if name not in without],
            }
            | ({"protection_buffer": int(options.get("buffer", 0))} if country == "FR" else {})
            | ({"backorder_horizon": options["horizon"]} if "horizon" in options else {})
            | ({"cap": int(options["cap"])} if "cap" in options and country == "FR" else {})
            for country, names in members.items()
            if names != "-"
        ],
        "protections": _rules(options),
        "quotas": [
            {"market": "web/FR", kind: options[name].split(":")[0]}
            | {"units": int(options[name].split(":")[1])}
            for name, kind in (("quota", "sku"), ("class_quota", "item_class"))
            if name in options
        ],
    }


def _rules(options: dict[str, str]) -> list[dict[str, object]]:
    rules: list[dict[str, object]] = []
    if "rule" in options:
        sku, cap = options["rule"].split(":")
        rules.append({"sku": sku, "cap": int(cap)})
    if "dated" in options:
        buffer, start, end = options["dated"].split(":")
        window = {"from": moment(int(start)), "until": moment(int(end))}
        rules.append({"market": "web/FR", "protection_buffer": int(buffer), **window})
    if "class" in options:
        item_class, buffer = options["class"].split(":")
        rules.append({"item_class": item_class, "protection_buffer": int(buffer)})
    if "recall" in options:
        sku, location = options["recall"].split(":")
        rules.append({"sku": sku, "location": location, "blocked": True})
    return rules


def moment(after_ms: int) -> str:
    """Return so many ms after the start, as documents write it."""
    return datetime.fromtimestamp((START_MS + after_ms) / 1000, UTC).isoformat()


def _told(verb: str, answer: Answer) -> str:
    body = answer.body
    if verb in FACTS and answer.outcome == "DONE":
        body = rows_told(answer)
    elif verb == "put_items":
        body = [Outcome(code).name for code in body]
    return f"{answer.outcome} {_text(body)}".strip()


def rows_told(answer: Answer) -> list[str]:
    """Return the outcome of each row that was answered, with the reason of those with one.

    Of a queue each entry too: how many of its rows were applied before, how many now, and a mark
    where it is finished.
    """
    digits, remarks, _, entries = answer.body
    told = [Outcome(int(digit)).name for digit in digits]
    for at, reason, _ in remarks:
        told[at] = f"{told[at]} {reason}".rstrip()
    for before, now, whole in entries:
        told.append("gone" if before < 0 else f"{before}+{now}{'!' if whole else ''}")
    return told


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return str(value["reservation_id"])
    if isinstance(value, list):
        return " ".join(f"({_text(v)})" if isinstance(v, list) else _text(v) for v in value)
    return str(value)
