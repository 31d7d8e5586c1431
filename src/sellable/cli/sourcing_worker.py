"""`sellable sourcing worker`: finds orders at risk, sources them anew, or asks a person."""

from __future__ import annotations

import asyncio
import secrets
from functools import partial
from typing import TYPE_CHECKING, Final

from sellable.cli.ingest_options import STORE_SETTINGS
from sellable.settings import InForce

if TYPE_CHECKING:
    from sellable.metrics.series import Series
    from sellable.settings import Settings

SOURCING_WORKER_SETTINGS: Final = (
    *STORE_SETTINGS,
    "metrics_listen",
    "drain_grace_ms",
    "sourcing_late",
    "sourcing_late_after_ms",
    "sourcing_look_interval_ms",
    "sourcing_retry_after_ms",
    "sourcing_claim_after_ms",
    "sourcing_solve_limit_ms",
    "sourcing_threads",
)


def worker_command(in_force: InForce) -> None:
    """See to orders at risk, until SIGTERM or SIGINT.

    At risk is a confirmed order that is short of units, bound to a location that
    was disabled or does not deliver, or late. It is sourced anew by its profile;
    where no plan exists, `sellable sourcing at-risk` lists it for a person.

    Run as many workers as you like: each order is seen to once, and what a dead
    worker left is taken over.

    Examples:
      sellable sourcing worker --data ./stock
      sellable sourcing worker --store redis://localhost:6379
    """
    # What working needs takes a while to load: no other command waits for it.
    from sellable.logs import configure_logs  # noqa: PLC0415
    from sellable.rpc.run import run_event_loop  # noqa: PLC0415

    settings = in_force.settings
    configure_logs(level=settings.log_level, form=settings.log_format)
    run_event_loop(_work(settings))


async def _work(settings: Settings) -> None:
    from sellable.dispatch.worker.acting import Policy  # noqa: PLC0415 - as above
    from sellable.dispatch.worker.worker import Worker  # noqa: PLC0415
    from sellable.ingest.opening import open_ingest_store  # noqa: PLC0415
    from sellable.metrics import process as metrics  # noqa: PLC0415
    from sellable.metrics.endpoint import metrics_served  # noqa: PLC0415
    from sellable.rpc.run import STOPS, Signals  # noqa: PLC0415
    from sellable.registrations import dispatch_of  # noqa: PLC0415
    from sellable.service import ONLY_WORKER  # noqa: PLC0415

    async with open_ingest_store(settings) as store:
        dispatch = dispatch_of(store, settings, None)  # an order's place was looked up long ago
        worker = Worker(
            store,
            dispatch,
            name=secrets.token_hex(8),
            policy=Policy(
                late_after_ms=settings.sourcing_late_after_ms,
                late_sourced=settings.sourcing_late == "source",
                retry_after_ms=settings.sourcing_retry_after_ms,
                lease_ms=settings.sourcing_claim_after_ms,
                solve_limit_ms=settings.sourcing_solve_limit_ms,
            ),
            look_every_ms=settings.sourcing_look_interval_ms,
            at_once=2 * settings.sourcing_threads,  # one asks the store while the other is planned
            grace_ms=settings.drain_grace_ms,
        )
        meter = metrics.Meter(ONLY_WORKER)
        for part in (
            partial(metrics.store, store),
            partial(metrics.sourcing, dispatch),
            partial(metrics.at_risk, worker.outcomes),
        ):
            meter.add(part)

        async def read() -> list[Series]:
            return meter.read()

        with metrics_served(settings.metrics_listen, read), Signals(*STOPS) as signals:
            stopping = asyncio.ensure_future(signals.next())
            stopping.add_done_callback(lambda _: worker.stop())
            try:
                await worker.run()
            finally:
                stopping.cancel()
