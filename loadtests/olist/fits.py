"""What freight costs and how long it takes, fitted on what was really paid and waited for.

Iterated least squares with the weights of Huber ("Robust estimation of a location parameter",
1964): residuals beyond 1.345 times the robust scale count less, so that odd prices do not pull.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from olist.data import Carried

    Real = NDArray[np.float64]

# The last one takes the heaviest product: no unit may be without a parcel.
TIER_GRAMS: Final = (500, 1_000, 2_000, 5_000, 10_000, 50_000)
PARCEL_GRAMS_MAX: Final = TIER_GRAMS[-1]
_ROUNDS: Final = 50
_HUBER: Final = 1.345
_MAD_TO_SCALE: Final = 1.4826
_SCALE_MIN: Final = 1e-9


class Quality(NamedTuple):
    """How well a fit does: the share of variance it explains, and sizes of its residuals."""

    sample: int
    r2: float
    mean_error: float
    median_error: float


class Freight(NamedTuple):
    """BRL of a parcel: by tier per parcel, per kg and per km."""

    tiers: tuple[tuple[float, float, float], ...]
    quality: Quality

    def price(self, grams: int, km: float) -> float:
        """Return the price of a shipment, full parcels first."""
        full, rest = divmod(grams, PARCEL_GRAMS_MAX)
        price = full * self._parcel(PARCEL_GRAMS_MAX, km)
        return price + self._parcel(rest, km) if rest or not full else price

    def _parcel(self, grams: int, km: float) -> float:
        tier = next(at for at, up_to in enumerate(TIER_GRAMS) if grams <= up_to)
        parcel, per_kg, per_km = self.tiers[tier]
        return parcel + per_kg * grams / 1_000 + per_km * km


class Transit(NamedTuple):
    """Days from the carrier's pick-up to the door: `start + slope * sqrt(km)`."""

    start: float
    slope: float
    quality: Quality

    def days(self, km: float) -> float:
        """Return the days for a distance."""
        return float(self.start + self.slope * np.sqrt(km))


def fit_freight(carried: Sequence[Carried]) -> Freight:
    """Fit the tiers one by one; free deliveries say nothing about prices."""
    paid = [one for one in carried if one.price > 0]
    grams = np.array([one.grams for one in paid], float)
    km = np.array([one.km for one in paid])
    price = np.array([one.price for one in paid])
    fitted = np.empty_like(price)
    tiers, above = [], -1
    for up_to in (*TIER_GRAMS[:-1], 10**9):
        mask = (grams > above) & (grams <= up_to)
        columns = np.column_stack([np.ones(mask.sum()), grams[mask] / 1_000, km[mask]])
        # A tier ends in whole micros, as the network document has them.
        found = np.round(_fit(columns, price[mask]), 6)
        fitted[mask] = columns @ found
        tiers.append((float(found[0]), float(found[1]), float(found[2])))
        above = up_to
    return Freight(tuple(tiers), _quality(price, fitted))


def fit_transit(carried: Sequence[Carried]) -> Transit:
    """Fit the days of what arrived after it was handed over."""
    arrived = [(one.km, one.days) for one in carried if one.days is not None and one.days > 0]
    km, days = np.array(arrived).T
    columns = np.column_stack([np.ones(len(km)), np.sqrt(km)])
    found = _fit(columns, days)
    return Transit(float(found[0]), float(found[1]), _quality(days, columns @ found))


def _fit(columns: Real, sought: Real) -> Real:
    """Fit without a coefficient below zero: the worst one is held at zero, then again."""
    held = np.zeros(columns.shape[1], bool)
    while True:
        found = np.zeros(columns.shape[1])
        found[~held] = _robust(columns[:, ~held], sought)
        if (found >= 0).all():
            return found
        held[np.argmin(found)] = True


def _robust(columns: Real, sought: Real) -> Real:
    weights = np.ones(len(sought))
    found: Real = np.zeros(columns.shape[1])
    for _ in range(_ROUNDS):
        root = np.sqrt(weights)
        solved = np.linalg.lstsq(columns * root[:, None], sought * root, rcond=None)
        found = np.asarray(solved[0], np.float64)
        errors = np.abs(sought - columns @ found)
        scale = max(_SCALE_MIN, _MAD_TO_SCALE * float(np.median(errors)))
        weights = np.minimum(1.0, _HUBER * scale / np.maximum(errors, _SCALE_MIN))
    return found


def _quality(sought: Real, fitted: Real) -> Quality:
    errors = sought - fitted
    r2 = 1 - float((errors**2).sum() / ((sought - sought.mean()) ** 2).sum())
    absolute = np.abs(errors)
    return Quality(len(sought), r2, float(absolute.mean()), float(np.median(absolute)))
