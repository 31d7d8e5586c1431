"""Error replies of the store as refusals in our words; the engine's text goes to the log only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import structlog

from sellable.errors import BugError, StoreUnavailable

if TYPE_CHECKING:
    from sellable.errors import SellableError

# What hiredis makes of a reply: bytes, int, None, list, dict, ... or one of our errors.
Reply: TypeAlias = Any

_log: Final = structlog.get_logger(__name__)

# By the first word of the reply. None of these commands ran.
_UNAVAILABLE: Final = {
    "BUSY": "the store is busy with a script that runs too long",
    "CLUSTERDOWN": "the store's cluster is down",
    "LOADING": "the store is still loading its data",
    "MASTERDOWN": "the store has lost its primary",
    "MISCONF": "the store cannot save to its disk and refuses writes",
    "NOAUTH": "the store asks for credentials",
    "NOPERM": "the store's user lacks a permission that this service needs",
    "NOREPLICAS": "the store has too few replicas in reach and refuses writes",
    "OOM": "the store is out of memory and refuses writes",
    "READONLY": "the store is a read-only replica; its primary is needed",
    "UNBLOCKED": "the store is no longer the primary",
    "TRYAGAIN": "the store is moving these keys to another node",
    "WRONGPASS": "the store refused the credentials",
}
# The engine adds this to an error raised by a command inside a running script.
_INSIDE_SCRIPT: Final = " on @user_script:"


class ScriptMissing(BugError):
    """The store has no script of this SHA; nothing ran. `Connection.script` never lets it out."""


class ReadOnly(StoreUnavailable):
    """The node answers as a replica: this connection leads to the wrong place by now."""


class GroupExists(BugError):
    """The stream has this consumer group already: another worker was first."""


class GroupMissing(BugError):
    """The stream, or this consumer group of it, is not there any more; nothing was read."""


class Forbidden(StoreUnavailable):
    """The store lets this user not in, or not do what is needed."""


_GROUPS: Final = {"BUSYGROUP": GroupExists, "NOGROUP": GroupMissing}
_KINDS: Final = {
    "NOAUTH": Forbidden,
    "NOPERM": Forbidden,
    "READONLY": ReadOnly,
    "WRONGPASS": Forbidden,
}


def refusal(text: str) -> SellableError:
    """Turn the text of an error reply into what the caller sees.

    A script that fails half way keeps what it wrote, so an error from inside one leaves the
    outcome unknown.
    """
    code = text.partition(" ")[0]
    if code == "NOSCRIPT":
        return ScriptMissing("the store does not know a script that was just loaded")
    if code in _GROUPS:
        return _GROUPS[code]("the consumer group of a stream is not as expected")
    problem = _UNAVAILABLE.get(code)
    if problem is None:
        _log.error("store_command_rejected", reply=text)
        return BugError("the store rejected a command of this service")
    _log.debug("store_refused", reply=text)  # one for every call of a full or loading store
    kind = _KINDS.get(code, StoreUnavailable)
    return kind(problem, outcome_unknown=_INSIDE_SCRIPT in text)
