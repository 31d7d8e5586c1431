"""What the supervisor and a worker tell each other, one line of JSON each, over one socket.

The supervisor begins with a `Job`, and asks for the counters by an empty line. The worker answers
`Ready` or `Refused`, then `Counted` whenever it is asked and once before it ends. Who sees the
socket end knows that the other one is gone. The job is told here and not on the command line, as
the URL of the store may hold a password.
"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - msgspec reads the types
from typing import Any, Final, TypeAlias

import msgspec

from sellable.metrics.series import Series  # noqa: TC001
from sellable.settings import Settings  # noqa: TC001

LINE_BYTES_MAX: Final = 1024 * 1024


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is to do.

    Args:
        settings: With the URL of the store, and the port that the supervisor holds.
        embedded: The data folder, if the store is the supervisor's own.
        kin: Both ends of a pipe of which every worker has the writing one: who finds that nobody
            has it any more is the last.
    """

    settings: Settings
    embedded: Path | None
    kin: tuple[int, int]


class Ready(msgspec.Struct, frozen=True, tag=True):
    """Calls are accepted."""

    address: str
    transport: str


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The worker cannot serve: the name of the error and its sentence."""

    kind: str
    text: str


class Counted(msgspec.Struct, frozen=True, tag=True):
    """The counters of the worker."""

    series: list[Series]


Message: TypeAlias = Ready | Refused | Counted


def _value(kind: type, text: Any) -> Any:
    return kind(text)


_jobs: Final = msgspec.json.Decoder(Job, dec_hook=_value)
_messages: Final[msgspec.json.Decoder[Message]] = msgspec.json.Decoder(Message)
_encoder: Final = msgspec.json.Encoder(enc_hook=str)


def line_of(message: Job | Message) -> bytes:
    """Write a message."""
    return _encoder.encode(message) + b"\n"


def job_of(line: bytes) -> Job:
    """Read a job."""
    return _jobs.decode(line)


def message_of(line: bytes) -> Message:
    """Read what a worker says."""
    return _messages.decode(line)
