"""Explanations over random networks and histories: the terms add up, and each names its rule."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sellable.explain import TermKind, at_location, in_market
from sellable.network import deciding
from sellable.store.connection import Connection
from support.explained_networks import MARKETS, SKUS, explained_networks
from support.explaining import History

if TYPE_CHECKING:
    from sellable.network import Buffer, Decision, NetworkAt
    from support.networks import Document

# By default the same examples every time; another number of cases draws new ones.
_CASES_VARIABLE: Final = "SELLABLE_TEST_EXPLAIN_CASES"
_CASES_DEFAULT: Final = 10_000
_LOOKS: Final = 2  # at every SKU in every market, in each example
_STEPS: Final = 80  # between two looks
_EXAMPLES_WRONG: Final = 4


class Tally:
    """What all examples saw together."""

    def __init__(self) -> None:
        self.cases = 0
        self.wrong: list[str] = []
        self.kinds: Counter[TermKind] = Counter()
        self.promised = 0

    async def live(self, url: str, networks: list[Document], chance: random.Random) -> None:
        """Live through a history in one network after the other, and look at each number."""
        async with await Connection.open(url) as connection:
            history = await History.begin(connection, chance)
            for document in networks:
                await history.apply_network(document)
                if document is networks[0]:
                    await history.stock_up()
                await history.go_on(_STEPS)
                cases, wrong = await history.disagreements()
                self.cases += cases
                self.wrong += wrong
            self.kinds += history.kinds
            self.promised += history.promised


def look_at(url: str, cases: int, *, derandomize: bool) -> Tally:
    """Look at so many numbers of random networks; stop at the first example that is wrong."""
    tally = Tally()

    @settings(
        max_examples=-(-cases // (_LOOKS * len(MARKETS) * len(SKUS))),
        deadline=None,
        derandomize=derandomize,
        database=None,
        print_blob=True,
        # An example is hundreds of numbers: the first that is wrong is told whole, none is made
        # smaller.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(explained_networks(), min_size=_LOOKS, max_size=_LOOKS), st.integers(0, 2**32))
    def every_term_is_right(networks: list[Document], seed: int) -> None:
        asyncio.run(tally.live(url, networks, random.Random(seed)))

    every_term_is_right()
    return tally


@pytest.mark.timeout(3_600)  # for those who ask for more cases
def test_terms_add_up_and_name_their_rules(store_url: str) -> None:
    """Every sum is the number that CheckSellable answers, every rule the one of highest rank."""
    chosen = os.environ.get(_CASES_VARIABLE)
    cases = int(chosen or _CASES_DEFAULT)
    tally = look_at(store_url, cases, derandomize=chosen is None)
    assert [] == tally.wrong[:20]
    assert tally.cases >= cases
    assert set(TermKind) == set(tally.kinds), "some kind of term was never seen"
    assert tally.promised > 0


@pytest.mark.parametrize("part", [at_location, in_market], ids=["locations", "markets"])
def test_a_wrong_order_of_rules_is_found(
    store_url: str, part: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were rules for a class over rules for a SKU, the same look would find it."""
    monkeypatch.setattr(part, "deciding", _class_over_sku)
    cases = _EXAMPLES_WRONG * _LOOKS * len(MARKETS) * len(SKUS)
    tally = look_at(store_url, cases, derandomize=True)
    assert len(tally.wrong) > 0


def test_a_wrong_sum_is_found(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were percentages rounded down, the same look would find sums that are not the number."""
    monkeypatch.setattr(in_market, "kept", _rounded_down)
    cases = _EXAMPLES_WRONG * _LOOKS * len(MARKETS) * len(SKUS)
    tally = look_at(store_url, cases, derandomize=True)
    assert any("add up to" in wrong for wrong in tally.wrong)


def _rounded_down(buffer: Buffer, on_hand: int) -> int:
    return max(buffer.units, buffer.floor, on_hand * buffer.basis_points // 10_000)


def _class_over_sku(
    at: NetworkAt, effect: Any, target: str, sku: str, item_class: str
) -> Decision[Any]:
    by_class = deciding(at, effect, target, "", item_class)
    class_lines = {rule.line for rule in at.network.rules if rule.item_classes}
    if by_class.line in class_lines:
        return by_class
    return deciding(at, effect, target, sku, item_class)
