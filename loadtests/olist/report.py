"""Tables of the study: means and ranges over the seeds, differences, and the article's figures."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, Final

from olist.run import BASE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from olist.run import Basis

    Found = Mapping[str, Mapping[str, float]]  # of one seed: by rule and figure

# What an article reports of one retailer, in per cent.
REPORTED: Final = {
    "delivery days": -33.0,
    "split orders %": -50.0,
    "short shipments %": -93.0,
}
_SENSITIVE: Final = (
    "km a shipment",
    "delivery days",
    "split orders %",
    "short shipments %",
    "short picks %",
    "freight BRL an order",
)


def basis_lines(basis: Basis, order_count: int, split_count: int) -> Iterable[str]:
    """Say what the study stands on."""
    olist = basis.olist
    yield "dropped: " + ", ".join(f"{what} {n}" for what, n in sorted(olist.dropped.items()))
    yield (
        f"orders: {order_count:,}, of several products {split_count:,} "
        f"({100 * split_count / order_count:.1f} %)"
    )
    for name, quality, unit in (
        ("freight", basis.freight.quality, "BRL"),
        ("transit", basis.transit.quality, "days"),
    ):
        yield (
            f"{name}: fitted on {quality.sample:,}, R2 {quality.r2:.2f}, residual mean "
            f"{quality.mean_error:.2f} {unit}, median {quality.median_error:.2f} {unit}"
        )
    yield (
        f"transit = {basis.transit.start:.2f} + {basis.transit.slope:.4f} * sqrt(km) days; "
        f"handling {basis.handling_days:.2f} days"
    )
    for up_to, (parcel, per_kg, per_km) in zip(
        ("0.5", "1", "2", "5", "10", "50"), basis.freight.tiers, strict=True
    ):
        yield f"  up to {up_to:>3} kg: {parcel:6.2f} + {per_kg:5.2f} a kg + {per_km:.5f} a km"


def figures_table(found: Sequence[Found]) -> Iterable[str]:
    """Give a row a figure: by rule its mean over the seeds, and the range."""
    rules = list(found[0])
    yield "| mean (range over the seeds) | " + " | ".join(rules) + " |"
    yield "|---|" + "--:|" * len(rules)
    for figure in found[0][BASE]:
        cells = [_told([one[rule][figure] for one in found], ".2f") for rule in rules]
        yield f"| {figure} | {' | '.join(cells)} |"


def changes_table(found: Sequence[Found]) -> Iterable[str]:
    """Give a row a figure: by rule its difference to the base of the same seed, in per cent."""
    rules = [rule for rule in found[0] if rule != BASE]
    yield f"| % to {BASE}, mean (range) | " + " | ".join(rules) + " |"
    yield "|---|" + "--:|" * len(rules)
    for figure in found[0][BASE]:
        cells = [_told(_changes(found, rule, figure), "+.1f") for rule in rules]
        if any(cells):
            yield f"| {figure} | {' | '.join(cells)} |"


def reported_table(found: Sequence[Found]) -> Iterable[str]:
    """Say by rule in how many seeds the article's figures are reached."""
    rules = [rule for rule in found[0] if rule != BASE]
    yield "| the article reports | " + " | ".join(rules) + " |"
    yield "|---|" + "---|" * len(rules)
    for figure, reported in REPORTED.items():
        cells = []
        for rule in rules:
            changes = _changes(found, rule, figure)
            count = sum(change <= reported for change in changes)
            cells.append(f"reached in {count} of {len(changes)}" if count else "not reached")
        yield f"| {figure} {reported:+.0f} % | {' | '.join(cells)} |"


def sensitivity_header() -> Iterable[str]:
    """Begin the table of differences under other parameters."""
    yield "| parameter | " + " | ".join(_SENSITIVE) + " |"
    yield "|---|" + "--:|" * len(_SENSITIVE)


def sensitivity_row(name: str, rule: str, found: Sequence[Found]) -> str:
    """Give the mean figures of the base, and the mean difference of a rule to it."""
    cells = []
    for figure in _SENSITIVE:
        base = fmean(one[BASE][figure] for one in found)
        changes = _changes(found, rule, figure)
        cells.append(f"{base:.2f}: {fmean(changes):+.1f} %" if changes else f"{base:.2f}: -")
    return f"| {name} | {' | '.join(cells)} |"


def _changes(found: Sequence[Found], rule: str, figure: str) -> list[float]:
    """Return the difference to the base of the same seed, in per cent; none where that is 0."""
    return [100 * (one[rule][figure] / one[BASE][figure] - 1) for one in found if one[BASE][figure]]


def _told(values: Sequence[float], form: str) -> str:
    if not values:
        return ""
    return f"{fmean(values):{form}} ({min(values):{form}} to {max(values):{form}})"
