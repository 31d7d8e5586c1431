"""The study of what sourcing saves, in short, where its data are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from olist import planned
from olist.run import Job, basis, replay
from olist.world import Options
from olist_savings import DATA, main

if TYPE_CHECKING:
    from pathlib import Path

    from olist.measures import Sent
    from olist.world import Placed
    from sellable.sourcing.plan import Plan

HAS_DATA: Final = DATA.is_dir()
OPTIONS: Final = Options(locations=20, k=3, orders=60)


@pytest.mark.skipif(not HAS_DATA, reason="the data of Olist are not here")
def test_the_study_in_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans go less far than the rule, every order arrives whole, and prices are the carrier's."""
    differences: list[float] = []
    freight = basis(DATA).freight
    send = planned.Planned._send

    def compared(self: planned.Planned, order: Placed, plan: Plan) -> list[Sent]:
        sent = send(self, order, plan)
        priced = sum(freight.price(one.grams, one.km) for one in sent)
        differences.append(priced - sum(one.cost_micros for one in plan.shipments) / 1e6)
        return sent

    monkeypatch.setattr(planned.Planned, "_send", compared)
    found = replay(Job(DATA, 1, OPTIONS, ("traditional", "parcels first")))
    old, new = found["traditional"], found["parcels first"]
    assert new["km an order"] < old["km an order"]
    assert new["shipments an order"] <= old["shipments an order"]
    assert (0.0, 0.0) == (new["short shipments %"], new["unfilled units %"])
    assert 60 == len(differences)
    assert max(map(abs, differences)) < 0.01


def test_the_study_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder without the files ends with 2 and their names."""
    monkeypatch.setattr("sys.argv", ["olist_savings.py", "--data", str(tmp_path)])
    assert 2 == main()
    assert "has no customers_8k_sample.csv.gz" in capsys.readouterr().out
