"""One world a seed: where stock lies, what the records say, what is true, and what tills sell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from sellable.geo import EARTH_RADIUS_KM, Point
from sellable.simulate import Position, Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from olist.data import Basket, Olist

ZONE: Final = "America/Sao_Paulo"
DAY_MS: Final = 24 * 3600 * 1000
_WEEKS: Final = 4
_BEGIN: Final = datetime(2018, 3, 5, tzinfo=ZoneInfo(ZONE))  # a Monday, weeks from a clock change
BEGIN_MS: Final = round(_BEGIN.timestamp() * 1000)
DAYS: Final = 7 * _WEEKS
_CATEGORY_WEIGHT: Final = 5.0
_LINES_MAX: Final = 12


class Options(NamedTuple):
    """The parameters of a world; README.md says what they mean and why."""

    locations: int = 100
    k: int = 8
    error: float = 0.2
    till_share: float = 0.4
    capacity: int | None = None
    random_priority: bool = False
    baskets: bool = False
    orders: int | None = None


class Placed(NamedTuple):
    """An order with its moment in the four weeks and its distance to every location."""

    id: str
    at_ms: int
    prefix: str
    point: Point
    units: dict[str, int]
    km: tuple[float, ...]


class Till(NamedTuple):
    """A unit that leaves over the counter, if there is one."""

    at_ms: int
    sku: str
    location: int


@dataclass(frozen=True, slots=True)
class World:
    """Everything that the rules of a seed share.

    `records` and `truth` are units by product and index of location.
    """

    records: dict[str, dict[int, int]]
    truth: dict[str, dict[int, int]]
    tills: list[Till]
    priority: list[int]

    def snapshot(self, names: Sequence[str]) -> Snapshot:
        """Return the records as what a simulation starts from."""
        positions = {
            sku: {names[at]: Position(units) for at, units in there.items()}
            for sku, there in self.records.items()
        }
        return Snapshot(positions, has_outflow=False)


def copied(units: Mapping[str, Mapping[int, int]]) -> dict[str, dict[int, int]]:
    """Return units by product and location that may change."""
    return {sku: dict(there) for sku, there in units.items()}


def locations_of(olist: Olist, count: int) -> list[tuple[str, Point]]:
    """Return the sellers that sold most and have a point, the largest first."""
    ranked = sorted(olist.sold, key=lambda seller: (-olist.sold[seller], seller))
    return [(seller, olist.sellers[seller]) for seller in ranked if seller in olist.sellers][:count]


def placed_orders(
    olist: Olist, locations: Sequence[tuple[str, Point]], options: Options, seed: int
) -> list[Placed]:
    """Return the orders on four weeks, in the order of time, all or a random sample of them."""
    baskets = _merged(olist.baskets) if options.baskets else olist.baskets
    kilometres = _kilometres([basket.point for basket in baskets], [p for _, p in locations])
    made = [
        Placed(b.id, _moment(b.placed), b.prefix, b.point, b.units, tuple(km))
        for b, km in zip(baskets, kilometres.tolist(), strict=True)
    ]
    if options.orders is not None and options.orders < len(made):
        chosen = np.random.default_rng((seed, 1)).choice(len(made), options.orders, replace=False)
        made = [made[at] for at in chosen]
    return sorted(made, key=lambda order: (order.at_ms, order.id))


def make_world(
    olist: Olist, locations: Sequence[tuple[str, Point]], options: Options, seed: int
) -> World:
    """Draw the world of a seed; demand is that of the whole sample."""
    rng = np.random.default_rng((seed, 0))
    demand: dict[str, int] = {}
    for basket in olist.baskets:
        for sku, units in basket.units.items():
            demand[sku] = demand.get(sku, 0) + units
    skus = sorted(demand)
    k = min(options.k, len(locations))
    places = _places(olist, locations, skus, k, rng)
    wanted = np.array([demand[sku] for sku in skus])[:, None]
    recorded = 1 + rng.poisson(np.broadcast_to(1 + 2 * wanted / k, places.shape))
    wrong = rng.random(places.shape) < options.error
    sign = np.where(rng.random(places.shape) < 0.5, -1, 1)
    true = np.maximum(0, recorded + wrong * sign * rng.geometric(0.5, places.shape))
    sold = rng.poisson(options.till_share * recorded)
    tills = sorted(
        Till(BEGIN_MS + int(moment), skus[row], int(places[row, column]))
        for row, column in zip(*np.nonzero(sold), strict=True)
        for moment in rng.integers(0, DAYS * DAY_MS, sold[row, column])
    )
    priority = list(range(len(locations)))
    if options.random_priority:
        rng.shuffle(priority)
    return World(_by_sku(skus, places, recorded), _by_sku(skus, places, true), tills, priority)


def _places(
    olist: Olist,
    locations: Sequence[tuple[str, Point]],
    skus: Sequence[str],
    k: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return (products, k) indices of locations, the home of each product first.

    Without replacement by weight: the smallest of exponential variables over their weights
    (Efraimidis and Spirakis, 2006).
    """
    home = _homes(olist, locations)
    size = np.array([olist.sold[seller] for seller, _ in locations], float)
    weights = np.empty((len(skus), len(locations)))
    homes = np.empty(len(skus), int)
    for row, sku in enumerate(skus):
        product = olist.products[sku]
        strong = [olist.sold_of[seller, product.category] > 0 for seller, _ in locations]
        weights[row] = size * np.where(strong, _CATEGORY_WEIGHT, 1.0)
        homes[row] = home.get(product.seller, 0)
    keys = rng.exponential(size=weights.shape) / weights
    keys[np.arange(len(skus)), homes] = -1.0
    return np.argsort(keys, axis=1, kind="stable")[:, :k]


