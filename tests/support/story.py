"""Short words for calls that are made on the store and on the reference model at once."""

from __future__ import annotations

from typing import Any

from sellable.reservation import Line, Part, Refusal, ReserveRequest
from sellable.stock import Fact, FactKind, FactResult, Item, Outcome
from support.driving import FUTURE_TOLERANCE_MS, Pair

FR = "web/FR"


class Story:
    """Short words for the calls on both sides, in a market that sells from L0, L1 and L2."""

    def __init__(self, url: str) -> None:
        self.pair = Pair(url)
        self.document: dict[str, Any] = {
            "locations": [
                {"id": name, "type": "store", "country": "FR", "tags": [], "enabled": True}
                for name in ("L0", "L1", "L2")
            ],
            "markets": [{"channel": "web", "country": "FR", "locations": ["L0", "L1", "L2"]}],
            "protections": [],
        }
        self.network()
        self.events = 0

    def network(self, **location: Any) -> None:
        """Apply the network, with other settings of L2."""
        self.document = {
            **self.document,
            "locations": [
                *self.document["locations"][:2],
                self.document["locations"][2] | location,
            ],
        }
        self.pair.apply_network(self.document)

    def tell(self, kind: FactKind, place: str, quantity: int, **more: Any) -> Outcome:
        """Tell a fact about `SKU@location`, as observed a second ago."""
        sku, _, location = place.partition("@")
        self.events += 1
        values: dict[str, Any] = {
            "event_id": f"e{self.events}",
            "source": "wms",
            "observe_us": (self.pair.model.now_ms - 1_000) * 1000,
        }
        fact = Fact(kind=kind, sku=sku, location=location, quantity=quantity, **values | more)

        async def apply() -> Outcome:
            ((row,), _) = await self.pair.store.inventory.apply([fact])
            return row.outcome

        outcome = self.pair.both(apply(), lambda: self.pair.model.fact(fact).outcome)
        assert isinstance(outcome, Outcome)
        return outcome

    def count(self, place: str, quantity: int, **more: Any) -> Outcome:
        """Count a position."""
        return self.tell(FactKind.COUNT, place, quantity, **more)

    def put_item(self, sku: str) -> None:
        """Make a SKU known that has no position."""
        item = Item(sku=sku, update_us=1)
        model = self.pair.model
        self.pair.both(
            self.pair.store.inventory.put_items([item]), lambda: [FactResult(model.put_item(item))]
        )

    def reserve(self, name: str, *wanted: str | Line, **more: Any) -> Any:
        """Hold "3 A" and the like for a second."""
        lines = [
            line
            if isinstance(line, Line)
            else Line(sku=line.split()[1], quantity=int(line.split()[0]))
            for line in wanted
        ]
        values: dict[str, Any] = {"reservation_id": name, "market": FR, "ttl_ms": 1_000}
        request = ReserveRequest(**values | more, lines=tuple(lines))
        self.pair.ids.append(name)
        model = self.pair.model
        return self.pair.both(
            self.pair.store.reservations.reserve(request), lambda: model.reserve(request)
        )

    def confirm(self, name: str, order: str = "") -> Any:
        """Place the order."""
        model = self.pair.model
        return self.pair.both(
            self.pair.store.reservations.confirm(name, order), lambda: model.confirm(name, order)
        )

    def release(self, name: str, request_id: str, *parts: Part, refusal: Refusal) -> Any:
        """Give units back."""
        model = self.pair.model
        call = self.pair.store.reservations.release(
            name, parts, request_id=request_id, refusal=refusal
        )
        return self.pair.both(call, lambda: model.release(name, parts, request_id, refusal))

    def fulfil(self, name: str, request_id: str, *parts: Part) -> Any:
        """Ship units."""
        model = self.pair.model
        call = self.pair.store.reservations.fulfil(
            name, parts, request_id=request_id, future_tolerance_ms=FUTURE_TOLERANCE_MS
        )
        return self.pair.both(call, lambda: model.fulfil(name, parts, request_id, 0, ""))

    def transfer(self, name: str, request_id: str, *moves: Part) -> Any:
        """Move units."""
        model = self.pair.model
        call = self.pair.store.reservations.transfer(name, moves, request_id=request_id)
        return self.pair.both(call, lambda: model.transfer(name, moves, request_id))

    def wait(self, passed_ms: int) -> None:
        """Let time pass."""
        self.pair.model.now_ms += passed_ms

    def delete(self, sku: str) -> None:
        """Forget a SKU."""
        self.pair.run(self.pair.store.inventory.delete_skus([sku]))
        self.pair.model.delete_sku(sku)

    def on_hand(self, place: str) -> int:
        """Return what the model has at a position; the store is compared in the end."""
        sku, _, location = place.partition("@")
        return self.pair.model.on_hand(sku, location)
