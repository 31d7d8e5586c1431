"""NetworkService: convert, call, convert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.errors import UnknownVersion
from sellable.rpc.convert import network as convert
from sellable.v1.network_pb2_grpc import NetworkServiceServicer

if TYPE_CHECKING:
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
        current = await self._networks.in_force()
        if version not in {0, current.version}:
            raise UnknownVersion(str(version))
        return convert.get_network_response(
            version=current.version,
            document=current.document,
            apply_ms=current.apply_ms,
            rollout_fraction=await self._networks.rollout_fraction(),
        )
