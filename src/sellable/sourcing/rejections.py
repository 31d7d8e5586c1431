"""Why each location of the market that ships nothing does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.network import Policy
from sellable.sourcing.barriers import MEANINGS, Barrier
from sellable.sourcing.finding import costs_are_exact
from sellable.sourcing.plan import Rejection, RejectionReason
from sellable.sourcing.terms import MEASURES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sellable.sourcing.building import Case
    from sellable.sourcing.solver.problem import Solution
    from sellable.sourcing.survey import Survey
    from sellable.sourcing.terms import Scale


def rejections(
    case: Case,
    solution: Solution,
    through: Mapping[int, tuple[int, ...] | None],
    others: Sequence[Solution] = (),
) -> Iterator[Rejection]:
    """Yield one reason for every location that ships nothing, in the market's order.

    Of what bars a line from a location the first counts, and of several lines the one that got
    furthest.

    Args:
        case: What was decided.
        solution: The plan that was chosen.
        through: By candidate what the best plan that ships from it costs; None: there is none.
        others: The next best plans that are known, the best of them first.
    """
    through, exact = _sharpened(case, through, others)
    survey = case.survey
    ids = survey.situation.places.ids
    shipping = {int(case.candidates[candidate]) for candidate in solution.modes}
    candidate_of = {at: number for number, at in enumerate(case.candidates.tolist())}
    for at, name in enumerate(ids):
        if at in shipping:
            continue
        if at in candidate_of:
            detail = _costlier(case, solution, through, candidate_of[at], exact)
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
                ", and closed on the days after" if days else ""
            )
        case Barrier.CAPACITY:
            days = constraints.ship_within_days
            when = f"on each open day of {days + 1}" if days else "today"
            orders = place.daily_capacity
            taken = "1 order a day is" if orders == 1 else f"{orders} orders a day are"
            return f"its {taken} taken {when}"
        case _:
            return MEANINGS[barrier].words


def told_difference(
    scale: Scale, currency: str, less: tuple[int, ...], more: tuple[int, ...]
) -> str | None:
    """Say in words how much more the second costs, at the first level that differs."""
    for level, (one, other) in enumerate(zip(less, more, strict=True)):
        if one == other:
            continue
        if scale.unfilled_first and level == scale.unfilled_level:
            return f"{other - one} units unfilled"
        terms = [term for term, at in scale.levels.items() if at == level]
        if scale.ordered:
            measure = MEASURES[terms[0]]
            amount = f"{(other - one) / measure.per_unit:.6f}".rstrip("0").rstrip(".")
            return f"{amount} {measure.unit or currency} of {terms[0]}"
        amount = f"{(other - one) / 1_000_000:.6f}".rstrip("0").rstrip(".")
        return f"{amount} {currency}"
    return None


def _costlier(
    case: Case,
    solution: Solution,
    through: Mapping[int, tuple[int, ...] | None],
    candidate: int,
    exact: frozenset[int],
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
    if cost < solution.objective:
        return "not known to cost more: the plan is not proven the best"
    more = told_difference(case.survey.tactic.scale, currency, solution.objective, cost)
    if more is None:
        return "costs no less; of equal plans one is taken"
    return f"costs {more} more" if candidate in exact else f"costs at least {more} more"


def _sharpened(
    case: Case, through: Mapping[int, tuple[int, ...] | None], others: Sequence[Solution]
) -> tuple[Mapping[int, tuple[int, ...] | None], frozenset[int]]:
    """Return what plans through each candidate cost as far as is known, and where that is exact.

    The first of the next best plans that ships from a location is the best that does; a location
    that none of them ships from costs at least as much as the last of them.
    """
    if costs_are_exact(case):
        return through, frozenset(through)
    if not others:
        return through, frozenset()
    known = {candidate: plan.objective for plan in reversed(others) for candidate in plan.modes}
    last = others[-1].objective
    bounds = dict.fromkeys(range(len(case.candidates)), last) | {
        candidate: cost and max(cost, last) for candidate, cost in through.items()
    }
    return bounds | known, frozenset(known)


def _while(days: int) -> str:
    return f"on each of {days + 1} days" if days else "today"
