"""How fast the solver of sourcing answers, how often it proves the optimum, and its gaps.

    taskset -c 1 python loadtests/sourcing_speed.py --rounds 200 --seed 1

Each row is one kind of instance (loadtests/sourcing/instances.py), solved once a seed, warm, with
the limit that orders have by default. `cpu` is the processor's time; with --cpu it alone counts,
also for the limit: that is right where other programs have a share of the core. `bound` is what the
99th percentile must keep. Ends with 1 if a bound is missed. With --milp HiGHS solves the same as a
mixed-integer program, without a limit, for comparison.
"""

from __future__ import annotations

import argparse
import gc
import sys
from dataclasses import dataclass
from itertools import product
from time import perf_counter, process_time
from typing import TYPE_CHECKING

import numpy as np

from sellable.sourcing.solver import deadline
from sellable.sourcing.solver.solve import solve
from sourcing.instances import Kind, draw
from sourcing.milp import best_by_milp

if TYPE_CHECKING:
    from sellable.sourcing.solver.problem import Problem

LIMIT_S = 0.2
WHOLE_MS = {(3, 50): 2.0, (10, 50): 12.0, (12, 500): 60.0}
SPLIT_MS = {(3, 50): 15.0, (10, 50): 100.0, (12, 500): None}
GAP_MAX = 0.01
GAP_SHARE = 0.99  # of the instances whose gap is at most that
PROVEN_SHARE = 0.90


@dataclass(frozen=True)
class Row:
    """What was measured of one kind."""

    kind: Kind
    bound_ms: float | None
    took_ms: list[float]
    cpu_ms: list[float]
    proven: list[bool]
    gaps: list[float]

    def met(self) -> bool:
        """Return whether the kind keeps what it must."""
        if self.bound_ms is not None and np.percentile(self.took_ms, 99) > self.bound_ms:
            return False
        if not self.kind.split:
            return all(self.proven)
        if self.bound_ms is not None:
            return True
        near = np.mean(np.array(self.gaps) <= GAP_MAX)
        return bool(near >= GAP_SHARE and np.mean(self.proven) >= PROVEN_SHARE)

    def line(self) -> str:
        """Return the row as it is printed."""
        kind = self.kind
        name = "split" if kind.split else "whole"
        levels = "levels" if kind.lexicographic else "weighted"
        p50, p90, p99 = np.percentile(self.took_ms, (50, 90, 99))
        gap90, gap99 = np.percentile(self.gaps, (90, 99))
        bound = f"{self.bound_ms:g}" if self.bound_ms is not None else "-"
        cpu = np.percentile(self.cpu_ms, 99)
        return (
            f"{name:6}{levels:9}{kind.lines:3} x {kind.locations:<4}{kind.share:5.0%}"
            f"{p50:9.2f}{p90:9.2f}{p99:9.2f}{max(self.took_ms):9.2f}{bound:>7}{cpu:9.2f}"
            f"{np.mean(self.proven):9.1%}{gap90:9.3%}{gap99:9.3%}  {'' if self.met() else 'MISSED'}"
        )


def by_milp(problem: Problem) -> tuple[bool, float]:
    """Solve by HiGHS; it always proves its answer here."""
    assert best_by_milp(problem, 3_600) is not None
    return True, 0.0


def by_solver(problem: Problem) -> tuple[bool, float]:
    """Solve as orders are; return whether it is proven, and the gap."""
    plan = solve(problem, limit_s=LIMIT_S)
    assert plan is not None
    return plan.optimal, plan.gap


def measure(kind: Kind, bound_ms: float | None, seeds: range, chosen: argparse.Namespace) -> Row:
    """Solve one problem a seed."""
    answer = by_milp if chosen.milp else by_solver
    row = Row(kind, bound_ms, [], [], [], [])
    for seed in (seeds[0], seeds[0], *seeds):
        problem = draw(kind, seed)
        gc.collect()
        began, cpu = perf_counter(), process_time()
        proven, gap = answer(problem)
        row.took_ms.append((perf_counter() - began) * 1_000)
        row.cpu_ms.append((process_time() - cpu) * 1_000)
        row.proven.append(proven)
        row.gaps.append(gap)
    took_ms = row.cpu_ms if chosen.cpu else row.took_ms
    return Row(kind, bound_ms, took_ms[2:], row.cpu_ms[2:], row.proven[2:], row.gaps[2:])


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=200, help="instances of each kind")
    parser.add_argument("--seed", type=int, default=1, help="of the first instance")
    parser.add_argument("--only", choices=("whole", "split"), help="one half of the table")
    parser.add_argument("--cpu", action="store_true", help="count the processor's time alone")
    parser.add_argument("--milp", action="store_true", help="let HiGHS solve it all")
    chosen = parser.parse_args()
    if chosen.cpu:
        deadline.clock_s = process_time
    seeds = range(chosen.seed, chosen.seed + chosen.rounds)
    print(f"{chosen.rounds} instances a row from seed {chosen.seed}, limit {LIMIT_S * 1_000:g} ms")
    print(
        f"{'lines':6}{'costs':9}{'size':10}{'stock':>5}{'p50 ms':>9}{'p90 ms':>9}{'p99 ms':>9}"
        f"{'max ms':>9}{'bound':>7}{'cpu p99':>9}{'proven':>9}{'gap p90':>9}{'gap p99':>9}"
    )
    met = True
    for split in (False, True):
        if chosen.only and split != (chosen.only == "split"):
            continue
        bounds = SPLIT_MS if split else WHOLE_MS
        for (n, places), share, levels in product(bounds, (0.1, 0.3), (False, True)):
            kind = Kind(n, places, share, split=split, lexicographic=levels)
            row = measure(kind, bounds[n, places], seeds, chosen)
            print(row.line(), flush=True)
            met = met and row.met()
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
