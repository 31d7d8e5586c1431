"""The endpoint that Prometheus asks, in a thread of its own; it counts nothing itself."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import structlog
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from sellable.errors import ListenRefused
from sellable.metrics.families import FAMILIES
from sellable.rpc.listen import TcpAddress, parse_address, refused, require_free

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    from sellable.metrics.families import Family
    from sellable.metrics.series import Series

_ANSWER_S_MAX: Final = 5.0

_log = structlog.get_logger("sellable.metrics")


def metrics_address(listen: str) -> TcpAddress:
    """Read where metrics are served.

    Raises:
        ListenRefused: It is no host and port.
    """
    address = parse_address(listen)
    if not isinstance(address, TcpAddress):
        raise ListenRefused(
            f"cannot serve metrics on {listen!r}: expected host:port or [ipv6]:port"
        )
    return address


@contextmanager
def metrics_served(
    listen: str | None, read: Callable[[], Awaitable[Iterable[Series]]]
) -> Iterator[None]:
    """Serve metrics while the block lasts, if an address is given.

    Args:
        listen: `host:port` or `[ipv6]:port`.
        read: Asked on this event loop for every answer.

    Raises:
        ListenRefused: The address is none, or cannot be bound.
    """
    if listen is None:
        yield
        return
    address = metrics_address(listen)
    require_free(address)
    registry = CollectorRegistry()
    registry.register(_Asking(asyncio.get_running_loop(), read))
    try:
        server, thread = start_http_server(address.port, address.host, registry)
    except OSError as error:
        raise refused(address, str(error.strerror)) from error
    _log.info("metrics", address=str(TcpAddress(host=address.host, port=server.server_port)))
    try:
        yield
    finally:
        server.shutdown()  # at most half a second, after the last call was answered
        server.server_close()
        thread.join()


class _Asking(Collector):
    """Asks the event loop of the service, from the thread of the endpoint."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        read: Callable[[], Awaitable[Iterable[Series]]],
    ) -> None:
        self._loop = loop
        self._read = read

    def describe(self) -> Iterable[Metric]:
        return [_metric(family) for family in FAMILIES.values()]

    def collect(self) -> Iterable[Metric]:
        async def ask() -> Iterable[Series]:
            return await self._read()

        answer = asyncio.run_coroutine_threadsafe(ask(), self._loop)
        return metrics(answer.result(_ANSWER_S_MAX))


def metrics(series: Iterable[Series]) -> list[Metric]:
    """Return series as the client library writes them."""
    found: dict[str, Metric] = {}
    for one in series:
        family = FAMILIES[one.family]
        metric = found.setdefault(one.family, _metric(family))
        if isinstance(metric, HistogramMetricFamily):
            *counts, total = one.values
            bounds = [*map(str, family.bounds), "+Inf"]
            metric.add_metric(one.labels, list(zip(bounds, accumulate(counts), strict=True)), total)
        elif isinstance(metric, CounterMetricFamily | GaugeMetricFamily):
            metric.add_metric(one.labels, one.values[0])
    return list(found.values())


def _metric(family: Family) -> Metric:
    kinds: dict[str, Callable[..., Metric]] = {
        "counter": CounterMetricFamily,
        "gauge": GaugeMetricFamily,
        "histogram": HistogramMetricFamily,
    }
    return kinds[family.kind](family.name, family.meaning, labels=family.labels)
