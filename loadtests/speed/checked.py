"""Whether a contender answers rightly, before anybody asks how fast."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import grpc

from sellable.v1 import availability_pb2, availability_pb2_grpc
from speed.stock import quantity

if TYPE_CHECKING:
    from speed.questions import Question

_SAMPLES = 50
_TIMEOUT_S = 30.0


def answer_bytes(target: str, question: Question) -> int:
    """Ask some of a check; return the mean size of answers, or leave if one is wrong."""
    method = question.path.rpartition("/")[2]
    request_type: Any = getattr(availability_pb2, f"{method}Request")
    sizes: list[int] = []
    with grpc.insecure_channel(target) as channel:
        call: Any = getattr(availability_pb2_grpc.AvailabilityServiceStub(channel), method)
        for body in question.bodies[:_SAMPLES]:
            request = request_type.FromString(body)
            answer = call(request, timeout=_TIMEOUT_S)
            expected = [quantity(int(name.partition("-")[2])) for name in request.skus]
            if numbers_of(answer) != expected:
                sys.exit(f"{target} answered {answer}, expected {expected}")
            sizes.append(answer.ByteSize())
    return round(sum(sizes) / len(sizes))


def numbers_of(answer: Any) -> list[int]:
    """Return the numbers of either kind of answer."""
    if hasattr(answer, "sellable_quantities"):
        return list(answer.sellable_quantities)
    return [item.sellable_quantity for item in answer.items]
