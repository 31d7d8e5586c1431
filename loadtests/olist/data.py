"""The files of Olist as arrays and short records; what cannot be used is counted and left out."""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from sellable.geo import Point, distance_km

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LATITUDES: Final = (-34.0, 6.0)
LONGITUDES: Final = (-74.5, -32.0)  # Fernando de Noronha lies far out
_FILES: Final = {
    "customers": "customers_8k_sample.csv.gz",
    "places": "geolocation_one_per_prefix.csv.gz",
    "items": "order_items_8k_sample.csv.gz",
    "orders": "orders_8k_sample.csv.gz",
    "products": "products_full.csv.gz",
    "sellers": "sellers_full.csv.gz",
}
_CUBIC_CM_PER_KG: Final = 6_000
_DAY_S: Final = 24 * 3600


class Product(NamedTuple):
    """What is sold: the weight that carriers charge, and by whom."""

    id: str
    category: str
    grams: int
    seller: str
    price: float


class Basket(NamedTuple):
    """An order: when, to where, and units by product."""

    id: str
    placed: datetime
    city: str
    prefix: str
    point: Point
    units: dict[str, int]


class Carried(NamedTuple):
    """One item that was really sent: how far, how heavy, at what price, in how many days."""

    km: float
    grams: int
    price: float
    days: float | None


@dataclass(slots=True)
class Olist:
    """What is used of the sample."""

    products: dict[str, Product] = field(default_factory=dict)
    sellers: dict[str, Point] = field(default_factory=dict)
    baskets: list[Basket] = field(default_factory=list)
    carried: list[Carried] = field(default_factory=list)
    handling_days: list[float] = field(default_factory=list)
    sold: Counter[str] = field(default_factory=Counter)  # units by seller
    sold_of: Counter[tuple[str, str]] = field(default_factory=Counter)  # by seller and category
    dropped: Counter[str] = field(default_factory=Counter)


def missing(folder: Path) -> list[str]:
    """Return the files that are not there."""
    return [name for name in _FILES.values() if not (folder / name).is_file()]


def load(folder: Path) -> Olist:
    """Read the sample."""
    found = Olist()
    places = _places(folder, found.dropped)
    for row in _rows(folder, "sellers"):
        point = places.get(row["seller_zip_code_prefix"].zfill(5))
        if point is None:
            found.dropped["sellers without a point"] += 1
        else:
            found.sellers[row["seller_id"]] = point
    items: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _rows(folder, "items"):
        items[row["order_id"]].append(row)
    _sum_up(found, items, {row["product_id"]: row for row in _rows(folder, "products")})
    customers = {row["customer_id"]: row for row in _rows(folder, "customers")}
    for row in _rows(folder, "orders"):
        if row["order_id"] not in items:
            found.dropped["orders without items"] += 1
            continue
        customer = customers[row["customer_id"]]
        prefix = customer["customer_zip_code_prefix"].zfill(5)
        point = places.get(prefix)
        if point is None:
            found.dropped["orders to a place without a point"] += 1
            continue
        _add_order(found, row, items[row["order_id"]], (customer["customer_city"], prefix, point))
    found.baskets.sort(key=lambda basket: (basket.placed, basket.id))
    return found


def _sum_up(
    found: Olist, items: dict[str, list[dict[str, str]]], known: dict[str, dict[str, str]]
) -> None:
    """Count what sellers sold, and keep the products that were."""
    for listed in items.values():
        for row in listed:
            product, seller = known[row["product_id"]], row["seller_id"]
            category = product["product_category_name"]
            found.sold[seller] += 1
            found.sold_of[seller, category] += 1
            if not product["product_weight_g"]:
                continue
            cubic = 1.0
            for side in ("length", "height", "width"):
                cubic *= float(product[f"product_{side}_cm"])
            grams = max(float(product["product_weight_g"]), cubic / _CUBIC_CM_PER_KG * 1000, 1.0)
            made = Product(row["product_id"], category, round(grams), seller, float(row["price"]))
            found.products.setdefault(row["product_id"], made)


def _add_order(
    found: Olist,
    order: dict[str, str],
    items: list[dict[str, str]],
    customer: tuple[str, str, Point],
) -> None:
    units = Counter(row["product_id"] for row in items if row["product_id"] in found.products)
    if not units:
        found.dropped["orders of products without a weight"] += 1
        return
    city, prefix, point = customer
    placed = datetime.fromisoformat(order["order_purchase_timestamp"])
    found.baskets.append(Basket(order["order_id"], placed, city, prefix, point, dict(units)))
    handed = order["order_delivered_carrier_date"]
    if handed:
        seconds = (datetime.fromisoformat(handed) - placed).total_seconds()
        found.handling_days.append(max(0.0, seconds / _DAY_S))
    seller = found.sellers.get(items[0]["seller_id"])
    if len(items) > 1 or seller is None:
        return
    arrived, days = order["order_delivered_customer_date"], None
    if arrived and handed:
        spent = datetime.fromisoformat(arrived) - datetime.fromisoformat(handed)
        days = spent.total_seconds() / _DAY_S
    grams = found.products[items[0]["product_id"]].grams
    price = float(items[0]["freight_value"])
    found.carried.append(Carried(distance_km(seller, point), grams, price, days))


def _places(folder: Path, dropped: Counter[str]) -> dict[str, Point]:
    found = {}
    for row in _rows(folder, "places"):
        point = Point(float(row["geolocation_lat"]), float(row["geolocation_lng"]))
        if (
            LATITUDES[0] <= point.latitude <= LATITUDES[1]
            and LONGITUDES[0] <= point.longitude <= LONGITUDES[1]
        ):
            found[row["geolocation_zip_code_prefix"].zfill(5)] = point
        else:
            dropped["points outside of Brazil"] += 1
    return found


def _rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    with gzip.open(folder / _FILES[name], "rt", encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)
