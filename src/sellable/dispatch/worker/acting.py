"""What is done about one order at risk: it is sourced anew, or a person is asked; once.

Decisions

*What is done follows from the order as it is, not from what led here.* It is looked at once more
under the claim, so one that somebody has seen to meanwhile is left alone.

*A repeat is known by its request id.* It is made of how often the order was sourced, so of any
number of workers that found the same order in the same state one moves it. Without the claims
nothing is done twice either; there would only be more plans for nothing.

*What a person was asked is tried again*, now and then: stock may have come. One worker at a time
does, and if it dies the next time comes all the same.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from sellable.dispatch.asked import RebindAsked
from sellable.dispatch.risk import Cause, Note, dangers, note_on, pack_note, refusals
from sellable.errors import (
    BugError,
    IdempotencyConflict,
    Overloaded,
    ReservationClosed,
    ReservationExpired,
    SellableError,
    StoreUnavailable,
    UnknownReservation,
)
from sellable.limits import SOURCING_LATE_MOVES_MAX
from sellable.stock import parts_of_place

if TYPE_CHECKING:
    from sellable.dispatch.dispatch import Dispatch
    from sellable.dispatch.risk import Danger
    from sellable.store.at_risk import OrderAtRisk
    from sellable.store.following import Follower
    from sellable.store.store import Store

REQUEST: Final = "at-risk:"
AGAIN: Final = "\0again"  # no reservation has such a name
LATE: Final = Cause.LATE
_POLICY: Final = "POLICY"
_GONE: Final = (UnknownReservation, ReservationClosed, ReservationExpired)

_log: Final = structlog.get_logger("sellable.sourcing")


class Outcome(StrEnum):
    """What became of an order that was looked at."""

    SOUND = "sound"  # it is not at risk any more
    SOURCED = "sourced"
    ESCALATED = "escalated"
    RELIEVED = "relieved"  # a person was asked, and need not decide any more
    WAITING = "waiting"  # for a person; it is tried again later
    OTHERS = "others"  # another worker sees to it
    FAILED = "failed"  # the store is away or the plans are many: it comes again


class Policy(NamedTuple):
    """How orders at risk are treated, all times in ms.

    Args:
        late_after_ms: An order is late so long after its goods should have left.
        late_sourced: Whether late orders are sourced anew before a person is asked.
        retry_after_ms: How long after a person was asked it is tried again.
        lease_ms: How long a dead worker keeps the others from an order.
        solve_limit_ms: How long a plan is improved.
    """

    late_after_ms: int
    late_sourced: bool
    retry_after_ms: int
    lease_ms: int
    solve_limit_ms: int


class Acting:
    """Sees to orders at risk, one by one."""

    def __init__(
        self, store: Store, dispatch: Dispatch, follower: Follower, policy: Policy
    ) -> None:
        self._at_risk = store.at_risk
        self._sourced = store.sourced
        self._dispatch = dispatch
        self._follower = follower
        self._policy = policy

    async def see_to(self, order: OrderAtRisk) -> Outcome:
        """Do what is to be done about an order; whatever fails is told, not raised."""
        reservation_id = order.reservation.reservation_id
        try:
            if self._is_asked(order) and not await self._follower.claim(
                f"{reservation_id}{AGAIN}", self._policy.retry_after_ms
            ):
                return Outcome.WAITING
            if not await self._follower.claim(reservation_id, self._policy.lease_ms):
                return Outcome.OTHERS
            try:
                return await self._see_to(reservation_id)
            finally:
                await self._follower.give_up(reservation_id)
        except (StoreUnavailable, Overloaded):
            return Outcome.FAILED

    def _is_asked(self, order: OrderAtRisk) -> bool:
        """Tell whether a person was asked about exactly what is wrong with an order."""
        keys = {danger.key for danger in dangers(order, self._policy.late_after_ms)}
        return bool(keys) and keys == set(order.asked)

    async def _see_to(self, reservation_id: str) -> Outcome:
        found = await self._at_risk.look([reservation_id], self._policy.late_after_ms)
        if not found:
            return Outcome.SOUND
        (order,) = found
        wrong = dangers(order, self._policy.late_after_ms)
        over = set(order.asked) - {danger.key for danger in wrong}
        if over:
            await self._at_risk.relieve(reservation_id, over)
        if not wrong:
            return Outcome.RELIEVED if over else Outcome.SOUND
        try:
            note = await self._sourced_anew(order, wrong)
            if isinstance(note, Outcome):
                return note
            asked = [
                await self._sourced.escalate(reservation_id, key, pack_note(note).decode())
                for key in dict.fromkeys(danger.key for danger in wrong)
            ]
        except _GONE:
            return Outcome.SOUND
        return Outcome.ESCALATED if any(asked) else Outcome.WAITING

    async def _sourced_anew(self, order: OrderAtRisk, wrong: tuple[Danger, ...]) -> Note | Outcome:
        """Source an order anew, or return why that cannot be done.

        Raises:
            UnknownReservation, ReservationClosed, ReservationExpired: It is over.
            StoreUnavailable, Overloaded: Later, perhaps.
        """
        note = self._by_policy(order, wrong)
        if note is not None:
            return note
        late = {parts_of_place(danger.location)[0] for danger in wrong if danger.cause is LATE}
        without = tuple(sorted(late - set(order.stranded)))
        outcome = await self._planned(order, without)
        if isinstance(outcome, Note) and without and not _is_only_late(wrong):
            # What is short is sourced, if need be, from a place that is late.
            return await self._planned(order, ())
        return outcome

    async def _planned(self, order: OrderAtRisk, excluded: tuple[str, ...]) -> Note | Outcome:
        asked = RebindAsked(
            reservation_id=order.reservation.reservation_id,
            request_id=request_id(order),
            refusals=refusals(order),
            excluded=excluded,
            solve_limit_ms=self._policy.solve_limit_ms,
        )
        try:
            held = await self._dispatch.rebind(asked)
        except (StoreUnavailable, Overloaded, *_GONE):
            raise
        except IdempotencyConflict:
            return Outcome.OTHERS  # one that saw the order a moment earlier or later
        except BugError as error:
            _log.exception("order_not_sourced", order=asked.reservation_id)
            return note_on(error, order.now_ms)
        except SellableError as error:
            return note_on(error, order.now_ms)
        except Exception as error:  # noqa: BLE001 - an order that cannot be planned must not stop the others
            _log.exception("order_not_sourced", order=asked.reservation_id)
            return note_on(BugError(repr(error)), order.now_ms)
        return Outcome.OTHERS if held.replayed else Outcome.SOURCED

    def _by_policy(self, order: OrderAtRisk, wrong: tuple[Danger, ...]) -> Note | None:
        """Return why an order is not even tried."""
        text = ""
        if order.kept is None or order.kept.wanted is None:
            text = "it was never sourced, so nobody knows where it goes"
        elif all(parts_of_place(danger.location)[1] for danger in wrong):
            text = "its units wait for future supply, which no other location has"
        elif _is_only_late(wrong) and not self._policy.late_sourced:
            text = "late orders are not sourced anew, by the setting sourcing_late"
        elif _is_only_late(wrong) and _moves(order) >= SOURCING_LATE_MOVES_MAX:
            text = f"it was sourced anew {SOURCING_LATE_MOVES_MAX} times, and is late once more"
        return Note(at_ms=order.now_ms, reason=_POLICY, detail=text) if text else None


def _is_only_late(wrong: tuple[Danger, ...]) -> bool:
    return all(danger.cause is LATE for danger in wrong)


def _moves(order: OrderAtRisk) -> int:
    return sum(request.startswith(REQUEST) for request in order.reservation.requests)


def request_id(order: OrderAtRisk) -> str:
    """Name the next sourcing of an order: the same for whoever finds it in this state."""
    return f"{REQUEST}{order.kept.sourced_count if order.kept else 0}"
