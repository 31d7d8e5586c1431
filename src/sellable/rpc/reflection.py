"""Server reflection, for tools such as grpcurl; its streams end when the server drains."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha._async import ReflectionServicer

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterable

    import grpc

SERVICE_NAME = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"].full_name


class Reflection(ReflectionServicer):
    """Describes the services; an idle tool does not hold up a drain."""

    def __init__(self, service_names: Iterable[str]) -> None:
        """Describe these services and the files that they need."""
        super().__init__(sorted(service_names))
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End every open stream after the request that it is answering."""
        self._closing.set()

    async def ServerReflectionInfo(  # type: ignore[override]
        self,
        request_iterator: AsyncIterable[reflection_pb2.ServerReflectionRequest],
        context: grpc.aio.ServicerContext[
            reflection_pb2.ServerReflectionRequest, reflection_pb2.ServerReflectionResponse
        ],
    ) -> AsyncIterator[reflection_pb2.ServerReflectionResponse]:
        """Answer each request of the stream."""
        # The stubs take the library's async generator for a coroutine.
        answer: Any = super().ServerReflectionInfo
        async for response in answer(self._until_closing(request_iterator), context):
            yield response

    async def _until_closing(
        self, requests: AsyncIterable[reflection_pb2.ServerReflectionRequest]
    ) -> AsyncIterator[reflection_pb2.ServerReflectionRequest]:
        iterator = aiter(requests)
        closing = asyncio.ensure_future(self._closing.wait())
        try:
            while True:
                coming = asyncio.ensure_future(anext(iterator))
                try:
                    await asyncio.wait({coming, closing}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    if not coming.done():
                        coming.cancel()
                if not coming.done():
                    return
                try:
                    yield coming.result()
                except StopAsyncIteration:
                    return
        finally:
            closing.cancel()
