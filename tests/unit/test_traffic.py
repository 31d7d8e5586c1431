"""What the load is made of: popularity, curves, arrivals, options, books and the audit's sums."""

from __future__ import annotations

import itertools
import random
import statistics
from argparse import ArgumentParser, Namespace
from collections import Counter
from types import SimpleNamespace
from typing import Any

import gevent
import pytest

from traffic.arrivals import arrivals
from traffic.audit import wrong_units
from traffic.books import DOUBTS_MAX, Books, read
from traffic.catalogue import Catalogue, Units
from traffic.curves import CURVES
from traffic.desk import Desk, Step
from traffic.options import OPTIONS, add_arguments, plan_of
from traffic.popularity import Popularity
from traffic.session import Session

CATALOGUE = Catalogue(sku_count=1, stock=10, drop_stock=5)


def test_popularity_follows_zipf() -> None:
    """The first SKU is drawn twice as often as the second and ten times as often as the tenth."""
    popularity = Popularity(1_000, 1.0, random.Random(7))
    drawn = Counter(popularity.draw() for _ in range(100_000))
    expected = 100_000 / sum(1 / rank for rank in range(1, 1_001))
    for rank in (0, 1, 9):
        assert drawn[rank] == pytest.approx(expected / (rank + 1), rel=0.05)


def test_with_exponent_0_all_are_alike() -> None:
    """No SKU stands out."""
    popularity = Popularity(10, 0.0, random.Random(7))
    drawn = Counter(popularity.draw() for _ in range(100_000))
    assert [pytest.approx(10_000, rel=0.05)] * 10 == [drawn[rank] for rank in range(10)]


def test_a_page_has_no_sku_twice() -> None:
    """Also where it has all that there are, and popular ones come first mostly."""
    popularity = Popularity(100, 1.5, random.Random(7))
    page = popularity.distinct(100)
    assert list(range(100)) == sorted(page)
    assert statistics.mean(page[:20]) < statistics.mean(page[-20:])


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_is_a_share_and_reaches_the_full_rate(name: str) -> None:
    """More than nothing at every moment, never more than the full rate, and that once."""
    shares = [CURVES[name](moment / 2_400) for moment in range(2_401)]
    assert 0 < min(shares)
    assert max(shares) == pytest.approx(1.0)
    assert max(shares) <= 1.0


def test_curves_have_their_shape() -> None:
    """A day has its night and its evening, a sale its rush, steps are ten."""
    day, flash, steps = CURVES["day"], CURVES["flash"], CURVES["steps"]
    assert day(4 / 24) == pytest.approx(0.1)
    assert day(20 / 24) == pytest.approx(1.0)
    assert day(0.0) == pytest.approx(day(1.0))
    assert (0.1, 1.0) == (flash(0.29), flash(0.35))
    assert flash(0.5) > flash(0.7) > flash(1.0) > 0.1
    assert 10 == len({steps(moment / 1_000) for moment in range(1_001)})


def test_arrivals_are_a_poisson_process() -> None:
    """Gaps are exponential (mean and deviation alike), counts vary as much as their mean."""
    moments = list(arrivals(100.0, CURVES["constant"], 1_000.0, random.Random(7)))
    gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert statistics.mean(gaps) == pytest.approx(0.01, rel=0.02)
    assert statistics.stdev(gaps) == pytest.approx(0.01, rel=0.02)
    counts = list(Counter(int(moment) for moment in moments).values())
    assert statistics.variance(counts) == pytest.approx(statistics.mean(counts), rel=0.15)
    assert moments == sorted(moments)


def test_arrivals_follow_their_curve() -> None:
    """Every tenth of the run has its share of the rate."""
    moments = arrivals(1_000.0, CURVES["steps"], 100.0, random.Random(7))
    counts = Counter(int(moment / 10) for moment in moments)
    assert [pytest.approx(1_000 * (at + 1), rel=0.08) for at in range(10)] == [
        counts[at] for at in range(10)
    ]


def test_two_halves_of_the_arrivals_are_the_rate() -> None:
    """Processes with seeds of their own that keep a half each make the rate together."""
    kept = 0
    for worker in range(2):
        luck = random.Random(worker)
        moments = arrivals(100.0, CURVES["constant"], 1_000.0, random.Random(f"arrivals {worker}"))
        kept += sum(luck.random() < 0.5 for _ in moments)
    assert kept == pytest.approx(100_000, rel=0.02)


def test_a_desk_hands_out_only_to_who_is_free() -> None:
    """A step that finds nobody is refused, also after the one who was free has left."""
    desk, step = Desk(), Step("call", 0.0, lambda _: None)
    assert not desk.offer(step)
    taking, leaving = gevent.spawn(desk.take), gevent.spawn(desk.take)
    gevent.sleep(0)
    leaving.kill()
    assert [True, False] == [desk.offer(step), desk.offer(step)]
    assert step is taking.get()


