"""How the load changes over a run.

Each curve tells the share of the full rate, more than 0 and at most 1, by the share of the run that
has passed, 0 to 1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# A shop's day from midnight on, one share an hour: asleep at four, lunch, and most in the evening.
_HOURS: Final = (
    *(0.30, 0.20, 0.14, 0.11, 0.10, 0.12, 0.20, 0.34, 0.48, 0.58, 0.66, 0.72),
    *(0.76, 0.70, 0.66, 0.66, 0.70, 0.76, 0.84, 0.94, 1.00, 0.92, 0.70, 0.46),
)
_QUIET: Final = 0.1  # before a flash sale
_SALE_BEGINS, _SALE_IS_FULL, _SALE_FADES = 0.30, 0.31, 0.45
_FADING: Final = 0.1  # of the run, until a sale has lost 63 % of its visitors
_STEPS: Final = 10


def constant(_passed: float) -> float:
    """The full rate all the time."""
    return 1.0


def day(passed: float) -> float:
    """One day, from midnight to midnight, on straight lines between the hours."""
    hour, rest = divmod(passed * len(_HOURS), 1)
    begin = _HOURS[int(hour) % len(_HOURS)]
    end = _HOURS[(int(hour) + 1) % len(_HOURS)]
    return begin + (end - begin) * rest


def flash(passed: float) -> float:
    """A tenth of the rate, then all of it within a hundredth of the run, then slowly less."""
    if passed < _SALE_BEGINS:
        return _QUIET
    if passed < _SALE_IS_FULL:
        return _QUIET + (1 - _QUIET) * (passed - _SALE_BEGINS) / (_SALE_IS_FULL - _SALE_BEGINS)
    if passed < _SALE_FADES:
        return 1.0
    return _QUIET + (1 - _QUIET) * math.exp((_SALE_FADES - passed) / _FADING)


def steps(passed: float) -> float:
    """Ten equal steps from a tenth of the rate to all of it: where does the service give in?"""
    return min(int(passed * _STEPS) + 1, _STEPS) / _STEPS


CURVES: Final[Mapping[str, Callable[[float], float]]] = {
    "constant": constant,
    "day": day,
    "flash": flash,
    "steps": steps,
}
