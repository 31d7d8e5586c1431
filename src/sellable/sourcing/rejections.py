"""Why each location of the market that ships nothing does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.network import Policy
from sellable.sourcing.barriers import MEANINGS, Barrier
from sellable.sourcing.plan import Rejection, RejectionReason
from sellable.sourcing.terms import MEASURES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sellable.sourcing.building import Case
    from sellable.sourcing.solver.problem import Solution
    from sellable.sourcing.survey import Survey
    from sellable.sourcing.terms import Scale


def rejections(
    case: Case, solution: Solution, through: Mapping[int, tuple[int, ...] | None]
) -> Iterator[Rejection]:
    """Yield one reason for every location that ships nothing, in the market's order.

    Of what bars a line from a location the first counts, and of several lines the one that got
    furthest.

    Args:
        case: What was decided.
        solution: The plan that was chosen.
        through: By candidate what the best plan that ships from it costs; None: there is none.
    """
    survey = case.survey
    ids = survey.situation.places.ids
    shipping = {int(case.candidates[candidate]) for candidate in solution.modes}
    candidate_of = {at: number for number, at in enumerate(case.candidates.tolist())}
    for at, name in enumerate(ids):
        if at in shipping:
            continue
        if at in candidate_of:
            detail = _costlier(case, solution, through, candidate_of[at])
            yield Rejection(location=name, reason=RejectionReason.COSTLIER, detail=detail)
            continue
        barrier = Barrier(int(survey.barriers[:, at].max()))
        reason = MEANINGS[barrier].reason
        yield Rejection(location=name, reason=reason, detail=explained(survey, at, barrier))


def explained(survey: Survey, at: int, barrier: Barrier) -> str:
    """Say what a barrier is at one location, with its numbers."""
    situation, constraints = survey.situation, survey.tactic.strategy.constraints
    place = situation.places.locations[at]
    match barrier:
        case Barrier.TYPE:
            return f"a {place.type}, which the strategy excludes"
        case Barrier.COUNTRY:
            return f"in {place.country}, not in {', '.join(constraints.countries)}"
        case Barrier.DISTANCE:
            if not situation.distance_known[at]:
                return "the network does not say where it is, so that it is too far away"
            distance_km = situation.distance_km[at]
            return f"{distance_km:.1f} km away, at most {constraints.max_distance_km:g} allowed"
        case Barrier.CLOSED:
            return f"closed {_while(constraints.ship_within_days)}"
        case Barrier.CUT_OFF:
            days = constraints.ship_within_days
            return f"past its cut-off {place.cut_off}" + (
                f", then closed {_while(days)}" if days else ""
            )
        case Barrier.CAPACITY:
            days = constraints.ship_within_days
            return f"its {place.daily_capacity} orders a day are taken {_while(days)}"
        case _:
            return MEANINGS[barrier].words


def told_difference(
    scale: Scale, currency: str, less: tuple[int, ...], more: tuple[int, ...]
) -> str:
    """Say in words how much more the second costs, at the first level that differs."""
    for level, (one, other) in enumerate(zip(less, more, strict=True)):
        if one == other:
            continue
        if scale.unfilled_cost == 1 and level == scale.unfilled_level < scale.count - 1:
            return f"{other - one} more units stay unfilled"
        terms = [term for term, at in scale.levels.items() if at == level]
        if scale.ordered:
            measure = MEASURES[terms[0]]
            amount = f"{(other - one) / measure.per_unit:.3f}".rstrip("0").rstrip(".")
            return f"{amount} {measure.unit or currency} more of {terms[0]}"
        return f"costs {(other - one) / 1_000_000:.6f} {currency} more"
    return "costs the same; of equal plans the first is taken"


def _costlier(
    case: Case,
    solution: Solution,
    through: Mapping[int, tuple[int, ...] | None],
    candidate: int,
) -> str:
    strategy = case.survey.tactic.strategy
    if strategy.policy is not Policy.OPTIMAL:
        return f"others come first by the policy {strategy.policy}"
    if candidate not in through:
        return "allowed; how much more it costs was not worked out in time"
    cost = through[candidate]
    if cost is None:
        return "no plan that ships from it keeps every constraint"
    currency = case.survey.situation.currency
    return told_difference(case.survey.tactic.scale, currency, solution.objective, cost)


def _while(days: int) -> str:
    return f"for all of {days} days" if days else "today"