def chosen(**changed: object) -> Namespace:
    """Return options as they are parsed, some of them changed as the web page does it."""
    parser = ArgumentParser()
    add_arguments(parser)
    return Namespace(**(vars(parser.parse_args([])) | changed))


def test_the_defaults_are_a_plan() -> None:
    """Nothing has to be chosen."""
    plan = plan_of(chosen())
    assert (100.0, 1_000, True) == (plan.rate_per_s, plan.catalogue.sku_count, plan.open_loop)


@pytest.mark.parametrize("name", OPTIONS)
def test_every_bound_is_kept(name: str) -> None:
    """What is just outside is refused, with what is allowed."""
    option = OPTIONS[name]
    for wrong in (option.least - 0.05, option.most + 1):
        with pytest.raises(ValueError, match=f"--{name} is .*: allowed is {option.least:g} to "):
            plan_of(chosen(**{name.replace("-", "_"): wrong}))


def test_wrong_choices_are_refused() -> None:
    """The web page can send anything."""
    with pytest.raises(ValueError, match="--curve is flat: allowed is constant, day, flash, steps"):
        plan_of(chosen(curve="flat"))
    with pytest.raises(ValueError, match="--loop is half: allowed is open, closed"):
        plan_of(chosen(loop="half"))
    with pytest.raises(ValueError, match="at most 1 together"):
        plan_of(chosen(confirm=0.7, release=0.4))


def test_steps_to_come_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound a step is a failure that Locust is told of, and not forgotten."""
    monkeypatch.setattr("traffic.session.FOLLOW_UPS_MAX", 1)
    told: list[dict[str, Any]] = []
    request = SimpleNamespace(fire=lambda **call: told.append(call))
    environment: Any = SimpleNamespace(host="127.0.0.1:1", events=SimpleNamespace(request=request))
    session = Session(environment, plan_of(chosen(loop="closed")), 0)
    for _ in range(2):
        session.follow_up("checkout", 60.0, lambda at_s: Step("Confirm", at_s, lambda _: None))
    assert [("checkout", "Confirm", "too many are thinking")] == [
        (call["request_type"], call["name"], str(call["exception"])) for call in told
    ]
    assert 1 == session.settle().counts["shed"]
    session.service.close()


def test_books_of_workers_add_up() -> None:
    """They come over the wire as they were written, and nothing is counted twice."""
    one, other, both = Books(), Books(), Books()
    one.asked_to_confirm("a", ((0, 2), (1, 1)))
    one.settled("a", confirmed=True)
    one.asked_to_confirm("b", ((0, 1),))
    other.asked_to_confirm("c", ((0, 3),))
    other.settled("c", confirmed=True)
    other.asked_to_confirm("d", ((0, 3),))
    other.settled("d", confirmed=False)
    other.received[1] += 4
    for books in (one, other):
        both.add(read(books.written()))
    assert (Counter({0: 5, 1: 1}), Counter({1: 4})) == (both.confirmed, both.received)
    assert ({"b": ((0, 1),)}, 2) == (both.doubts, both.counts["confirmed"])


def test_doubts_are_bounded() -> None:
    """What is more is counted, so that the audit fails instead of guessing."""
    books = Books()
    for number in range(DOUBTS_MAX + 2):
        books.asked_to_confirm(str(number), ((0, 1),))
    assert (DOUBTS_MAX, 2) == (len(books.doubts), books.counts["unsettled"])


def findings(
    closing: Units, *, sold: int = 0, received: int = 0, reserved_before: int = 0
) -> list[str]:
    """Audit one SKU that had 10 units free, and the drop that had none."""
    opening = Units([10 + reserved_before, 0], [reserved_before, 0], [0, 0])
    books = Books(confirmed=Counter({0: sold}), received=Counter({0: received}))
    return list(wrong_units(CATALOGUE, opening, closing, books))


def test_right_units_have_no_findings() -> None:
    """Sold, received and what was reserved before add up."""
    closing = Units([18, 0], [13, 0], [0, 0])
    assert [] == findings(closing, sold=8, received=3, reserved_before=5)


@pytest.mark.parametrize(
    ("closing", "sold", "found"),
    [
        (Units([10, 0], [11, 0], [1, 0]), 11, "OVERSOLD: 11 sold of 10 counted in"),
        (Units([10, 0], [11, 0], [0, 0]), 11, "OVERSOLD: 11 reserved of 10 on hand"),
        (Units([10, 0], [4, 0], [1, 0]), 4, "OVERSOLD: 4 reserved of 10 on hand"),
        (Units([10, 0], [3, 0], [0, 0]), 4, "3 reserved, by our books 4"),
        (Units([10, 0], [5, 0], [0, 0]), 4, "5 reserved, by our books 4"),
        (Units([9, 0], [4, 0], [0, 0]), 4, "9 on hand, by our books 10"),
    ],
)
def test_units_that_do_not_add_up_are_found(closing: Units, sold: int, found: str) -> None:
    """Each way to be wrong has its finding."""
    assert f"LOAD-000000: {found}" in findings(closing, sold=sold)
