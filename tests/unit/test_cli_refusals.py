"""What people read where the service refuses to source: what was tried, and what helps further."""

from __future__ import annotations

import pytest

from sellable.cli.failure import refusal
from sellable.errors import BlockedLine
from sellable.rpc.status import RefusedCall


def test_strategies_that_were_tried_are_told() -> None:
    """The lines are blocked under the last of them, so people have to know which that is."""
    call = RefusedCall(
        code="FAILED_PRECONDITION",
        reason="NO_FEASIBLE_PLAN",
        message="",
        metadata={"strategies": "peak, all year"},
        blocked_lines=(BlockedLine("1", "A", "stock", "2 wanted, 1 available"),),
    )
    assert ["A (line 1): stock: 2 wanted, 1 available", "strategies tried: peak, all year"] == (
        refusal(call).notes
    )


@pytest.mark.parametrize(("profile", "hint"), [("", "are written in"), ("green", "lists the")])
def test_profile_that_is_missing_has_a_hint_of_its_own(profile: str, hint: str) -> None:
    """Where there are none, a list of them helps nobody."""
    metadata = {"profile": profile}
    call = RefusedCall(code="NOT_FOUND", reason="UNKNOWN_PROFILE", message="", metadata=metadata)
    assert hint in refusal(call).hint
