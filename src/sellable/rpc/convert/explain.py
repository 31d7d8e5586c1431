"""AvailabilityService: why a number is what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sellable.names import sku_problem
from sellable.rpc.convert.checks import Checks
from sellable.rpc.convert.times import time_of_ms, time_of_us
from sellable.v1 import availability_pb2 as pb

if TYPE_CHECKING:
    from sellable.explain import Explanation, Term


class ExplainQuery(NamedTuple):
    """One SKU in one market."""

    market: str
    sku: str


def explain_availability(request: pb.ExplainAvailabilityRequest) -> ExplainQuery:
    """Check what is to be explained."""
    checks = Checks()
    market = checks.market(request.channel, request.country)
    checks.name("sku", request.sku, sku_problem)
    checks.done()
    return ExplainQuery(market, request.sku)


def explain_availability_response(
    explanation: Explanation, revision: str
) -> pb.ExplainAvailabilityResponse:
    """Answer a number with its terms."""
    return pb.ExplainAvailabilityResponse(
        sellable_quantity=explanation.sellable,
        terms=map(_term, explanation.terms),
        network_version=explanation.network_version,
        revision=revision,
        future_quantity=explanation.future,
        next_switch_time=time_of_ms(explanation.next_switch_ms),
    )


def _term(term: Term) -> pb.ExplainAvailabilityResponse.Term:
    return pb.ExplainAvailabilityResponse.Term(
        kind=term.kind.value,  # type: ignore[arg-type] # the numbers are the contract's
        location=term.location,
        quantity=term.quantity,
        rule=term.rule,
        line=term.line,
        observe_time=time_of_us(term.observe_us),
        source=term.source,
        detail=term.detail,
    )
