"""grpc.health.v1: whether the service can answer, which is whether its store answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Iterable

_Response = health_pb2.HealthCheckResponse

SERVICE_NAME = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name


class Health(health_pb2_grpc.HealthServicer):
    """One status for every service and for the whole server (""), told to watchers as it changes.

    The servicer of grpcio-health-checking keeps watchers open for ever, and so would hold up
    every drain for its whole grace; here they are told NOT_SERVING and then end.
    """

    def __init__(self, service_names: Iterable[str]) -> None:
        """Answer for these services, NOT_SERVING until `set_serving` says otherwise."""
        self._names = frozenset(service_names) | {""}
        self._serving = False
        self._closing = False
        self._changed = asyncio.Event()

    @property
    def serving(self) -> bool:
        """What the next check is told."""
        return self._serving

    def set_serving(self, serving: bool) -> None:  # noqa: FBT001 - a setter of one boolean
        """Tell checks and watchers from now on; after `close` the answer stays NOT_SERVING."""
        if not self._closing and serving != self._serving:
            self._serving = serving
            self._announce()

    def close(self) -> None:
        """Answer NOT_SERVING for good, and end the watchers once they have been told."""
        self._serving = False
        self._closing = True
        self._announce()

    async def Check(
        self,
        request: health_pb2.HealthCheckRequest,
        context: grpc.aio.ServicerContext[
            health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse
        ],
    ) -> health_pb2.HealthCheckResponse:
        """Answer the status of one service; NOT_FOUND for one that is not served here."""
        if request.service not in self._names:
            await context.abort(grpc.StatusCode.NOT_FOUND, "this service is not served here")
        return _Response(status=self._status(request.service))

    async def Watch(
        self,
        request: health_pb2.HealthCheckRequest,
        context: grpc.aio.ServicerContext[
            health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse
        ],
    ) -> None:
        """Write the status now and whenever it changes."""
        told = None
        while True:
            changed = self._changed  # taken before the status, so that no change is missed
            closing, status = self._closing, self._status(request.service)
            if status != told:
                await context.write(_Response(status=status))
                told = status
            if closing:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "the server is shutting down")
            await changed.wait()

    def _status(self, service: str) -> int:
        if service not in self._names:
            return _Response.SERVICE_UNKNOWN
        return _Response.SERVING if self._serving else _Response.NOT_SERVING

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
