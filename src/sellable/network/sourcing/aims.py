"""Reads what a strategy strives for: weights, an order of terms, or a plain policy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sellable.limits import SHIPPING_WEIGHT_MAX, WEIGHT_MAX
from sellable.network.sourcing.values import Policy, Term

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sellable.network.entry import Entry
    from sellable.network.report import Report

_OF_CARRIERS: Final = (Term.SHIPPING_COST, Term.LATENESS, Term.CARBON)
_WITHOUT_CARRIERS: Final = "needs carriers: without any in the section it is not known"


@dataclass(frozen=True, slots=True)
class Aim:
    """The fields of a strategy that say which plan is best."""

    policy: Policy = Policy.OPTIMAL
    weights: Mapping[Term, float] = field(default_factory=dict)
    order: tuple[Term, ...] = ()
    unfilled: float | None = None


def read_aim(entry: Entry, report: Report, *, has_carriers: bool) -> Aim:
    """Read it, and report what contradicts itself."""
    aim = Aim(
        policy=entry.choice("policy", Policy, Policy.OPTIMAL),
        weights=_weights(entry, has_carriers=has_carriers),
        order=_order(entry, report, has_carriers=has_carriers),
        unfilled=entry.decimal("unfilled", 0, WEIGHT_MAX),
    )
    if aim.policy is not Policy.OPTIMAL:
        for key in ("weights", "order", "unfilled"):
            if entry.has(key):
                entry.problem(key, f"does not go with policy {aim.policy}, which weighs nothing")
        return aim
    if entry.has("weights") and entry.has("order"):
        entry.problem("order", "must not stand beside weights: write one of them")
    elif entry.has("order") and entry.has("unfilled"):
        text = "belongs to weights: with an order, as few units as possible stay unfilled first"
        entry.problem("unfilled", text)
    elif entry.readable and not entry.has("weights") and not entry.has("order"):
        text = "does not say which plan is best: write weights, order, or policy: nearest"
        entry.problem(None, f"{text} or priority")
    return aim


def _weights(entry: Entry, *, has_carriers: bool) -> dict[Term, float]:
    listed = entry.entry("weights")
    weights: dict[Term, float] = {}
    if listed is None:
        return weights
    for term in Term:
        most = SHIPPING_WEIGHT_MAX if term is Term.SHIPPING_COST else WEIGHT_MAX
        weight = listed.decimal(term, 0, most)
        if weight is not None:
            weights[term] = weight
        if listed.has(term) and term in _OF_CARRIERS and not has_carriers:
            listed.problem(term, _WITHOUT_CARRIERS)
    listed.finish()
    if listed.readable and not any(map(listed.has, listed.keys())):
        entry.problem("weights", f"must not be empty: weigh one or more of {', '.join(Term)}")
    elif weights and not any(weights.values()):
        entry.problem("weights", "weighs nothing: at least one weight must be above 0")
    return weights


def _order(entry: Entry, report: Report, *, has_carriers: bool) -> tuple[Term, ...]:
    terms = []
    known = [str(term) for term in Term]
    for text, mark, path in entry.texts("order", may_repeat=False):
        if text not in known:
            hint = report.hint(text, known)
            report.add(mark, path, f"must be one of {', '.join(known)}{hint}")
            continue
        if text in _OF_CARRIERS and not has_carriers:
            report.add(mark, path, _WITHOUT_CARRIERS)
        terms.append(Term(text))
    return tuple(terms)
