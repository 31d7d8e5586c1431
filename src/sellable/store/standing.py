"""What positions hold, for whoever wants to know what a feed would change; nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sellable.store.runner import pack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sellable.store.runner import Runner

_PAIRS_PER_CALL: Final = 250
_MEMBERS_PER_CALL: Final = 250


class Standing(NamedTuple):
    """One position as it is; `known` says whether the network has the location.

    `observe_us` is when it was counted, 0 if nothing was.
    """

    known: bool
    on_hand: int
    reserved: int
    observe_us: int


async def standings(runner: Runner, pairs: Sequence[tuple[str, str]]) -> list[Standing]:
    """Return what positions hold, each named by location and SKU; zeros where there is none."""
    found: list[Standing] = []
    while len(found) < len(pairs):
        some = pairs[len(found) : len(found) + _PAIRS_PER_CALL]
        flat = [text for pair in some for text in pair]
        told = (await runner.read("observe_stock", pack(flat))).body
        quarters = zip(told[::4], told[1::4], told[2::4], told[3::4], strict=True)
        found += [Standing(bool(known), *rest) for known, *rest in quarters]
    return found


async def skus_at(runner: Runner, location: str) -> AsyncIterator[list[str]]:
    """Give the SKUs that have a position at a location, some at a time; one may come twice."""
    cursor = "0"
    while True:
        reply = await runner.connection.execute(
            "SSCAN", runner.partition.location(location), cursor, "COUNT", _MEMBERS_PER_CALL
        )
        cursor = reply[0].decode()
        yield [member.decode() for member in reply[1]]
        if cursor == "0":
            return
