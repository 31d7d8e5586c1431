"""The root of every refusal, and what is our own fault."""

from __future__ import annotations


class SellableError(Exception):
    """A refusal with a machine-readable reason and the data behind its message."""

    reason = "INTERNAL"

    def __init__(self, message: str, **metadata: object) -> None:
        super().__init__(message)
        self._metadata = {name: str(value) for name, value in metadata.items()}

    @property
    def metadata(self) -> dict[str, str]:
        """Every dynamic value of the message, by name."""
        return self._metadata


class BugError(SellableError):
    """An impossible state: always a fault of ours."""
