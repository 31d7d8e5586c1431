"""A request that does not fit what is there: its stock, its reservations, its network."""

from __future__ import annotations

from dataclasses import dataclass

from sellable.errors.root import SellableError


class LocationNotInMarket(SellableError):
    """The market does not sell from this location."""

    reason = "LOCATION_NOT_IN_MARKET"

    def __init__(self, location: str, market: str) -> None:
        message = f"market {market} does not sell from location {location!r}"
        super().__init__(message, location=location, market=market)


class LocationInUse(SellableError):
    """A location that still holds reservations cannot leave the network."""

    reason = "LOCATION_IN_USE"

    def __init__(self, location: str, reservation_count: int) -> None:
        super().__init__(
            f"location {location!r} still holds units of {reservation_count} reservations: "
            "fulfil, release or transfer them first (disabling the location is always allowed)",
            location=location,
            reservation_count=reservation_count,
        )


class IdempotencyConflict(SellableError):
    """The id is known with other content; nothing was changed."""

    reason = "IDEMPOTENCY_CONFLICT"

    def __init__(self, identifier: str, field: str) -> None:
        message = f"{identifier!r} was used before with another {field}"
        super().__init__(message, id=identifier, field=field)


class ReservationExpired(SellableError):
    """The hold ran out; its stock went back to sale."""

    reason = "RESERVATION_EXPIRED"

    def __init__(self, reservation_id: str) -> None:
        super().__init__(f"reservation {reservation_id!r} has expired", reservation=reservation_id)


class ReservationClosed(SellableError):
    """The reservation is in a state that does not allow this call."""

    reason = "RESERVATION_CLOSED"

    def __init__(self, reservation_id: str, state: str) -> None:
        message = f"reservation {reservation_id!r} is {state}"
        super().__init__(message, reservation=reservation_id, state=state)


@dataclass(frozen=True, slots=True)
class ShortLine:
    """A line that cannot be granted in full, and what it could have had."""

    line_id: str
    sku: str
    requested_quantity: int
    sellable_quantity: int


class InsufficientStock(SellableError):
    """Not every line can be granted; `lines` names every short one. Nothing was taken."""

    reason = "INSUFFICIENT_STOCK"

    def __init__(self, *lines: ShortLine) -> None:
        text = "{0.sku}: requested {0.requested_quantity}, sellable {0.sellable_quantity}"
        super().__init__("; ".join(map(text.format, lines)))
        self.lines = lines


@dataclass(frozen=True, slots=True)
class BlockedLine:
    """A line that no plan can fill, and the constraint that binds.

    `constraint` is a key of the network document (`max_distance_km`, `protected`, `unfilled`), or
    `stock`, `sellable` (the market's number), `capacity`, `cut_off`, `opening_hours`,
    `carriers`, `location` (that the line is bound to), `refused`, `strategies` where none is for
    the order, or `solve_limit` where no plan was found in time.
    """

    line_id: str
    sku: str
    constraint: str
    detail: str


class NoFeasiblePlan(SellableError):
    """No plan keeps every constraint; `lines` say what binds each. Nothing was taken.

    `tried` are the strategies that were, and the lines are blocked under the last of them.
    """

    reason = "NO_FEASIBLE_PLAN"

    def __init__(self, *lines: BlockedLine, tried: tuple[str, ...] = ()) -> None:
        texts = list(map("{0.sku}: {0.constraint}: {0.detail}".format, lines))
        if tried:
            texts.append(f"strategies tried: {', '.join(tried)}")
        super().__init__("; ".join(texts), strategies=", ".join(tried))
        self.lines = lines
        self.tried = tried


class NetworkVersionConflict(SellableError):
    """Another version of the network came first; nothing was changed."""

    reason = "NETWORK_VERSION_CONFLICT"

    def __init__(self, expected: int, current: int) -> None:
        message = f"expected network version {expected}, but {current} is in force"
        super().__init__(message, expected=expected, current=current)


class SyncInProgress(SellableError):
    """Another full count of the location goes on."""

    reason = "SYNC_IN_PROGRESS"

    def __init__(self, location: str, sync_id: str) -> None:
        message = f"full count {sync_id!r} of location {location!r} is going on"
        super().__init__(message, location=location, sync=sync_id)


class SyncSuspicious(SellableError):
    """A full count would take more of a location's stock to 0 than it may; nothing was changed."""

    reason = "SYNC_SUSPICIOUS"

    def __init__(self, location: str, zeroed: int, stocked: int, fraction: float) -> None:
        super().__init__(
            f"the full count would take {zeroed} of the {stocked} positions with stock at "
            f"{location!r} to 0, at most {fraction:g} of them is allowed: send every row",
            location=location,
            zeroed_count=zeroed,
            stocked_count=stocked,
            max_zeroed_fraction=fraction,
        )
