"""What the demo tells: percentiles, totals, verdicts, and progress without a terminal."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from rich.console import Console

from sellable.demo.audit import Audit, Difference, Violation
from sellable.demo.books import Books
from sellable.demo.caller import CallTimes
from sellable.demo.orders import Order, OrderLine
from sellable.demo.progress import Display
from sellable.demo.report import Report, latencies

ORDER = Order(
    reservation_id="1",
    invoice="1",
    channel="web",
    country="FR",
    customer="",
    time=datetime(2011, 1, 4, tzinfo=UTC),
    lines=(OrderLine("A", 5), OrderLine("B", 3)),
)
DIFFERENCE = Difference(
    sku="A", counter="sellable web/FR", stored_quantity=9, recomputed_quantity=1
)
VIOLATION = Violation(sku="B", opening_units=9, sold_units=8, on_hand_units=2, missing_units=0)


def report(
    *, differences: tuple[Difference, ...] = (), violations: tuple[Violation, ...] = ()
) -> Report:
    """Make the report of two orders: one sold but for two units given back, one refused."""
    books, times = Books(), CallTimes()
    books.placed(ORDER)
    books.released(ORDER, 2)
    books.dispatched(ORDER, [4, 2])
    books.refused(ORDER, "INSUFFICIENT_STOCK", 2)
    times.seconds["reserve"] += [0.010, 0.030]
    audit = Audit(
        verified_sku_count=2,
        differences=differences,
        counted_sku_count=2,
        violations=violations,
    )
    return Report(client_count=4, replay_s=2.0, times=times, books=books, audit=audit)


def shown(found: Report) -> str:
    """Answer the report as a person reads it."""
    console = Console(file=io.StringIO(), width=200)
    console.print(found)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_percentiles_are_times_that_were_measured() -> None:
    """Of 1 to 100 ms the percentiles are the nearest ranks, whatever the order."""
    seconds = [number / 1_000 for number in range(100, 0, -1)]
    expected = {"count": 100, "p50_ms": 50.0, "p95_ms": 95.0, "p99_ms": 99.0, "max_ms": 100.0}
    assert expected == latencies(seconds)


def test_one_call_is_all_of_its_percentiles_and_none_is_zero() -> None:
    """Few calls are no error."""
    assert {"count": 1, **dict.fromkeys(("p50_ms", "p95_ms", "p99_ms", "max_ms"), 2.0)} == (
        latencies([0.002])
    )
    assert {"count": 0, **dict.fromkeys(("p50_ms", "p95_ms", "p99_ms", "max_ms"), 0.0)} == (
        latencies([])
    )


def test_the_report_adds_up_what_the_clients_noted() -> None:
    """Orders, refusals and units stand in the data as they were noted."""
    data = report().as_data()
    assert data["clean"] is True
    assert (2, 4, 1, 2) == (
        data["orders"],
        data["lines"],
        data["refused_orders"],
        data["short_lines"],
    )
    assert [
        {
            "market": "web/FR",
            "orders": 2,
            "refused_orders": 1,
            "units_sold": 6,
            "units_released": 2,
        }
    ] == data["markets"]
    assert (1.0, 1.0) == (data["orders_per_s"], data["calls_per_s"])


def test_a_clean_report_says_so() -> None:
    """The last line of a good run is the promise that it kept."""
    assert shown(report()).rstrip().endswith("Not one unit oversold.")


def test_a_difference_or_a_violation_is_named_and_nothing_is_called_clean() -> None:
    """Each kind of finding alone makes the run fail, with its numbers."""
    wrong, lost = report(differences=(DIFFERENCE,)), report(violations=(VIOLATION,))
    assert (False, False) == (wrong.as_data()["clean"], lost.as_data()["clean"])
    assert "A sellable web/FR: stored 9, recomputed 1" in shown(wrong)
    assert "B: opened with 9, sold 8, 2 on hand" in shown(lost)
    assert "Not one unit oversold" not in shown(wrong) + shown(lost)


def test_progress_without_a_terminal_is_a_line_at_the_start_and_one_at_the_end() -> None:
    """Work that is told often, but done at once, does not fill a log."""
    text = io.StringIO()
    with Display(Console(file=text, width=200)).working("loading") as show:
        for done in range(101):
            show(done / 100, lambda: "all counts")
        show(1.0, lambda: "all counts")
    assert ["loading", "loading: 100% all counts, 0 s"] == text.getvalue().splitlines()


def test_progress_on_a_terminal_ends_at_all_of_it() -> None:
    """The bar is full once the work is done."""
    text = io.StringIO()
    with Display(Console(file=text, width=200, force_terminal=True)).working("loading") as show:
        show(1.0, lambda: "all counts")
    assert "100%" in text.getvalue()
