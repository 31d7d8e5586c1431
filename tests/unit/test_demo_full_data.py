"""The full UCI file, where it lies beside the checkout: its known figures, and its replay."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from sellable.demo.invoices import packaged_sample, read_cells
from sellable.demo.meaning import COUNTRIES, Skipped
from sellable.demo.network import market_locations, network_document
from sellable.demo.orders import Order, Replay
from sellable.demo.sample import in_sample, main, write_sample
from sellable.network import parse

BESIDE_THE_CHECKOUT = Path(__file__).parents[3]
FULL = BESIDE_THE_CHECKOUT / "shared/data/uci_online_retail/online_retail.csv.gz"
needs_full_file = pytest.mark.skipif(
    not FULL.exists(), reason="the full UCI Online Retail file is not beside the checkout"
)


@needs_full_file
def test_full_file_has_its_known_figures() -> None:
    """What is published about the file is what is read of it, and the sample is drawn from it."""
    kinds: Counter[str] = Counter()
    invoices, skus, labels, hashes = set(), set(), Counter[str](), set()
    drawn = []
    for cells in read_cells(FULL):
        kinds["rows"] += 1
        kinds["negative"] += cells.quantity.startswith("-")
        kinds["cancelled"] += cells.invoice.startswith("C")
        kinds["bad debt"] += cells.invoice.startswith("A")
        kinds["guest"] += not cells.customer
        invoices.add(cells.invoice)
        skus.add(cells.sku)
        labels[cells.country] += 1
        hashes.add(hash(cells[:8]))
        if in_sample(cells):
            drawn.append(cells[:8])
    assert {
        "rows": 541_909,
        "negative": 10_624,
        "cancelled": 9_288,
        "bad debt": 3,
        "guest": 135_080,
    } == kinds
    assert (25_900, 4_070, 38) == (len(invoices), len(skus), len(labels))
    assert (495_478, 9_495, 8_557, 8_196, 2_533) == tuple(
        labels[name] for name in ("United Kingdom", "Germany", "France", "EIRE", "Spain")
    )
    assert {"European Community", "Unspecified"} == set(labels) - set(COUNTRIES)
    assert 5_268 == kinds["rows"] - len(hashes)
    assert drawn == [cells[:8] for cells in read_cells(packaged_sample())]


@needs_full_file
def test_full_file_is_understood_to_its_last_row() -> None:
    """Every row has one meaning, and the orders of countries without a market are counted."""
    replay = Replay(FULL, market_locations(parse(network_document())))
    ids = [event.reservation_id for event in replay if isinstance(event, Order)]
    tally = replay.tally
    assert len(ids) == len(set(ids))
    assert (541_909, 20_754, 3_422) == (tally.rows, tally.orders, tally.cancellations)
    assert {
        Skipped.SERVICE: 2_943,
        Skipped.WRITE_OFF: 1_336,
        Skipped.CORRECTION: 762,
        Skipped.BAD_DEBT: 3,
        Skipped.NO_COUNTRY: 503,
        Skipped.NO_MARKET: 4_647,
    } == tally.skipped
    assert 541_909 == tally.order_rows + tally.cancellation_rows + tally.skipped.total()


def test_sample_of_the_sample_is_itself(tmp_path: Path) -> None:
    """The maker keeps every row that it would draw, and the same rows make the same bytes."""
    source = tmp_path / "sample.csv.gz"
    source.write_bytes(packaged_sample().read_bytes())
    again, once_more = tmp_path / "again.csv.gz", tmp_path / "once_more.csv.gz"
    assert 43_879 == write_sample(source, again)
    assert 0 == main([str(source), str(once_more)])
    assert again.read_bytes() == once_more.read_bytes()
    assert list(islice(read_cells(source), 5_000)) == list(islice(read_cells(again), 5_000))


def test_sample_maker_explains_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without two files it says how to call it; without its source it says what is missing."""
    assert 2 == main([])
    assert "usage: python -m sellable.demo.sample" in capsys.readouterr().err
    assert 1 == main([str(tmp_path / "none.csv"), str(tmp_path / "out.csv.gz")])
    assert "none.csv: cannot be read: No such file" in capsys.readouterr().err
