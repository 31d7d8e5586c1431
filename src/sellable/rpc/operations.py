"""OperationsService: convert, call, convert."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sellable.maintenance.verify import verify
from sellable.rpc.convert import feeds, network
from sellable.stock import Fact
from sellable.store.letters import payload_of
from sellable.v1.operations_pb2_grpc import OperationsServiceServicer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sellable.rpc.guard import Context
    from sellable.store.letters import Letter, Row
    from sellable.store.store import Store
    from sellable.v1 import operations_pb2 as pb


class FeedRules(NamedTuple):
    """What the service is told of feeds.

    Args:
        read_row: Makes a row of a payload as it came, and of its source.
        write_row: Writes a fact as feeds do.
        silent_after_ms: After how long a source is silent; 0: nothing is set for it.
        expected: Sources that are missed also if nothing ever came of them.
    """

    read_row: Callable[[bytes, str], Row]
    write_row: Callable[[Fact], bytes]
    silent_after_ms: Callable[[str], int]
    expected: tuple[str, ...] = ()


class OperationsService(OperationsServiceServicer):
    """What operators and integrators need."""

    def __init__(self, store: Store, rules: FeedRules) -> None:
        self._runner = store.runner
        self._feeds = store.feed_list
        self._letters = store.letters
        self._rules = rules

    async def Verify(
        self, request: pb.VerifyRequest, context: Context
    ) -> AsyncIterator[pb.VerifyResponse]:
        async for progress in verify(self._runner, network.verify(request)):
            yield network.verify_response(
                checked_sku_count=progress.checked_sku_count,
                fraction=progress.fraction,
                differences=progress.differences,
                done=progress.done,
            )

    async def ListFeeds(
        self, request: pb.ListFeedsRequest, context: Context
    ) -> pb.ListFeedsResponse:
        after, size = feeds.list_feeds(request)
        found, more = await self._feeds.page(after, size, self._rules.expected)
        return feeds.list_feeds_response(
            found,
            more=more,
            now_ms=await self._runner.now_ms(),
            silent_after_ms=self._rules.silent_after_ms,
        )

    async def ListDeadLetters(
        self, request: pb.ListDeadLettersRequest, context: Context
    ) -> pb.ListDeadLettersResponse:
        asked = feeds.list_dead_letters(request)
        if asked.places:
            letters, page_token = await self._letters.some(asked.places), ""
        else:
            letters, page_token = await self._letters.page(
                asked.source, asked.size, asked.page_token
            )
        return feeds.list_dead_letters_response(letters, page_token, self._payload)

    async def ResolveDeadLetters(
        self, request: pb.ResolveDeadLettersRequest, context: Context
    ) -> pb.ResolveDeadLettersResponse:
        wanted = feeds.resolve_dead_letters(request)
        if not wanted.retry:
            results = await self._letters.drop(wanted.places)
        else:
            read = self._rules.read_row
            # One after the other: of two facts with one id the earlier one counts.
            results = [await self._letters.retry(place, read) for place in wanted.places]
        return feeds.resolve_dead_letters_response(results)

    def _payload(self, letter: Letter) -> bytes:
        row = letter.row
        return self._rules.write_row(row) if isinstance(row, Fact) else payload_of(row)
