"""A plan as it is kept beside its reservation."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from sellable.sourcing.plan import Plan  # noqa: TC001 - msgspec reads it


class KeptDecision(Struct, frozen=True, kw_only=True):
    """A plan and what it was made by; money is micros of `currency`."""

    plan: Plan
    profile: str
    network_version: int
    currency: str


pack: Final = msgspec.msgpack.Encoder().encode
unpack: Final = msgspec.msgpack.Decoder(KeptDecision).decode
