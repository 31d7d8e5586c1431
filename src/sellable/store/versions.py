"""The versions of the network that are kept, each with its document; a version never changes."""

from __future__ import annotations

import asyncio
import zlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from sellable import network as documents
from sellable.errors import InvalidNetwork, Problem, UnknownVersion

if TYPE_CHECKING:
    from sellable.network import Network
    from sellable.store.runner import Runner

_PARSED_MAX: Final = 4  # a document of 3 MiB becomes some 50 MB of values


class Version(Struct, frozen=True, kw_only=True):
    """A version as it was applied; `document` is empty where only what was said of it is asked."""

    version: int
    apply_ms: int = 0
    author: str = ""
    comment: str = ""
    document: str = ""


class Versions:
    """The versions of one partition's network."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        # The time goes with the number: an emptied store counts from 1 again.
        self._parsed: OrderedDict[tuple[int, int], Network] = OrderedDict()

    async def get(self, version: int) -> Version:
        """Return one version with its document.

        Raises:
            UnknownVersion: It never was, or is not kept any more.
        """
        found = await self._read([version], "document")
        if not found:
            raise UnknownVersion(str(version))
        return found[0]

    async def page(self, before: int, size: int) -> tuple[list[Version], int]:
        """Return the versions below `before`, newest first, and where to go on; 0 = no more."""
        raw = await self._runner.connection.execute(
            "HMGET", self._runner.partition.net, "version", "oldest"
        )
        newest, oldest = int(raw[0] or 0), int(raw[1] or 1)
        first = min(before - 1, newest)
        last = max(oldest, first - size + 1)
        found = await self._read(list(range(first, last - 1, -1)))
        return found, last if last > oldest and found else 0

    async def parsed(self, version: int) -> Network:
        """Return a version as values; the last few are remembered.

        Raises:
            UnknownVersion: It never was, or is not kept any more.
        """
        found = await self._read([version])
        if not found:
            raise UnknownVersion(str(version))
        key = (version, found[0].apply_ms)
        network = self._parsed.get(key)
        if network is None:
            document = (await self.get(version)).document
            # A large document takes a while to read, and other calls go on meanwhile.
            network = await asyncio.to_thread(documents.parse, document)
            self._parsed[key] = network
        self._parsed.move_to_end(key)
        while len(self._parsed) > _PARSED_MAX:
            self._parsed.popitem(last=False)
        return network

    async def _read(self, versions: list[int], *more: str) -> list[Version]:
        partition = self._runner.partition
        replies = await self._runner.connection.pipeline(
            [
                ("HMGET", partition.version(version), "apply_ms", "author", "comment", *more)
                for version in versions
            ]
        )
        found = []
        for version, reply in zip(versions, replies, strict=True):
            if isinstance(reply, Exception):
                raise reply
            apply_ms, author, comment, *document = reply
            if apply_ms is not None:
                found.append(
                    Version(
                        version=version,
                        apply_ms=int(apply_ms),
                        author=author.decode(),
                        comment=comment.decode(),
                        document=zlib.decompress(document[0]).decode() if document else "",
                    )
                )
        return found


def refuse_missing(document: str, restored: Network, current: Network) -> None:
    """Refuse an earlier document that names locations which the network no longer has.

    Raises:
        InvalidNetwork: With the place of each in that document.
    """
    known = {place.id for place in current.locations}
    missing = [place.id for place in restored.locations if place.id not in known]
    if missing:
        places = documents.location_places(document)
        raise InvalidNetwork(
            *(
                Problem(
                    *places[name],
                    f"location {name!r} is no longer in the network: bring_back_locations takes "
                    "it in again",
                )
                for name in missing
            )
        )
