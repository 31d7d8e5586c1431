"""Why a command ended without doing what it was asked: one plain sentence and an exit code."""

from __future__ import annotations

import traceback
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sellable.errors import (
    BugError,
    InvalidFields,
    InvalidNetwork,
    ListenRefused,
    Overloaded,
    SellableError,
    SettingsRefused,
    StoreRefused,
    StoreUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sellable.rpc.status import RefusedCall


class ExitCode(IntEnum):
    """What a script may rely on; `sellable --help` says the same in words."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    NO_ANSWER = 3
    FAULT = 4
    INTERRUPTED = 130


EXIT_CODES_HELP: Final = {
    ExitCode.DONE: "done",
    ExitCode.REFUSED: "refused: no stock, no plan, not known, closed; verify found differences",
    ExitCode.USAGE: "the command, a value or a document is not valid",
    ExitCode.NO_ANSWER: "the service or its store does not answer, or is overloaded",
    ExitCode.FAULT: "a fault of sellable",
    ExitCode.INTERRUPTED: "interrupted by Ctrl-C",
}
# What a refused call says by its reason; every other reason is REFUSED.
_EXIT_CODE_BY_REASON: Final = {
    "INVALID_FIELD": ExitCode.USAGE,
    "INVALID_NETWORK": ExitCode.USAGE,
    "OVERLOADED": ExitCode.NO_ANSWER,
    "STORE_UNAVAILABLE": ExitCode.NO_ANSWER,
    "DURABILITY_NOT_REACHED": ExitCode.NO_ANSWER,
    "INTERNAL": ExitCode.FAULT,
}
# The command that helps further.
_HINTS: Final = {
    "UNKNOWN_MARKET": "`sellable network show` lists the markets",
    "UNKNOWN_LOCATION": "`sellable network show` lists the locations",
    "UNKNOWN_SKU": "`sellable set SKU LOCATION QTY` counts a new one",
    "UNKNOWN_VERSION": "`sellable network versions` lists those that are kept",
    "UNKNOWN_PROFILE": "`sellable network show` lists the sourcing profiles",
    "RESERVATION_CLOSED": "`sellable show RESERVATION` says what became of it",
    "RESERVATION_EXPIRED": "reserve again, with another id",
    "NETWORK_VERSION_CONFLICT": "`sellable network show` answers the version in force",
}


class Failure(SellableError):
    """The end of a command, as a person and as a script read it.

    Args:
        message: One sentence.
        exit_code: How the process ends.
        reason: For scripts: the reason of the contract, or one of ours where no service answered.
        notes: What belongs to the sentence, line by line.
        hint: What helps further.
        details: For scripts: the data behind the notes.
    """

    def __init__(
        self,
        message: str,
        *,
        exit_code: ExitCode,
        reason: str,
        notes: Sequence[str] = (),
        hint: str = "",
        **details: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
        self.reason = reason
        self.notes = notes
        self.hint = hint
        self.details = details

    @property
    def value(self) -> dict[str, Any]:
        """The failure for `--json`."""
        return {
            "error": {
                "exit_code": int(self.exit_code),
                "reason": self.reason,
                "message": self.message,
                **self.details,
            }
        }


def usage(message: str) -> Failure:
    """Refuse what was typed, or a file that was named."""
    return Failure(message, exit_code=ExitCode.USAGE, reason="USAGE")


def refusal(call: RefusedCall) -> Failure:
    """Say what the service answered instead of what was asked."""
    notes = [f"{violation.field}: {violation.description}" for violation in call.violations]
    notes += [
        f"{line.sku}{f' (line {line.line_id})' if line.line_id else ''}: "
        f"{line.requested_quantity} wanted, {line.sellable_quantity} can be sold"
        for line in call.short_lines
    ]
    notes += [
        f"{line.sku}{f' (line {line.line_id})' if line.line_id else ''}: "
        f"{line.constraint}: {line.detail}"
        for line in call.blocked_lines
    ]
    message = _refusal_message(call)
    if len(notes) == 1 and call.violations:
        message, notes = notes[0], []
    if omitted := call.metadata.get("omitted_count"):
        notes.append(f"... and {omitted} more")
    if tried := call.metadata.get("strategies"):
        notes.append(f"strategies tried: {tried}")
    return Failure(
        message,
        exit_code=exit_code_of_reason(call.reason),
        reason=call.reason,
        notes=notes,
        hint=_hint(call),
        code=call.code,
        metadata=call.metadata,
        violations=[{"field": v.field, "description": v.description} for v in call.violations],
        short_lines=[
            {
                "line_id": line.line_id,
                "sku": line.sku,
                "requested_quantity": line.requested_quantity,
                "sellable_quantity": line.sellable_quantity,
            }
            for line in call.short_lines
        ],
        blocked_lines=[
            {
                "line_id": line.line_id,
                "sku": line.sku,
                "constraint": line.constraint,
                "detail": line.detail,
            }
            for line in call.blocked_lines
        ],
    )


def exit_code_of_reason(reason: str) -> ExitCode:
    """Return how a command ends that the service refused for this reason."""
    return _EXIT_CODE_BY_REASON.get(reason, ExitCode.REFUSED)


def failure_of(error: BaseException) -> Failure:
    """Make whatever ended a command a sentence; what nobody foresaw is a fault of ours."""
    match error:
        case Failure():
            return error
        case BaseExceptionGroup():
            return failure_of(_most_telling(error))
        case BugError():
            return _fault(error)
        case SettingsRefused(problems=problems):
            several = len(problems) > 1
            return Failure(
                "the settings are not valid" if several else str(error),
                exit_code=ExitCode.USAGE,
                reason="SETTINGS",
                notes=problems if several else (),
                problems=list(problems),
            )
        case SellableError():
            exit_code, reason = _startup(error)
            return Failure(str(error), exit_code=exit_code, reason=reason)
        case KeyboardInterrupt():
            return Failure("interrupted", exit_code=ExitCode.INTERRUPTED, reason="INTERRUPTED")
        case _:
            return _fault(error)


def _startup(error: SellableError) -> tuple[ExitCode, str]:
    match error:
        case StoreRefused():
            return ExitCode.REFUSED, "STORE_REFUSED"
        case ListenRefused():
            return ExitCode.REFUSED, "LISTEN_REFUSED"
        case InvalidFields() | InvalidNetwork():
            return ExitCode.USAGE, error.reason
        case StoreUnavailable() | Overloaded():
            return ExitCode.NO_ANSWER, error.reason
        case _:
            return ExitCode.REFUSED, error.reason


def _refusal_message(call: RefusedCall) -> str:
    match call.reason:
        case "INSUFFICIENT_STOCK":
            return "not enough stock: nothing was taken"
        case "NO_FEASIBLE_PLAN":
            return "no plan keeps every constraint: nothing was taken"
        case "INVALID_FIELD" if call.violations:
            return "the request is not valid"
        case "INTERNAL":
            return f"a fault of the service, in its log as request {_request_id(call)}"
        case _:
            return call.message


def _hint(call: RefusedCall) -> str:
    if call.reason == "UNKNOWN_PROFILE" and not call.metadata.get("profile"):
        return "profiles are written in the section `sourcing` of the network document"
    return _HINTS.get(call.reason, "")


def _request_id(call: RefusedCall) -> str:
    return call.metadata.get("request_id", "(unknown)")


def _most_telling(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Answer the first refusal of a group, or else whatever was first."""
    leaves = list(_leaves(group))
    return next((leaf for leaf in leaves if isinstance(leaf, SellableError)), leaves[0])


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterable[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _fault(error: BaseException) -> Failure:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return Failure(
        f"a fault of sellable, please report it: {type(error).__name__}{place}: {error}",
        exit_code=ExitCode.FAULT,
        reason="INTERNAL",
    )
