"""The network on the store: staged field by field, then made the one in force by one script."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from sellable import network as documents
from sellable.errors import (
    BugError,
    LocationInUse,
    NetworkVersionConflict,
    UnknownVersion,
)
from sellable.limits import NETWORK_VERSIONS_DEFAULT, QUOTA_COUNTERS_MAX
from sellable.network import NetworkAt
from sellable.store import staging
from sellable.store.preview import Preview, preview
from sellable.store.runner import pack, raw
from sellable.store.staging import Base
from sellable.store.versions import Version, Versions, refuse_missing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sellable.network import Network
    from sellable.store.runner import Runner

_TRIES_MAX: Final = 5


class InForce(Version, frozen=True, kw_only=True):
    """The network in force; version 0 and an empty document where none was applied yet.

    `slice` counts its dated changes that were made, and `as_of_ms` is when the last one was due.
    """

    epoch: int = 0
    slice: int = 0
    as_of_ms: int = 0

    @property
    def base(self) -> Base:
        """What a change of it starts from."""
        return Base(
            version=self.version, epoch=self.epoch, slice=self.slice, as_of_ms=self.as_of_ms
        )


class Applied(Struct, frozen=True, kw_only=True):
    """What applying a document did, or would do; `version` is the one then in force."""

    version: int
    changes: list[str]


class Edit(Struct, frozen=True, kw_only=True):
    """A document that is to become the next version, and what is said of it."""

    document: str
    author: str = ""
    comment: str = ""


class Networks:
    """The network of one partition.

    Args:
        runner: Its scripts.
        versions_max: How many versions are kept, the one in force included.
    """

    def __init__(self, runner: Runner, versions_max: int = NETWORK_VERSIONS_DEFAULT) -> None:
        self._runner = runner
        self._versions_max = versions_max
        self._versions = Versions(runner)
        self._preview_turn = asyncio.Semaphore(1)

    async def in_force(self) -> InForce:
        """Return the network in force."""
        for _ in range(_TRIES_MAX):
            base = await self._base()
            if not base.version:
                return InForce(version=0)
            try:
                kept = await self._versions.get(base.version)
            except UnknownVersion:
                continue  # many others came between the two questions
            return InForce(
                version=base.version,
                epoch=base.epoch,
                slice=base.slice,
                as_of_ms=base.as_of_ms,
                document=kept.document,
                apply_ms=kept.apply_ms,
                author=kept.author,
                comment=kept.comment,
            )
        raise BugError("the version in force is not kept")

    async def version(self, version: int) -> Version:
        """Return one version with its document.

        Raises:
            UnknownVersion: It never was, or is not kept any more.
        """
        return await self._versions.get(version)

    async def versions(self, before: int, size: int) -> tuple[list[Version], int]:
        """Return the versions below `before`, newest first, and where to go on; 0 = no more."""
        return await self._versions.page(before, size)

    async def parsed(self, version: int) -> Network:
        """Return a version as values; the last few are remembered.

        Raises:
            UnknownVersion: It never was, or is not kept any more.
        """
        return await self._versions.parsed(version)

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
            old = await self._at(current.base)
            changes = documents.changes(old.network if old else None, new)
            # A repeat after a lost reply finds its document in force: its effect is reached.
            if document == current.document:
                await self._runner.change([])
                return Applied(version=current.version, changes=changes)
            if expected_version not in (None, current.version):
                raise NetworkVersionConflict(expected_version or 0, current.version)
            at_ms = await self._runner.now_ms()
            made = await asyncio.to_thread(staging.plan, old, NetworkAt(new, at_ms))
            if dry_run:
                return Applied(version=current.version, changes=changes)
            edit = Edit(document=document, author=author, comment=comment)
            version = await self._commit(current.base, made, edit)
            if version is not None:
                return Applied(version=version, changes=changes)
        raise NetworkVersionConflict(expected_version or 0, current.version)

    async def restore(
        self,
        version: int,
        *,
        dry_run: bool = False,
        bring_back_locations: bool = False,
        expected_version: int | None = None,
        author: str = "",
        comment: str = "",
    ) -> Applied:
        """Make the document of a version that is kept the next version.

        Raises:
            UnknownVersion: It never was, or is not kept any more.
            InvalidNetwork: It names locations that the network no longer has, unless
                `bring_back_locations`.
            NetworkVersionConflict, LocationInUse: As `apply`.
        """
        document = (await self.version(version)).document
        for _ in range(_TRIES_MAX):
            current = (await self._base()).version
            if expected_version not in (None, current):
                raise NetworkVersionConflict(expected_version or 0, current)
            if not bring_back_locations:
                refuse_missing(document, await self.parsed(version), await self.parsed(current))
            try:
                return await self.apply(
                    document,
                    dry_run=dry_run,
                    expected_version=current,
                    author=author,
                    comment=comment or f"restored from version {version}",
                )
            except NetworkVersionConflict:
                if expected_version is not None:
                    raise
        raise NetworkVersionConflict(expected_version or 0, current)

    async def preview(self, document: str) -> AsyncIterator[Preview]:
        """Say what a document would do to the numbers of every market; the last one says done.

        One preview runs at a time, as it remembers the SKUs that it has counted.

        Raises:
            InvalidNetwork: With every problem of the document.
            StoreUnavailable: The store is lost, or the network keeps changing.
        """
        new = await asyncio.to_thread(documents.parse, document)
        async with self._preview_turn:
            async for progress in preview(self._runner, self._in_force_at, new):
                yield progress

    async def _base(self) -> Base:
        names = ("version", "epoch", "slice", "as_of_ms")
        raw = await self._runner.connection.execute("HMGET", self._runner.partition.net, *names)
        version, epoch, slice_, as_of_ms = (int(value or 0) for value in raw)
        return Base(version=version, epoch=epoch, slice=slice_, as_of_ms=as_of_ms)

    async def _in_force_at(self) -> tuple[Base, NetworkAt | None]:
        base = await self._base()
        return base, await self._at(base)

    async def _at(self, base: Base) -> NetworkAt | None:
        if not base.version:
            return None
        return NetworkAt(await self.parsed(base.version), base.as_of_ms)

    async def _commit(self, current: Base, made: staging.Plan, edit: Edit) -> int | None:
        """Return the version committed, or None where another change came first."""
        runner, old = self._runner, made.old
        if made.removed_locations:
            await runner.expire_all()  # a hold that is due does not keep a location in use
        version = current.version + 1
        epoch = current.epoch + bool(made.pending or made.affected)
        kept = made.compiled.markets.keys() - made.affected
        market_epochs = dict.fromkeys(made.compiled.markets, epoch)
        market_epochs |= await staging.epochs(runner, kept, epoch)
        numbers = {"version": version, "epoch": epoch}
        texts = {"author": edit.author, "comment": edit.comment}
        stage = await staging.stage(
            runner,
            staging.stage_fields(made, market_epochs)
            | {name: str(value).encode() for name, value in (numbers | texts).items()},
        )
        gone = {market.key for market in old.network.markets} if old else set()
        heard, silent = staging.heard_and_silent(old.network if old else None, made.new.network)
        counted = await runner.connection.execute("HKEYS", runner.partition.quotas)
        request = {
            "base": [current.version, current.epoch, current.slice],
            **numbers,
            **texts,
            "stage": stage,
            "affected": sorted(made.affected),
            "removed_markets": sorted(gone - market_epochs.keys()),
            "removed_locations": sorted(made.removed_locations),
            "pending": sorted(made.pending),
            "silent": silent,
            "heard": heard,
            "quotas": _forgettable(counted, made.new.network),
            "document": raw(zlib.compress(edit.document.encode())),
            "versions_max": self._versions_max,
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


def _forgettable(counted: list[bytes], new: Network) -> list[str]:
    """Return the counters to forget: those of no quota of the document, once there are too many.

    Until then a quota that leaves the network and comes back goes on where it was, as a restored
    version should, and what is given back meanwhile still counts.
    """
    if len(counted) <= QUOTA_COUNTERS_MAX:
        return []
    return sorted({key.decode() for key in counted} - documents.quota_keys(new))
