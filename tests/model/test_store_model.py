"""The real scripts on the real store against the reference model, call by call.

Hypothesis draws networks, facts, reservations and the time that passes; after each call the
answer and the whole state are compared. `tests/README.md` says how to run more steps.
"""

from __future__ import annotations

import os
from typing import Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from support.machine import StoreMachine
from support.machine_plans import PlanMachine

# By default the same examples every time; another number of steps draws new ones.
_STEPS_VARIABLE: Final = "SELLABLE_TEST_MODEL_STEPS"
_STEPS_DEFAULT: Final = 2_000
_STEPS_PER_EXAMPLE_MAX: Final = 50
_PLAN_STEPS_DEFAULT: Final = 300


@pytest.mark.timeout(3_600)  # what fails is made small first, and many steps take long
@pytest.mark.parametrize(
    ("kind", "steps_default"),
    [(StoreMachine, _STEPS_DEFAULT), (PlanMachine, _PLAN_STEPS_DEFAULT)],
    ids=["every call", "with plans"],
)
def test_scripts_do_what_the_model_does(
    kind: type[StoreMachine], steps_default: int, store_url: str
) -> None:
    """After any calls in any order, every answer and the whole state are those of the model."""
    chosen = os.environ.get(_STEPS_VARIABLE)
    steps = int(chosen or steps_default)
    machines: list[StoreMachine] = []

    class Machine(kind):  # type: ignore[valid-type, misc]
        def __init__(self) -> None:
            super().__init__(store_url)
            machines.append(self)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            # An example has about half as many steps as it may have.
            max_examples=2 * steps // _STEPS_PER_EXAMPLE_MAX,
            stateful_step_count=_STEPS_PER_EXAMPLE_MAX,
            derandomize=chosen is None,
            deadline=None,  # a busy machine is no fault
            print_blob=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
    assert sum(machine.step_count for machine in machines) >= steps
