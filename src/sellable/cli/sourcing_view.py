"""A plan for people: who ships what, what it costs, and how the next best ones differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from rich.padding import Padding
from rich.text import Text

from sellable.cli.show import number, table
from sellable.cli.sourcing_values import cost_word

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from sellable.cli.whereabouts import Whereabouts
    from sellable.v1.common_pb2 import Money
    from sellable.v1.sourcing_pb2 import Assignment, CostTerm, FulfilmentPlan, Parcel

_MICRO: Final = 1_000_000
_KILOGRAM: Final = 1_000
_DECIMALS_MIN: Final = 2
_INDENT: Final = (0, 0, 0, 2)


class Told(NamedTuple):
    """What is known of a plan besides itself."""

    profile: str
    network_version: int
    whereabouts: Whereabouts
    country: str = ""  # of the destination: times of arrival are its own


def plan_view(plan: FulfilmentPlan, title: Text, told: Told) -> Iterator[RenderableType]:
    """Show who ships what and when, what stays unfilled, and the costs."""
    yield title
    yield Text(_standing(plan, told), style="dim" if plan.optimal else "yellow")
    for parcel in plan.parcels:
        yield Text("")
        yield from _shipment(plan, parcel, told)
    if plan.unfilled:
        yield Text("")
        units = ", ".join(map(_units, plan.unfilled))
        yield Text.assemble(("unfilled", "bold red"), f": {units}", overflow="fold")
    if plan.cost_terms:
        yield Text("")
        yield _costs(plan)


def size_of(plan: FulfilmentPlan) -> str:
    """Return how large a plan is: lines, units, locations, parcels."""
    units = sum(part.quantity for part in plan.assignments)
    lines = len({part.line for part in plan.assignments})
    parcels = sum(parcel.parcel_count for parcel in plan.parcels)
    return (
        f"{counted(lines, 'line')} with {counted(units, 'unit')}, from "
        f"{counted(len(plan.parcels), 'location')} in {counted(parcels, 'parcel')}"
    )


def counted(count: int, noun: str) -> str:
    """Return a number of things."""
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def money_shown(money: Money) -> str:
    """Return an amount with its currency, to the cent."""
    amount = money.units + Decimal(money.nanos).scaleb(-9)
    return f"{amount:,.2f} {money.currency_code}".rstrip()


def quantity_shown(value: float, unit: str) -> str:
    """Return a measured number with its unit."""
    decimals = 0 if value == round(value) else 2 if abs(value) < 100 else 1  # noqa: PLR2004
    text = f"{value:,.{decimals}f}"
    if unit in {"parcels", "units", "days"} and value == 1:
        unit = unit.removesuffix("s")
    return f"{text} {unit}".rstrip()


def _standing(plan: FulfilmentPlan, told: Told) -> str:
    if plan.optimal:
        found = f"proven best ({plan.method})" if plan.method else "proven best"
    elif plan.method in {"nearest", "priority"}:
        found = f"by the rule {plan.method}, not the best there is"
    else:
        found = f"not proven best: one that costs {plan.relative_gap:.2%} less may exist"
    return (
        f"profile {told.profile}, strategy {plan.strategy}, network version "
        f"{told.network_version}: {found}"
    )


def _shipment(plan: FulfilmentPlan, parcel: Parcel, told: Told) -> Iterator[RenderableType]:
    sent = [
        parcel.service,
        counted(parcel.parcel_count, "parcel"),
        _weight(parcel.weight_grams),
        quantity_shown(parcel.distance_km, "km"),
        money_shown(parcel.shipping_cost) if parcel.HasField("shipping_cost") else "",
        f"{parcel.carbon_kg:,.2f} kg CO2" if parcel.carbon_kg else "",
    ]
    yield Text.assemble(
        (parcel.location, "bold green"), f"  {', '.join(filter(None, sent))}", overflow="fold"
    )
    when = []
    if parcel.HasField("ship_time"):
        when.append(f"ships {told.whereabouts.shown(parcel.ship_time, parcel.location)}")
    if parcel.HasField("arrive_time"):
        arrives = told.whereabouts.shown(parcel.arrive_time, parcel.location, told.country)
        when.append(f"arrives {arrives}")
    if when:
        yield _indented(", ".join(when))
    units = [part for part in plan.assignments if part.location == parcel.location]
    yield _indented(", ".join(map(_units, units)))


def _indented(text: str) -> Padding:
    return Padding(Text(text, overflow="fold"), _INDENT, expand=False)


def _units(part: Assignment) -> str:
    line = f" (line {part.line_id})" if part.line_id else ""
    return f"{number(part.quantity)} x {part.sku}{line}"


def _weight(grams: int) -> str:
    if not grams:
        return ""
    return quantity_shown(grams / _KILOGRAM, "kg") if grams >= _KILOGRAM else f"{grams} g"


def _costs(plan: FulfilmentPlan) -> Table:
    """Show the terms of each level, and what they add up to; then what adds nothing to any."""
    made = table("cost", ">amount", ">counts")
    levels = plan.objective_levels
    decimals = _decimals([*(term.weighted for term in plan.cost_terms), *levels])
    nothing = [term for term in plan.cost_terms if not term.weighted]
    for level, total in enumerate(levels):
        for term in plan.cost_terms:
            if term.level == level and term.weighted:
                made.add_row(*_term(term), f"{term.weighted:,.{decimals}f}")
        name = f"objective {level + 1}" if len(levels) > 1 else "objective"
        made.add_row(Text(name, style="bold"), "", Text(f"{total:,.{decimals}f}", style="bold"))
        made.add_section()
    for term in nothing:
        made.add_row(*_term(term), Text("not weighed" if term.raw else "0", style="dim"))
    return made


def _term(term: CostTerm) -> tuple[str, str]:
    return cost_word(term).lower().replace("_", " "), quantity_shown(term.raw, term.unit)


def _decimals(numbers: Iterable[float]) -> int:
    """Return how many decimals show every number as exactly as it is: whole millionths."""
    micros = [round(value * _MICRO) for value in numbers]
    for decimals in range(_DECIMALS_MIN, 6):
        if not any(value % 10 ** (6 - decimals) for value in micros):
            return decimals
    return 6


def runner_ups(plan: FulfilmentPlan, others: Sequence[FulfilmentPlan]) -> Iterator[RenderableType]:
    """Show in short what the next best plans cost more, and what is other in them."""
    if not others:
        return
    yield Text("")
    made = table(">runner-up", ">costs more", "from", "what differs")
    for at, other in enumerate(others, start=1):
        places = ", ".join(parcel.location for parcel in other.parcels)
        made.add_row(str(at), _more(plan, other), places, "; ".join(_differences(plan, other)))
    yield made


def _more(plan: FulfilmentPlan, other: FulfilmentPlan) -> str:
    """Return by how much a plan is worse, at the first level that tells them apart."""
    pairs = list(zip(plan.objective_levels, other.objective_levels, strict=False))
    for level, (best, worse) in enumerate(pairs):
        more = worse - best
        if round(more * _MICRO):
            text = f"{more:+,.{_decimals([more])}f}"
            if len(pairs) > 1:
                return f"{text} (objective {level + 1})"
            return f"{text} ({more / best:+.1%})" if best > 0 else text
    return "nothing"


def _differences(plan: FulfilmentPlan, other: FulfilmentPlan) -> Iterator[str]:
    before, after = ([parcel.location for parcel in made.parcels] for made in (plan, other))
    if gone := [place for place in before if place not in after]:
        yield f"without {', '.join(gone)}"
    if come := [place for place in after if place not in before]:
        yield f"with {', '.join(come)}"
    for noun, count in (
        ("parcel", _parcels(other) - _parcels(plan)),
        ("unfilled unit", _unfilled(other) - _unfilled(plan)),
    ):
        if count:
            yield counted(abs(count), f"{'more' if count > 0 else 'fewer'} {noun}")
    if days := _late_days(plan, other):
        yield f"arrives {days}"
    if other.strategy != plan.strategy:
        yield f"strategy {other.strategy}"


def _parcels(plan: FulfilmentPlan) -> int:
    return sum(parcel.parcel_count for parcel in plan.parcels)


def _unfilled(plan: FulfilmentPlan) -> int:
    return sum(part.quantity for part in plan.unfilled)


def _late_days(plan: FulfilmentPlan, other: FulfilmentPlan) -> str:
    """Return how much later the last parcel arrives."""
    lasts = [
        max((p.arrive_time.seconds for p in made.parcels if p.HasField("arrive_time")), default=0)
        for made in (plan, other)
    ]
    if not all(lasts) or lasts[0] == lasts[1]:
        return ""
    hours = abs(lasts[1] - lasts[0]) / 3600
    far = quantity_shown(round(hours / 24, 1), "days") if hours >= 24 else f"{hours:.0f} h"  # noqa: PLR2004
    return f"{far} {'later' if lasts[1] > lasts[0] else 'earlier'}"
