"""The demo: a service of its own, then load, replay and audit; every call goes over gRPC."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Final, NamedTuple

from sellable.demo.audit import Audit, count_units, verify
from sellable.demo.books import Books
from sellable.demo.caller import CallTimes, callers
from sellable.demo.clients import replay
from sellable.demo.invoices import packaged_sample
from sellable.demo.loading import DemoRefused, apply_network, load_stock
from sellable.demo.network import market_locations, network_document
from sellable.demo.opening import opening_stock
from sellable.demo.orders import Replay
from sellable.demo.process import service_process
from sellable.demo.report import Report
from sellable.demo.timeline import first_orders, timeline
from sellable.limits import SKUS_PER_CALL_MAX
from sellable.network import parse
from sellable.v1 import availability_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sellable.demo.caller import Caller
    from sellable.demo.orders import Cancellation, Order
    from sellable.demo.progress import Display

ADDRESS_DEFAULT: Final = "127.0.0.1:50051"
_TRY_SKUS_MAX: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to replay.

    Attributes:
        orders: a CSV of orders; None takes the packaged sample.
        client_count: clients at once.
        order_count_max: orders to replay; None takes all.
    """

    orders: Path | None
    client_count: int
    order_count_max: int | None


class InStock(NamedTuple):
    """What the reader can ask for after the replay."""

    market: str
    skus: Sequence[str]


class Demo:
    """One run against a service without data: `load`, `replay`, `audit`, in this order.

    Args:
        callers: connections to the service.
        times: where they note how long calls take.
        plan: what to replay.
        display: where to show what happens.
    """

    def __init__(
        self, callers: Sequence[Caller], times: CallTimes, plan: Plan, display: Display
    ) -> None:
        self._callers = callers
        self._times = times
        self._plan = plan
        self._display = display
        self._document = network_document()
        self._locations = market_locations(parse(self._document))
        self._replay = Replay(plan.orders or packaged_sample(), self._locations)
        self._opening: Counter[str] = Counter()
        self._order_count = 0
        self._event_count = 0  # every order is placed and dispatched
        self._books = Books()
        self._replay_s = 0.0

    def _events(self) -> Iterator[Order | Cancellation]:
        return first_orders(self._replay, self._plan.order_count_max)

    async def load(self) -> None:
        """Apply the network and bring the opening stock.

        Raises:
            DemoRefused: The service has data already, or there are no orders.
            InvalidFields: The file of orders is not what it must be.
        """
        await apply_network(self._callers[0], self._document)
        self._display.say(f"network applied: {len(self._locations)} markets")
        self._display.say("reading the orders, to see what stock they need")
        counts = list(opening_stock(self._events(), self._locations))
        tally = self._replay.tally
        self._order_count = min(tally.orders, self._plan.order_count_max or tally.orders)
        self._event_count = 2 * self._order_count + tally.cancellations
        if not counts:
            raise DemoRefused("the file holds no orders that the network could sell")
        with self._display.working("loading stock") as show:
            await load_stock(
                self._callers,
                counts,
                lambda loaded_count: show(
                    loaded_count / len(counts),
                    lambda: f"{loaded_count:,} of {len(counts):,} counts",
                ),
            )
        for count in counts:
            self._opening[count.sku] += count.quantity

    async def replay(self) -> None:
        """Let the clients place, dispatch and cancel every order."""
        books, times = self._books, self._times
        calls_before, began = times.call_count, perf_counter()
        with self._display.working("replaying orders") as show:
            done_count = 0

            def speed() -> str:
                total, elapsed_s = books.total, perf_counter() - began
                calls_per_s = (times.call_count - calls_before) / elapsed_s
                return (
                    f"{total.order_count:,} of {self._order_count:,} orders, "
                    f"{total.order_count / elapsed_s:,.0f} orders/s, "
                    f"{calls_per_s:,.0f} calls/s, {total.refused_count:,} refused"
                )

            def progress() -> None:
                nonlocal done_count
                done_count += 1
                show(done_count / self._event_count, speed)

            await replay(
                timeline(self._events()),
                self._callers,
                books,
                client_count=self._plan.client_count,
                on_progress=progress,
            )
        self._replay_s = perf_counter() - began

    async def audit(self) -> Report:
        """Check every number, twice, and answer the report of the whole run."""
        with self._display.working("verifying") as show:
            verified_count, differences = await verify(
                self._callers[0],
                lambda fraction: show(fraction, lambda: "every counter recomputed"),
            )
        with self._display.working("counting units") as show:
            violations = await count_units(
                self._callers,
                self._opening,
                self._books.sold_units_by_sku,
                lambda fraction: show(fraction, lambda: "sold and left against what there was"),
            )
        return Report(
            client_count=self._plan.client_count,
            replay_s=self._replay_s,
            times=self._times,
            books=self._books,
            audit=Audit(
                verified_sku_count=verified_count,
                differences=differences,
                counted_sku_count=len(self._opening),
                violations=violations,
            ),
        )

    async def in_stock(self) -> InStock:
        """Answer what sells best of what the busiest market still has."""
        market = max(self._locations, key=lambda name: self._books.markets[name].order_count)
        channel, country = market.split("/")
        best = [sku for sku, _ in self._books.sold_units_by_sku.most_common(SKUS_PER_CALL_MAX)]
        caller = self._callers[0]
        answer = await caller.call(
            "check",
            caller.availability.CheckSellable,
            availability_pb2.CheckSellableRequest(channel=channel, country=country, skus=best),
        )
        quantities = zip(best, answer.sellable_quantities, strict=True)
        skus = [sku for sku, quantity in quantities if quantity > 1]
        return InStock(market, skus[:_TRY_SKUS_MAX])


async def run_demo(
    plan: Plan,
    *,
    listen: str,
    data: Path | None,
    display: Display,
    on_report: Callable[[Report], None],
    serve_on: bool,
) -> bool:
    """Run the demo against a service that is started for it; answer whether every number is right.

    Args:
        plan: what to replay.
        listen: where the service serves.
        data: empty folder that keeps the data; None takes a temporary one.
        display: where to show what happens.
        on_report: told the report when it is there.
        serve_on: serve until Ctrl-C after the report, so that a person can try more.
    """
    times = CallTimes()
    async with service_process(listen, data) as service:
        display.say(f"serving on {service.address} ({service.transport} transport)")
        async with callers(service.address, times) as connections:
            demo = Demo(connections, times, plan, display)
            await demo.load()
            await demo.replay()
            report = await demo.audit()
            on_report(report)
            if serve_on:
                display.say(_try_it(await demo.in_stock(), service.address))
        if serve_on:
            await service.until_stopped()
            display.say("stopping")
    return report.audit.clean


def _try_it(found: InStock, address: str) -> str:
    lines = [f"\nstill serving on {address} until Ctrl-C"]
    if found.skus:
        first = found.skus[0]
        where = "" if address == ADDRESS_DEFAULT else f" --address {address}"
        lines += [
            "try in a second terminal:",
            f"  sellable check {found.market} {' '.join(found.skus)}{where}",
            f"  sellable reserve {found.market} {first}=2{where}",
            f"  sellable positions {first}{where}",
        ]
    return "\n".join(lines)
