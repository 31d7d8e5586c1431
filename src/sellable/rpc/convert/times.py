"""Times on the wire as the integers of the store, and back.

Observation times are microseconds, times of the store's clock are milliseconds, both since 1970;
what is finer is cut off. 0 stands for unset, so the first instant of 1970 is unset too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from google.protobuf.timestamp_pb2 import Timestamp

if TYPE_CHECKING:
    from google.protobuf.duration_pb2 import Duration

    from sellable.rpc.convert.checks import Checks

_SECONDS_MIN: Final = -62_135_596_800  # 0001-01-01T00:00:00Z, as the proto type demands
_SECONDS_MAX: Final = 253_402_300_799  # 9999-12-31T23:59:59Z
_NANOS_MAX: Final = 999_999_999
_DURATION_SECONDS_MAX: Final = 315_576_000_000


def observe_us(checks: Checks, field: str, time: Timestamp) -> int:
    """Return an observation time in microseconds."""
    seconds, nanos = time.seconds, time.nanos
    if not (_SECONDS_MIN <= seconds <= _SECONDS_MAX and 0 <= nanos <= _NANOS_MAX):
        checks.refuse(field, "must be a time of the years 1 to 9999 with 0 to 999999999 nanos")
        return 0
    return seconds * 1_000_000 + nanos // 1_000


def duration_ms(checks: Checks, field: str, duration: Duration, low: int, high: int) -> int:
    """Return a duration in milliseconds, both bounds included."""
    seconds, nanos = duration.seconds, duration.nanos
    # Seconds beyond the proto type's own bound are out of ours as well.
    well_formed = abs(nanos) <= _NANOS_MAX and seconds * nanos >= 0
    total = seconds * 1_000 + nanos // 1_000_000
    if not (well_formed and abs(seconds) <= _DURATION_SECONDS_MAX and low <= total <= high):
        checks.refuse(field, f"must be {low} to {high} ms, is {_shown(seconds, nanos)}")
        return 0
    return total


def time_of_us(microseconds: int) -> Timestamp | None:
    """Return the wire form of microseconds since 1970; None for 0."""
    if not microseconds:
        return None
    seconds, rest = divmod(microseconds, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1_000)


def set_time(time: Timestamp, milliseconds: int) -> None:
    """Write milliseconds since 1970 into a time that is there."""
    time.seconds, rest = divmod(milliseconds, 1_000)
    time.nanos = rest * 1_000_000


def time_of_ms(milliseconds: int) -> Timestamp | None:
    """Return the wire form of milliseconds since 1970; None for 0."""
    return time_of_us(milliseconds * 1_000)


def _shown(seconds: int, nanos: int) -> str:
    return f"{seconds} s and {nanos} ns" if nanos else f"{seconds} s"
