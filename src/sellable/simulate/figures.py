"""What a replay comes to under one profile, summed up as orders go, in memory of a fixed size."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sellable.simulate.fields import MICROS
from sellable.simulate.shelf import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sellable.errors import NoFeasiblePlan
    from sellable.sourcing.order import Order, SourcingStock
    from sellable.sourcing.plan import Plan

SLOW_AFTER_DAYS_DEFAULT: Final = 60.0
_GRAMS_PER_KG: Final = 1_000
_DIGITS: Final = 3  # of a time that are kept


@dataclass(slots=True, kw_only=True)
class Figures:
    """The sums of one profile.

    Args:
        slow_after_days: A unit is slow where those on hand would take longer than that to leave.
        has_outflow: Whether the snapshot says how fast units leave; else nothing is called slow.
    """

    slow_after_days: float = SLOW_AFTER_DAYS_DEFAULT
    has_outflow: bool = True
    orders: int = 0
    shipped_orders: int = 0
    split_orders: int = 0
    short_orders: int = 0
    lines: int = 0
    short_lines: int = 0
    units: int = 0
    unfilled_units: int = 0
    shipments: int = 0
    parcels: int = 0
    kilometres: float = 0.0
    arrivals: int = 0  # orders with a known day
    days: float = 0.0
    promised_orders: int = 0
    late_orders: int = 0
    cost_micros: int = 0
    carbon_grams: float = 0.0
    slow_units: int = 0
    proven: int = 0
    short_because: Counter[str] = field(default_factory=Counter)
    strategies: Counter[str] = field(default_factory=Counter)
    _times_us: Counter[int] = field(default_factory=Counter)

    def add_plan(self, order: Order, at_ms: int, stock: SourcingStock, plan: Plan) -> None:
        """Count an order that has a plan, over the stock that it was made of."""
        self._add_order(order)
        self.strategies[plan.strategy] += 1
        self.proven += plan.optimal
        self.shipments += len(plan.shipments)
        self.shipped_orders += bool(plan.shipments)
        self.split_orders += len(plan.shipments) > 1
        for shipment in plan.shipments:
            self.parcels += shipment.parcels
            self.kilometres += shipment.distance_km
            self.cost_micros += shipment.cost_micros
            self.carbon_grams += shipment.carbon_grams
        arrive_ms = max((shipment.arrive_ms for shipment in plan.shipments), default=0)
        if arrive_ms and min(shipment.arrive_ms for shipment in plan.shipments):
            self.arrivals += 1
            self.days += (arrive_ms - at_ms) / DAY_MS
            if order.promise_ms:
                self.promised_orders += 1
                self.late_orders += arrive_ms > order.promise_ms
        if plan.unfilled:
            self.short_orders += 1
            self.short_lines += len({part.line for part in plan.unfilled})
            self.unfilled_units += sum(part.quantity for part in plan.unfilled)
            self.short_because["unfilled in part"] += len({part.line for part in plan.unfilled})
        if self.has_outflow:
            self._add_slow(stock, plan)

    def add_none(self, order: Order, why: NoFeasiblePlan | str) -> None:
        """Count an order that has no plan, with what binds each line, or one word for all."""
        self._add_order(order)
        self.short_orders += 1
        self.short_lines += len(order.lines)
        self.unfilled_units += sum(line.quantity for line in order.lines)
        if isinstance(why, str):
            self.short_because[why] += len(order.lines)
        else:
            self.short_because.update(line.constraint for line in why.lines)

    def add_time(self, took_ns: int) -> None:
        """Count the time of one decision; three digits of it are kept."""
        took_us = max(1, took_ns // 1_000)
        unit = 10 ** max(0, len(str(took_us)) - _DIGITS)
        self._times_us[took_us // unit * unit] += 1

    def value(self) -> dict[str, Any]:
        """Return the figures by name; a mean of nothing, or what cannot be known, is None."""
        return {
            "orders": self.orders,
            "shipped_orders": self.shipped_orders,
            "shipments_per_order": _over(self.shipments, self.shipped_orders),
            "parcels_per_order": _over(self.parcels, self.shipped_orders),
            "split_share": _over(self.split_orders, self.shipped_orders),
            "distance_km_per_shipment": _over(self.kilometres, self.shipments),
            "distance_km_per_order": _over(self.kilometres, self.shipped_orders),
            "days": _over(self.days, self.arrivals),
            "late_share": _over(self.late_orders, self.promised_orders),
            "cost": self.cost_micros / MICROS,
            "cost_per_order": _over(self.cost_micros / MICROS, self.shipped_orders),
            "carbon_kg": self.carbon_grams / _GRAMS_PER_KG,
            "carbon_kg_per_order": _over(self.carbon_grams / _GRAMS_PER_KG, self.shipped_orders),
            "lines": self.lines,
            "units": self.units,
            "short_orders": self.short_orders,
            "short_lines": self.short_lines,
            "unfilled_units": self.unfilled_units,
            "short_because": dict(sorted(self.short_because.items())),
            "slow_units": self.slow_units if self.has_outflow else None,
            "strategies": dict(sorted(self.strategies.items())),
            "proven_share": _over(self.proven, sum(self.strategies.values())),
            "decide_ms_p50": self._quantile_ms(50),
            "decide_ms_p99": self._quantile_ms(99),
        }

    def _add_order(self, order: Order) -> None:
        self.orders += 1
        self.lines += len(order.lines)
        self.units += sum(line.quantity for line in order.lines)

    def _add_slow(self, stock: SourcingStock, plan: Plan) -> None:
        """Count the units beyond what leaves its location within `slow_after_days`."""
        rows = {sku: index for index, sku in enumerate(stock.skus)}
        columns = {location: index for index, location in enumerate(stock.locations)}
        taken: Counter[tuple[str, str]] = Counter()
        for part in plan.assignments:
            taken[part.sku, part.location] += part.quantity
        for (sku, location), units in taken.items():
            row, column = rows[sku], columns[location]
            soon = stock.daily_outflow[row][column] * self.slow_after_days
            slow = stock.on_hand[row][column] - int(soon)
            self.slow_units += min(units, max(0, slow))

    def _quantile_ms(self, per_cent: int) -> float | None:
        """Return the nearest-rank quantile of the times."""
        rank = -(-sum(self._times_us.values()) * per_cent // 100)
        return _ranked(self._times_us, rank)


def _ranked(counts: Mapping[int, int], rank: int) -> float | None:
    for took_us in sorted(counts):
        rank -= counts[took_us]
        if rank <= 0:
            return took_us / 1_000
    return None


def _over(total: float, count: int) -> float | None:
    return total / count if count else None