def _homes(olist: Olist, locations: Sequence[tuple[str, Point]]) -> dict[str, int]:
    """Return by seller its own location, or the one that is nearest to it."""
    sellers = sorted({product.seller for product in olist.products.values()} & set(olist.sellers))
    points = [point for _, point in locations]
    nearest = _kilometres([olist.sellers[seller] for seller in sellers], points).argmin(axis=1)
    found = dict(zip(sellers, nearest.tolist(), strict=True))
    return found | {seller: at for at, (seller, _) in enumerate(locations)}


def _kilometres(ones: Sequence[Point], others: Sequence[Point]) -> NDArray[np.float64]:
    """Return the great circles from each of the ones to each of the others."""
    first, second = (
        np.radians([(point.latitude, point.longitude) for point in points])
        for points in (ones, others)
    )
    north = np.sin((first[:, None, 0] - second[None, :, 0]) / 2)
    east = np.sin((first[:, None, 1] - second[None, :, 1]) / 2)
    cosines = np.cos(first[:, None, 0]) * np.cos(second[None, :, 0])
    angles: NDArray[np.float64] = np.arcsin(np.sqrt(north**2 + cosines * east**2))
    return 2 * EARTH_RADIUS_KM * angles


def _by_sku(
    skus: Sequence[str], places: np.ndarray, units: np.ndarray
) -> dict[str, dict[int, int]]:
    return {
        sku: dict(zip(places[row].tolist(), units[row].tolist(), strict=True))
        for row, sku in enumerate(skus)
    }


def _moment(placed: datetime) -> int:
    """Move a local time to the four weeks by its week number modulo 4; day and time stay."""
    _, week, weekday = placed.isocalendar()
    day = timedelta(days=week % _WEEKS * 7 + weekday - 1)
    time = timedelta(hours=placed.hour, minutes=placed.minute, seconds=placed.second)
    return BEGIN_MS + round((day + time).total_seconds() * 1000)


def _merged(baskets: Sequence[Basket]) -> list[Basket]:
    """Make the orders of a city and day one; a thirteenth line begins another."""
    made: list[Basket] = []
    open_at: dict[tuple[str, str], int] = {}
    for basket in baskets:
        key = basket.city, str(basket.placed.date())
        at = open_at.get(key)
        if at is None or len(made[at].units.keys() | basket.units.keys()) > _LINES_MAX:
            open_at[key] = len(made)
            made.append(basket._replace(units=dict(basket.units)))
            continue
        units = made[at].units
        for sku, count in basket.units.items():
            units[sku] = units.get(sku, 0) + count
    return made
