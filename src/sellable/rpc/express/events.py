"""What the native transport hands over, and what takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Event: TypeAlias = "tuple[Any, ...]"
CALL_ID: Final = 1
PAYLOAD: Final = 3
METHOD_ID: Final = 2


class Express(Protocol):
    """A method that takes its calls by the batch."""

    def take(self, events: list[Event], server: Answers) -> list[Event]:
        """Answer calls, now or later; return those that are to go the ordinary way."""


class Answers(Protocol):
    """What an express method answers by."""

    respond: Callable[[int, bytes], bool]
    fail: Callable[[int, int, str, list[Any]], bool]

    def go_ordinary(self, events: list[Event]) -> None:
        """Have the servicers answer these calls."""
