"""A request that cannot be right: fields out of bounds, faulty documents, unknown names."""

from __future__ import annotations

from dataclasses import dataclass

from sellable.errors.root import SellableError


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that is not as it must be: its path and what is allowed."""

    field: str
    description: str


class InvalidFields(SellableError):
    """One or more fields of a request are out of bounds; nothing was changed."""

    reason = "INVALID_FIELD"

    def __init__(self, *violations: Violation) -> None:
        super().__init__("; ".join(f"{v.field}: {v.description}" for v in violations))
        self.violations = violations


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a network document, at a 1-based line and column."""

    line: int
    column: int
    field: str
    description: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.field}: {self.description}"


class InvalidNetwork(SellableError):
    """A network document has faults; all of them are listed and nothing was changed."""

    reason = "INVALID_NETWORK"

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class _Unknown(SellableError):
    kind = ""

    def __init__(self, name: str, field: str = "") -> None:
        """Name what is not known, and the field of the request that asks for it, if one does."""
        told = f"{field}: {self.text(name)}" if field else self.text(name)
        super().__init__(told, **{self.kind: name}, **({"field": field} if field else {}))
        self.name = name

    def text(self, name: str) -> str:
        """Say what is not known."""
        return f"{self.kind} {name!r} is not known"


class UnknownMarket(_Unknown):
    """No market of this channel in this country; `name` is `channel/country`."""

    reason = "UNKNOWN_MARKET"
    kind = "market"


class UnknownLocation(_Unknown):
    """The network has no such location."""

    reason = "UNKNOWN_LOCATION"
    kind = "location"


class UnknownSku(_Unknown):
    """No fact about this SKU was ever applied."""

    reason = "UNKNOWN_SKU"
    kind = "sku"


class UnknownReservation(_Unknown):
    """The reservation was never made, or its record is past its retention."""

    reason = "UNKNOWN_RESERVATION"
    kind = "reservation"


class UnknownProfile(_Unknown):
    """The network has no such sourcing profile; an empty name: it has none at all."""

    reason = "UNKNOWN_PROFILE"
    kind = "profile"

    def text(self, name: str) -> str:
        """Say what is not known, or that the network has no profile."""
        return super().text(name) if name else "the network has no sourcing profile"


class UnknownVersion(_Unknown):
    """The network has no such version."""

    reason = "UNKNOWN_VERSION"
    kind = "version"
