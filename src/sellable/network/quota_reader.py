"""The schema of quotas: the most that markets may take in all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable import names
from sellable.limits import QUOTA_TARGETS_MAX, QUOTAS_MAX
from sellable.network.claims import Claims
from sellable.network.dating import read_window, window_is_right
from sellable.network.ranking import rule_items
from sellable.network.report import quoted
from sellable.network.selectors import item_classes, known_markets, skus
from sellable.network.shapes import quota_shape_is_right
from sellable.network.values import Market, Quota
from sellable.network.windows import ALWAYS, instants, span_shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sellable.network.entry import Entry
    from sellable.network.report import Report


class QuotaReader:
    """Reads the quotas of a document, and refuses two that count the same at the same time."""

    def __init__(self, report: Report, markets: Mapping[str, Market]) -> None:
        """Take the markets that quotas refer to."""
        self._report = report
        self._markets = markets
        self._claims: Claims[Quota] = Claims()
        self._by_name: dict[str, Quota] = {}
        self._target_count = 0

    def read(self, root: Entry) -> tuple[Quota, ...]:
        """Read every quota."""
        quotas = []
        for index, entry in enumerate(root.entries("quotas")):
            if index == QUOTAS_MAX:
                entry.refuse(f"more than {QUOTAS_MAX} quotas")
            quota = self._quota(entry)
            if quota is None:
                continue
            self._target_count += len(quota.markets) * len(rule_items(quota))
            if self._target_count > QUOTA_TARGETS_MAX:
                text = f"the quotas together have more than {QUOTA_TARGETS_MAX} counters"
                entry.refuse(f"{text} (SKUs or classes times markets)")
            places = (self._markets[market] for market in quota.markets)
            if quota.window is None or window_is_right(entry, quota.window, places):
                quotas.append(quota)
                self._refuse_overlap(entry, quota)
        return tuple(quotas)

    def _quota(self, entry: Entry) -> Quota | None:
        """Read one quota; None if it is too wrong to be compared with others."""
        window, is_window = read_window(entry)
        units = entry.whole("units", None)
        quota = Quota(
            name=entry.text("name", names.identifier_problem),
            markets=known_markets(entry, self._markets, self._report),
            skus=skus(entry, self._report),
            item_classes=item_classes(entry, self._report),
            units=units or 0,
            window=window,
            line=entry.mark.line,
        )
        if quota.name is not None:
            first = self._by_name.setdefault(quota.name, quota)
            if first is not quota:
                text = f"duplicate name {quoted(quota.name)}, first at line {first.line}"
                entry.problem("name", text)
        entry.finish()
        return quota if entry.readable and quota_shape_is_right(entry) and is_window else None

    def _refuse_overlap(self, entry: Entry, quota: Quota) -> None:
        refused: set[int] = set()  # one problem per other quota is enough
        for market in quota.markets:
            zone = self._markets[market].time_zone
            span = instants(quota.window, zone)
            for kind, item in rule_items(quota):
                clash = self._claims.claim((market, kind, item), span, quota)
                if clash is None or clash[0].line in refused:
                    continue
                other, overlap = clash
                refused.add(other.line)
                name = f" {quoted(other.name)}" if other.name else ""
                when = "" if overlap == ALWAYS else f" {span_shown(overlap, zone)}"
                text = f"both count {kind} {quoted(item)} in {market}{when}"
                entry.problem(None, f"overlaps the quota{name} at line {other.line}: {text}")
