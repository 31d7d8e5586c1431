"""The network on the store: staged field by field, then made the one in force by one script."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from sellable import network as documents
from sellable.errors import BugError, LocationInUse, NetworkVersionConflict
from sellable.store.runner import pack

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sellable.network import Network
    from sellable.store.runner import Runner

_FIELDS_PER_CALL: Final = 200
_STAGE_SECONDS: Final = 3600  # a stage that nobody commits goes away by itself
_TRIES_MAX: Final = 5

_decode_market: Final = msgspec.msgpack.Decoder(tuple[int, int, int]).decode


class InForce(Struct, frozen=True, kw_only=True):
    """The network in force; version 0 and an empty document where none was applied yet."""

    version: int = 0
    epoch: int = 0
    document: str = ""
    apply_ms: int = 0
    author: str = ""
    comment: str = ""


class Applied(Struct, frozen=True, kw_only=True):
    """What applying a document did, or would do; `version` is the one then in force."""

    version: int
    changes: list[str]


class Networks:
    """The network of one partition."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def in_force(self) -> InForce:
        """Return the network in force."""
        names = ("version", "epoch", "document", "apply_ms", "author", "comment")
        raw = await self._runner.connection.execute("HMGET", self._runner.partition.net, *names)
        if raw[0] is None:
            return InForce()
        version, epoch, document, apply_ms, author, comment = (value or b"" for value in raw)
        return InForce(
            version=int(version),
            epoch=int(epoch),
            document=document.decode(),
            apply_ms=int(apply_ms),
            author=author.decode(),
            comment=comment.decode(),
        )

    async def rollout_fraction(self) -> float:
        """Return how much of the last change is rolled out: 1 when every view is complete."""
        names = ("total", "done")
        total, done = await self._runner.connection.execute(
            "HMGET", self._runner.partition.rollout, *names
        )
        if total is None:
            return 1.0
        return min(1.0, int(done or 0) / max(1, int(total)))

    async def apply(
        self,
        document: str,
        *,
        dry_run: bool = False,
        expected_version: int | None = None,
        author: str = "",
        comment: str = "",
    ) -> Applied:
        """Make a document the next version; one that changes nothing makes none.

        Raises:
            InvalidNetwork: With every problem of the document.
            NetworkVersionConflict: Another version came first.
            LocationInUse: A location that the document leaves out still holds reservations.
        """
        # A large document takes a while to read, and other calls go on meanwhile.
        new = await asyncio.to_thread(documents.parse, document)
        for _ in range(_TRIES_MAX):
            current = await self.in_force()
            old = await _parse(current)
            changes = documents.changes(old, new)
            # A repeat after a lost reply finds its document in force: its effect is reached.
            if document == current.document:
                return Applied(version=current.version, changes=changes)
            if expected_version not in (None, current.version):
                raise NetworkVersionConflict(expected_version or 0, current.version)
            if dry_run:
                return Applied(version=current.version, changes=changes)
            version = await self._commit(
                current, old, new, document=document, author=author, comment=comment
            )
            if version is not None:
                return Applied(version=version, changes=changes)
        raise NetworkVersionConflict(expected_version or 0, current.version)

    async def _commit(
        self,
        current: InForce,
        old: Network | None,
        new: Network,
        *,
        document: str,
        author: str,
        comment: str,
    ) -> int | None:
        """Return the version committed, or None where another one came first."""
        runner = self._runner
        affected = documents.affected_markets(old, new)
        pending = documents.affected_locations(old, new, affected)
        pending |= documents.resettled_locations(old, new)
        removed_locations = documents.removed_locations(old, new)
        if removed_locations:
            await runner.expire_all()  # a hold that is due does not keep a location in use
        version, epoch = current.version + 1, current.epoch + bool(pending or affected)
        compiled = documents.compile_network(new)
        kept = compiled.markets.keys() - affected
        epochs = dict.fromkeys(compiled.markets, epoch) | await self._epochs(old, kept)
        stage = runner.partition.stage(secrets.token_hex(8))
        await self._stage(
            stage,
            {
                **compiled.fields,
                **compiled.market_fields(epochs),
                "markets": pack(list(compiled.markets)),
                "version": str(version).encode(),
                "epoch": str(epoch).encode(),
                "document": document.encode(),
                "author": author.encode(),
                "comment": comment.encode(),
            },
        )
        removed_markets = {market.key for market in old.markets} if old else set()
        request = {
            "base_version": current.version,
            "version": version,
            "stage": stage,
            "epoch": epoch,
            "markets": [
                [market, epochs[market], threshold, int(market in affected)]
                for market, (threshold, _) in compiled.markets.items()
            ],
            "removed_markets": sorted(removed_markets - epochs.keys()),
            "removed_locations": sorted(removed_locations),
            "pending": sorted(pending),
            "author": author,
        }
        answer = await runner.run("commit_network", pack(request), keeps=False)
        match answer.outcome:
            case "DONE":
                return version
            case "CONFLICT":
                return None
            case "IN_USE":
                raise LocationInUse(*answer.body)
        raise BugError(answer.outcome)

    async def _epochs(self, old: Network | None, kept: Collection[str]) -> dict[str, int]:
        markets = [market.key for market in old.markets if market.key in kept] if old else []
        if not markets:
            return {}
        fields = [f"m:{market}" for market in markets]
        raw = await self._runner.connection.execute("HMGET", self._runner.partition.net, *fields)
        return {
            market: _decode_market(packed)[0]
            for market, packed in zip(markets, raw, strict=True)
            if packed is not None
        }

    async def _stage(self, stage: str, fields: Mapping[str, bytes]) -> None:
        flat: list[str | bytes] = [part for pair in fields.items() for part in pair]
        step = 2 * _FIELDS_PER_CALL
        commands: list[tuple[str | bytes | int, ...]] = [
            ("HSET", stage, *flat[at : at + step]) for at in range(0, len(flat), step)
        ]
        commands.insert(1, ("EXPIRE", stage, _STAGE_SECONDS))
        for reply in await self._runner.connection.pipeline(commands):
            if isinstance(reply, Exception):
                raise reply


async def _parse(current: InForce) -> Network | None:
    if not current.version:
        return None
    return await asyncio.to_thread(documents.parse, current.document)
