"""`sellable sourcing worker` and `at-risk` as people run them, on the store of a service."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from support.command import Command
from support.planned import order_json
from support.service import ServiceProcess
from support.wait import eventually
from support.workers import WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NETWORK = """
locations:
  - {id: DC-PARIS, type: warehouse, country: FR, latitude: 48.98, longitude: 2.62}
  - {id: STORE-LYON, type: store, country: FR, latitude: 45.77, longitude: 4.86}
markets:
  - {channel: web, country: FR, locations: [DC-PARIS, STORE-LYON]}
sourcing:
  currency: EUR
  carriers:
    - id: post
      zones: [{name: all}]
      services:
        - id: standard
          lanes: [{zone: all, transit_days: 2, rates: [{per_parcel: 5, per_km: 0.01}]}]
  profiles:
    - {name: standard, strategies: [{name: everyday, weights: {shipping_cost: 1}}]}
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServiceProcess]:
    """Serve an embedded store."""
    service = ServiceProcess(data=tmp_path / "data")
    with asyncio.Runner() as runner:
        runner.run(service.__aenter__())
        try:
            yield service
        finally:
            runner.run(service.__aexit__(None, None, None))


def test_from_a_short_order_to_a_decision(served: ServiceProcess, tmp_path: Path) -> None:
    """The worker moves what can be moved and lists the rest; a release takes it off the list."""
    sellable = Command(served.address)
    assert 0 == sellable("network", "apply", "-", stdin=NETWORK).exit_code
    for sku, location, quantity in (("A", "STORE-LYON", "2"), ("A", "DC-PARIS", "1")):
        assert 0 == sellable("set", sku, location, quantity).exit_code
    order = tmp_path / "order.json"
    order.write_text(order_json(lines=[{"line_id": "1", "sku": "A", "quantity": 1}]))
    for name in ("old", "young"):
        assert 0 == sellable("sourcing", "plan", str(order), "--reserve", name).exit_code
        assert 0 == sellable("confirm", name, "--order", f"O-{name}").exit_code
    assert 0 == sellable("sourcing", "at-risk", "--check").exit_code
    assert 0 == sellable("set", "A", "STORE-LYON", "0").exit_code
    worker = WorkerProcess("", "--data", str(served.data), group="sourcing")
    try:

        def listed() -> list[dict[str, object]]:
            found: list[dict[str, object]] = sellable("sourcing", "at-risk", "--json").value[
                "orders"
            ]
            return found

        eventually(listed)
        asyncio.run(worker.terminate())
        (end,) = worker.logged("worker_stopped")
    finally:
        worker.leave()
    assert (1, 1) == (end["sourced"], end["escalated"])
    (told,) = listed()
    assert "NO_FEASIBLE_PLAN" in json.dumps(told)
    shown = sellable("sourcing", "at-risk", "--check")
    assert 1 == shown.exit_code
    for word in ("web/FR", "overcommitted", "1 A at STORE-LYON", "stock"):
        assert word in " ".join(shown.out.split())
    reservation = told["reservation"]
    assert isinstance(reservation, dict)
    assert 0 == sellable("release", str(reservation["reservation_id"])).exit_code
    ended = sellable("sourcing", "at-risk", "--check")
    assert (0, []) == (ended.exit_code, listed())


def test_worker_without_a_service_says_what_to_do(tmp_path: Path) -> None:
    """It never starts a store of its own."""
    ended = Command("")("sourcing", "worker", "--data", str(tmp_path / "nothing"))
    assert 3 == ended.exit_code
    assert "start `sellable serve` on it" in ended.err
