"""Plans held against the plain rules of sourcing, and the best of all plans there are."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import product
from typing import TYPE_CHECKING

from sellable.network import Policy, Term
from sellable.sourcing.plan import CostKind
from sellable.sourcing.plan import RejectionReason as Reason
from support.plain_sourcing import DAY_SECONDS, Rules, Sent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sellable.sourcing.plan import Decision, Plan

Units = dict[str, dict[int, int]]  # by location and line
Ways = dict[int, tuple[float, ...]]  # levels by number of parcels

_PER_UNIT = {
    Term.SHIPPING_COST: 1_000_000,
    Term.PARCELS: 1,
    Term.DISTANCE: 1_000,
    Term.LATENESS: DAY_SECONDS,
    Term.MARKDOWN: 1_000_000,
    Term.LOAD: 1_000,
    Term.CARBON: 1_000,
}
_KINDS = {Term.SHIPPING_COST: CostKind.SHIPPING} | {
    term: CostKind[term.name] for term in Term if term is not Term.SHIPPING_COST
}


def breaks(rules: Rules, units: Units) -> str | None:
    """Say which rule units break, those of parcels left aside."""
    filled: Counter[int] = Counter()
    of_sku: Counter[str] = Counter()
    homes: defaultdict[int, list[str]] = defaultdict(list)
    for name, taken in units.items():
        here: Counter[str] = Counter()
        for line, count in taken.items():
            if rules.reason(line, name) is not None:
                return f"line {line} may not come from {name}: {rules.reason(line, name)}"
            filled[line] += count
            homes[line].append(name)
            here[rules.lines[line].sku] += count
        of_sku += here
        if any(count > rules.available(sku, name) for sku, count in here.items()):
            return f"more than {name} has"
    for sku, count in of_sku.items():
        if count > rules.stock.sellable[rules.stock.skus.index(sku)]:
            return f"more {sku} than the market may sell"
    for line, wanted in enumerate(rules.lines):
        count = filled[line]
        if count > wanted.quantity or (count < wanted.quantity and not rules.keep.partial):
            return f"line {line} has {count} of {wanted.quantity}"
        if rules.is_whole(line) and (count not in {0, wanted.quantity} or len(homes[line]) > 1):
            return f"line {line} is torn apart"
    if any(len({tuple(homes[line]) for line in group}) > 1 for group in rules.groups()):
        return "a group is torn apart"
    if rules.keep.max_locations is not None and len(units) > rules.keep.max_locations:
        return "too many locations"
    return None


def raw_costs(rules: Rules, units: Units, sent: dict[str, Sent]) -> Counter[Term]:
    """Add up what a plan costs, by term in its raw unit."""
    raw: Counter[Term] = Counter()
    for name in units:
        for term, cost in _shipment_costs(rules, name, units[name], sent[name]).items():
            raw[term] += cost
    return raw


def _shipment_costs(rules: Rules, name: str, units: dict[int, int], sent: Sent) -> dict[Term, int]:
    late_ms = max(0, sent.arrive_ms - rules.request.order.promise_ms)
    return {
        Term.SHIPPING_COST: sent.price,
        Term.PARCELS: sent.parcels,
        Term.DISTANCE: round(rules.km(name) * 1_000),
        Term.LATENESS: -(-late_ms // 1_000) if rules.request.order.promise_ms else 0,
        Term.MARKDOWN: sum(_markdown(rules, name, line) * n for line, n in units.items()),
        Term.LOAD: _load(rules, name),
        Term.CARBON: sent.carbon,
    }


def _markdown(rules: Rules, name: str, line: int) -> int:
    stock, sku = rules.stock, rules.lines[line].sku
    item = stock.items.get(sku)
    if item is None or item.value_currency != rules.network.sourcing.currency:
        return 0
    value = item.value_units * 1_000_000 + item.value_nanos // 1_000
    row, column = stock.skus.index(sku), stock.locations.index(name)
    outflow = stock.daily_outflow[row][column]
    days = stock.on_hand[row][column] / outflow if outflow else float("inf")
    return round(value * (1 - min(1.0, days / 90)))


def _load(rules: Rules, name: str) -> int:
    place, day = rules.places[name], rules.ship_day(name)
    assert not isinstance(day, Reason)
    if place.daily_capacity is None:
        return 0
    taken = rules.stock.capacity_taken.get((name, day[0]), 0)
    return round(1_000 * (taken + 1) / place.daily_capacity)


def levels_of(rules: Rules, raw: Counter[Term], unfilled: int) -> tuple[float, ...]:
    """Return what raw costs come to; weighted ones up to the rounding of their parts."""
    strategy = rules.strategy
    first = [unfilled] if rules.keep.partial and strategy.unfilled is None else []
    if strategy.order:
        return (*first, *(raw[term] for term in strategy.order))
    weights = strategy.weights
    if strategy.policy is not Policy.OPTIMAL and not weights:
        weights = {Term.SHIPPING_COST: 1.0}
    total = sum(weights[t] * raw[t] * 1_000_000 / _PER_UNIT[t] for t in weights)
    paid = 0 if first else unfilled * (strategy.unfilled or 0.0) * 1_000_000
    return (*first, total + paid)


def check_plan(rules: Rules, plan: Plan) -> None:
    """Raise AssertionError if a plan breaks a rule or its numbers are not right."""
    units: Units = {}
    for each in plan.assignments:
        line = rules.lines[each.line]
        assert (each.sku, each.line_id) == (line.sku, line.line_id)
        units.setdefault(each.location, {})[each.line] = each.quantity
    assert breaks(rules, units) is None, breaks(rules, units)
    assert list(units) == list({s.location: None for s in plan.shipments}) or set(units) == {
        shipment.location for shipment in plan.shipments
    }
    sent = {}
    for shipment in plan.shipments:
        name = shipment.location
        day = rules.ship_day(name)
        assert not isinstance(day, Reason)
        way = Sent(
            shipment.service,
            shipment.parcels,
            shipment.cost_micros,
            shipment.arrive_ms,
            int(shipment.carbon_grams),
        )
        assert way in rules.sent(name, units[name]), f"{way} is no way to send"
        assert day[1] == shipment.ship_ms
        limited = rules.places[name].daily_capacity is not None
        assert (day[0].isoformat() if limited else "") == shipment.capacity_date
        grams = sum(rules.grams(line) * count for line, count in units[name].items())
        assert grams == shipment.grams
        sent[name] = way
    parcels = sum(way.parcels for way in sent.values())
    assert rules.keep.max_parcels is None or parcels <= rules.keep.max_parcels
    wanted = {number: line.quantity for number, line in enumerate(rules.lines)}
    for each in (*plan.assignments, *plan.unfilled):
        wanted[each.line] -= each.quantity
    assert not any(wanted.values())
    _check_costs(rules, plan, raw_costs(rules, units, sent))


def _check_costs(rules: Rules, plan: Plan, raw: Counter[Term]) -> None:
    unfilled = sum(each.quantity for each in plan.unfilled)
    told = {term.kind: term for term in plan.cost_terms}
    assert set(CostKind) == set(told)
    for term, kind in _KINDS.items():
        assert raw[term] / _PER_UNIT[term] == told[kind].raw, kind
    assert unfilled == told[CostKind.UNFILLED].raw
    for level, cost in enumerate(plan.levels):
        parts = [term.weighted_micros for term in plan.cost_terms if term.level == level]
        assert cost == sum(parts)
    expected = levels_of(rules, raw, unfilled)
    roundings = 8.0 * (1 + sum(line.quantity for line in rules.lines))
    for cost, plain in zip(plan.levels, expected, strict=True):
        assert abs(cost - plain) <= (0 if rules.strategy.order else roundings)


def check_rejections(rules: Rules, decision: Decision) -> None:
    """Raise AssertionError unless every location either ships or has the one reason it has."""
    shipping = {shipment.location for shipment in decision.plan.shipments}
    told = {rejection.location: rejection for rejection in decision.rejections}
    assert len(told) == len(decision.rejections)
    assert set(rules.places) == shipping | set(told)
    assert not shipping & set(told)
    order = list(Reason)
    for name, rejection in told.items():
        reasons = [rules.reason(line, name) for line in range(len(rules.lines))]
        if None in reasons:
            assert rejection.reason is Reason.COSTLIER, name
        else:
            expected = max((r for r in reasons if r is not None), key=order.index)
            assert expected is rejection.reason, (name, expected, rejection)


def best_levels(rules: Rules, through: str = "") -> tuple[float, ...] | None:
    """Return what the best of all plans costs, every one being tried; None: there is none.

    With `through`, of all that ship from this location.
    """
    best: tuple[float, ...] | None = None
    known: dict[object, Ways] = {}
    names, most = list(rules.places), rules.keep.max_parcels
    spreads = [list(_spreads(rules, line, names)) for line in range(len(rules.lines))]
    if all(spread in ([], [{}]) for spread in spreads):
        return None
    for choice in product(*spreads):
        units: Units = {}
        for line, spread in enumerate(choice):
            for name, count in spread.items():
                units.setdefault(name, {})[line] = count
        if (through and through not in units) or breaks(rules, units) is not None:
            continue
        unfilled = sum(line.quantity for line in rules.lines)
        unfilled -= sum(sum(taken.values()) for taken in units.values())
        ways = [_cheapest(rules, name, taken, known) for name, taken in units.items()]
        for chosen in product(*(way.items() for way in ways)):
            if most is not None and sum(parcels for parcels, _ in chosen) > most:
                continue
            costs = [levels_of(rules, Counter(), unfilled), *(cost for _, cost in chosen)]
            levels = tuple(map(sum, zip(*costs, strict=True)))
            if best is None or levels < best:
                best = levels
    return best


def _cheapest(rules: Rules, name: str, units: dict[int, int], known: dict[object, Ways]) -> Ways:
    """Return by number of parcels what the cheapest way to send units from a location costs.

    Costs of shipments add up, so no best plan sends one of them at a higher cost.
    """
    key = (name, tuple(units.items()))
    if key not in known:
        known[key] = {}
        for sent in rules.sent(name, units):
            cost = levels_of(rules, raw_costs(rules, {name: units}, {name: sent}), 0)
            known[key][sent.parcels] = min(cost, known[key].get(sent.parcels, cost))
        if rules.keep.max_parcels is None and known[key]:
            known[key] = dict([min(known[key].items(), key=lambda item: item[1])])
    return known[key]


def _spreads(rules: Rules, line: int, names: list[str]) -> Iterator[dict[str, int]]:
    """Yield every way to take a line from locations that it may come from, also in part."""
    may = [name for name in names if rules.reason(line, name) is None]
    wanted = rules.lines[line]
    if rules.is_whole(line):
        yield from ({name: wanted.quantity} for name in may)
        if rules.keep.partial:
            yield {}
        return
    counts = [range(min(wanted.quantity, rules.available(wanted.sku, name)) + 1) for name in may]
    for taken in product(*counts):
        total = sum(taken)
        if total > wanted.quantity or (total < wanted.quantity and not rules.keep.partial):
            continue
        yield {name: count for name, count in zip(may, taken, strict=True) if count}
