"""NetworkService: convert, call, convert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.rpc.convert import network as convert
from sellable.v1.network_pb2_grpc import NetworkServiceServicer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sellable.rpc.guard import Context
    from sellable.store.store import Store
    from sellable.v1 import network_pb2 as pb


class NetworkService(NetworkServiceServicer):
    """The configuration: one declarative, versioned document."""

    def __init__(self, store: Store) -> None:
        self._networks = store.networks

    async def ApplyNetwork(
        self, request: pb.ApplyNetworkRequest, context: Context
    ) -> pb.ApplyNetworkResponse:
        wanted = convert.apply_network(request)
        applied = await self._networks.apply(
            wanted.document,
            dry_run=wanted.dry_run,
            expected_version=wanted.expected_version,
            author=wanted.author,
            comment=wanted.comment,
        )
        return convert.apply_network_response(applied.version, applied.changes)

    async def GetNetwork(
        self, request: pb.GetNetworkRequest, context: Context
    ) -> pb.GetNetworkResponse:
        version = convert.get_network(request)
        found = await (self._networks.version(version) if version else self._networks.in_force())
        return convert.get_network_response(
            found, rollout_fraction=await self._networks.rollout_fraction()
        )

    async def ListNetworkVersions(
        self, request: pb.ListNetworkVersionsRequest, context: Context
    ) -> pb.ListNetworkVersionsResponse:
        before, size = convert.list_network_versions(request)
        versions, before = await self._networks.versions(before, size)
        return convert.list_network_versions_response(versions, before)

    async def RestoreNetwork(
        self, request: pb.RestoreNetworkRequest, context: Context
    ) -> pb.RestoreNetworkResponse:
        wanted = convert.restore_network(request)
        restored = await self._networks.restore(
            wanted.version,
            dry_run=wanted.dry_run,
            bring_back_locations=wanted.bring_back_locations,
            expected_version=wanted.expected_version,
            author=wanted.author,
            comment=wanted.comment,
        )
        return convert.restore_network_response(restored.version, restored.changes)

    async def PreviewNetwork(
        self, request: pb.PreviewNetworkRequest, context: Context
    ) -> AsyncIterator[pb.PreviewNetworkResponse]:
        document = convert.preview_network(request)
        async for progress in self._networks.preview(document):
            yield convert.preview_network_response(progress)
