"""The services of the contract over one store: those that the settings name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import structlog

from sellable.dispatch.dispatch import Dispatch
from sellable.dispatch.solving import Solving
from sellable.ingest import events
from sellable.places.destination import located
from sellable.rpc.availability import AvailabilityService
from sellable.rpc.convert.reservations import TtlBounds
from sellable.rpc.convert.sourcing import PlanBounds
from sellable.rpc.express.reading import CheckAvailability, CheckSellable
from sellable.rpc.inventory import InventoryService
from sellable.rpc.network import NetworkService
from sellable.rpc.operations import FeedRules, OperationsService
from sellable.rpc.reservations import ReservationService
from sellable.rpc.sourcing import SourcingService
from sellable.settings import Silences
from sellable.store.ages import Ages
from sellable.v1.availability_pb2_grpc import add_AvailabilityServiceServicer_to_server
from sellable.v1.inventory_pb2_grpc import add_InventoryServiceServicer_to_server
from sellable.v1.network_pb2_grpc import add_NetworkServiceServicer_to_server
from sellable.v1.operations_pb2_grpc import add_OperationsServiceServicer_to_server
from sellable.v1.reservations_pb2_grpc import add_ReservationServiceServicer_to_server
from sellable.v1.sourcing_pb2_grpc import add_SourcingServiceServicer_to_server

if TYPE_CHECKING:
    from sellable.places.codes import PostalCodes
    from sellable.rpc.express.batches import Batched
    from sellable.rpc.express.events import Express
    from sellable.rpc.guard import Gate
    from sellable.rpc.server import Registration
    from sellable.settings import Settings
    from sellable.store.store import Store

_log = structlog.get_logger("sellable")


def registrations(
    store: Store, settings: Settings, dispatch: Dispatch | None = None
) -> list[Registration]:
    """Return the services of the contract that the settings name, over one store."""
    found: list[Registration] = []
    if settings.only != "sourcing":
        found += _of_stock(store, settings)
    if settings.only != "availability":
        bounds = PlanBounds(settings.sourcing_solve_limit_ms, _ttl(settings))
        dispatch = dispatch or dispatch_of(store, settings, postal_codes_of(settings))
        late_after_ms = settings.sourcing_late_after_ms
        sourcing = SourcingService(dispatch, bounds, store, late_after_ms)
        found.append((add_SourcingServiceServicer_to_server, sourcing))
    return found


def dispatch_of(store: Store, settings: Settings, codes: PostalCodes | None) -> Dispatch:
    """Return the use cases of sourcing over one store."""
    solving = Solving(settings.sourcing_threads, settings.sourcing_queue_max)
    return Dispatch(store, solving, partial(located, codes))


def postal_codes_of(settings: Settings) -> PostalCodes | None:
    """Read the table of postal codes that the settings name; a large one takes seconds.

    Raises:
        SettingsRefused: It cannot be read.
    """
    if settings.postal_codes is None:
        return None
    from sellable.places.reading import read_postal_codes  # noqa: PLC0415 - only where one is read

    codes = read_postal_codes(settings.postal_codes)
    _log.info("postal_codes_read", count=len(codes), countries=len(codes.countries))
    if codes.problem_count:
        _log.warning("postal_codes_left_out", count=codes.problem_count, first=list(codes.problems))
    return codes


def _ttl(settings: Settings) -> TtlBounds:
    return TtlBounds(settings.ttl_ms_default, settings.ttl_ms_min, settings.ttl_ms_max)


def _of_stock(store: Store, settings: Settings) -> list[Registration]:
    silences = Silences(settings.feed_silent_after or "")
    rules = FeedRules(
        read_row=events.decode,
        write_row=events.encode,
        silent_after_ms=silences.after_ms,
        expected=silences.named,
    )
    return [
        (
            add_AvailabilityServiceServicer_to_server,
            AvailabilityService(store, settings.pickup_radius_km_default),
        ),
        (
            add_ReservationServiceServicer_to_server,
            ReservationService(store, _ttl(settings), settings.future_tolerance_ms),
        ),
        (add_InventoryServiceServicer_to_server, InventoryService(store)),
        (add_NetworkServiceServicer_to_server, NetworkService(store)),
        (add_OperationsServiceServicer_to_server, OperationsService(store, rules)),
    ]


def express(store: Store, gate: Gate, settings: Settings) -> dict[str, Express]:
    """Return the methods that take their calls by the batch, by path."""
    if settings.only == "sourcing":
        return {}
    columns, revisions = store.reads.columns, store.revisions
    methods: list[Batched] = [
        CheckSellable(columns, revisions, gate),
        CheckAvailability(columns, revisions, gate, Ages(store.runner)),
    ]
    return {f"/sellable.v1.AvailabilityService/{one.method}": one for one in methods}
