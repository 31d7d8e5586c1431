"""What an order wants and what there is of it, as arrays in the order of lines and locations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from sellable.errors import UnknownSku
from sellable.sourcing.carriers import worth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sellable.network import Sourcing
    from sellable.sourcing.order import Order, SourcingStock
    from sellable.sourcing.places import Float, Places
    from sellable.sourcing.solver.problem import Whole
    from sellable.stock import Item

MARKDOWN_HORIZON_DAYS: Final = 90.0
_MICROS: Final = 1_000_000
_Number = TypeVar("_Number", bound=np.generic)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Demand:
    """The lines of an order (n) of some SKUs (s), and the stock at all locations (l).

    Attributes:
        order: The order.
        skus: (s) each once, in the order of lines.
        sku_of: (n,) which of them a line wants.
        quantity: (n,) units.
        unit_grams: (n,) 0 where the weight of the item is not known.
        item_class: (n) empty where it is not known.
        unit_value: (n,) micros of the section's currency, 0 where it is not known.
        available: (s, l) units.
        sellable: (s,) the market's number.
    """

    order: Order
    skus: tuple[str, ...]
    sku_of: Whole
    quantity: Whole
    unit_grams: Whole
    item_class: tuple[str, ...]
    unit_value: Whole
    available: Whole
    sellable: Whole
    _on_hand: Whole
    _daily_outflow: Float

    @classmethod
    def of(cls, order: Order, stock: SourcingStock, places: Places, sourcing: Sourcing) -> Demand:
        """Gather what the store told of the lines.

        Raises:
            UnknownSku: The store does not know one of them.
        """
        rows = {sku: row for row, sku in enumerate(stock.skus)}
        skus = tuple(dict.fromkeys(line.sku for line in order.lines))
        for sku in skus:
            if sku not in rows or stock.sellable[rows[sku]] < 0:
                raise UnknownSku(sku)
        row_of = {sku: row for row, sku in enumerate(skus)}
        items = [stock.items.get(line.sku) for line in order.lines]
        told = [rows[sku] for sku in skus]
        return cls(
            order=order,
            skus=skus,
            sku_of=_whole([row_of[line.sku] for line in order.lines]),
            quantity=_whole([line.quantity for line in order.lines]),
            unit_grams=_whole([max(0, item.weight_grams) if item else 0 for item in items]),
            item_class=tuple(item.item_class if item else "" for item in items),
            unit_value=_whole([_value(item, sourcing) for item in items]),
            available=_placed(_whole(stock.available)[told], stock, places),
            sellable=_whole(stock.sellable)[told],
            _on_hand=_placed(_whole(stock.on_hand)[told], stock, places),
            _daily_outflow=_placed(
                np.array(stock.daily_outflow, dtype=np.float64)[told], stock, places
            ),
        )

    def markdown(self, locations: Whole) -> Whole:
        """Return (n, len(locations)) the value of a unit times how well it sells there, in micros.

        How well: 1 less the risk of a markdown, which is the days that the stock of there lasts,
        on hand / daily outflow, as a share of `MARKDOWN_HORIZON_DAYS`, at most 1. What never sells
        has the risk 1, and costs nothing to take.
        """
        on_hand = np.maximum(0, self._on_hand[:, locations])
        horizon = self._daily_outflow[:, locations] * MARKDOWN_HORIZON_DAYS
        lasting = on_hand < horizon
        risk = np.ones(on_hand.shape)
        np.divide(on_hand, horizon, out=risk, where=lasting)
        return np.rint(self.unit_value[:, None] * (1.0 - risk)[self.sku_of]).astype(np.int64)


def _value(item: Item | None, sourcing: Sourcing) -> int:
    """Return the value of a unit in micros of the section's currency; 0: not known."""
    rate = worth(sourcing, item.value_currency) if item and item.value_currency else None
    if item is None or rate is None:
        return 0
    micros = item.value_units * _MICROS + item.value_nanos // 1_000
    return max(0, micros if rate == 1.0 else round(micros * rate))


def _whole(values: object) -> Whole:
    return np.array(values, dtype=np.int64)


def _placed(rows: NDArray[_Number], stock: SourcingStock, places: Places) -> NDArray[_Number]:
    """Put the columns into the order of the network's market; what was not told is 0."""
    if stock.locations == places.ids:
        return rows
    placed = np.zeros((len(rows), len(places.ids)), dtype=rows.dtype)
    known = [column for column, name in enumerate(stock.locations) if name in places.index]
    placed[:, [places.index[stock.locations[column]] for column in known]] = rows[:, known]
    return placed
