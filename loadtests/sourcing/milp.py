"""The same problems as a mixed-integer program, solved by HiGHS: a second opinion, and a rival."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import highspy
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sellable.sourcing.solver.problem import Problem

Row = dict[int, float]
COST_MAX = 1_000.0  # of one column, so that the tolerances of the solver mean something


@dataclass
class Model:
    """A program that grows by columns and rows, all columns whole numbers."""

    upper: list[float] = field(default_factory=list)
    costs: list[list[float]] = field(default_factory=list)
    rows: list[tuple[float, float, Row]] = field(default_factory=list)

    def column(self, upper: float, costs: list[float]) -> int:
        """Add a column from 0 to `upper`, with a cost a level."""
        self.upper.append(upper)
        self.costs.append(costs)
        return len(self.upper) - 1

    def row(self, low: float, high: float, row: Row) -> None:
        """Add a row."""
        self.rows.append((low, high, row))

    def least(self, level: int, limit_s: float) -> float | None:
        """Return the least cost of a level, None if there is no plan."""
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = len(self.upper), len(self.rows)
        program.col_cost_ = np.array([cost[level] for cost in self.costs])
        program.col_lower_ = np.zeros(len(self.upper))
        program.col_upper_ = np.array(self.upper)
        program.row_lower_ = np.array([row[0] for row in self.rows])
        program.row_upper_ = np.array([row[1] for row in self.rows])
        matrix = program.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kRowwise
        matrix.start_ = np.cumsum([0, *(len(row[2]) for row in self.rows)])
        matrix.index_ = np.array([at for row in self.rows for at in row[2]])
        matrix.value_ = np.array([value for row in self.rows for value in row[2].values()])
        program.integrality_ = [highspy.HighsVarType.kInteger] * len(self.upper)
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        options = {"output_flag": False, "threads": 1, "mip_rel_gap": 0.0, "time_limit": limit_s}
        for name, value in options.items():
            solver.setOptionValue(name, value)
        solver.passModel(program)
        solver.run()
        if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            return None
        return float(solver.getInfo().objective_function_value)


def best_by_milp(problem: Problem, limit_s: float) -> list[float] | None:
    """Return the least cost level by level, about; None if there is no plan."""
    largest = problem.mode_unit.max(axis=(0, 1), initial=1)
    largest = np.maximum(largest, problem.mode_fixed.max(axis=0, initial=1))
    scale = COST_MAX / np.maximum(largest, problem.unfilled_cost.max(axis=0))
    model = _model(problem, scale)
    found: list[float] = []
    for level in range(problem.unfilled_cost.shape[1]):
        least = model.least(level, limit_s)
        if least is None:
            return None
        found.append(least / float(scale[level]))
        held = {at: cost[level] for at, cost in enumerate(model.costs) if cost[level]}
        model.row(-np.inf, least + 1e-6, held)
    return found


def _model(problem: Problem, scale: NDArray[np.float64]) -> Model:
    """Return the program: binaries for modes, whole numbers for units of lines or for groups."""
    model = Model()
    uses = [model.column(1, (each * scale).tolist()) for each in problem.mode_fixed]
    grouped = {line for group in problem.together for line in group}
    parts = [{line: int(problem.demand[line]) for line in group} for group in problem.together]
    for line in sorted(set(range(len(problem.demand))) - grouped):
        parts += [{line: 1 if problem.split[line] else int(problem.demand[line])}]
    stock: defaultdict[tuple[int, int], Row] = defaultdict(dict)
    limit: defaultdict[int, Row] = defaultdict(dict)
    weight: defaultdict[int, Row] = defaultdict(dict)
    for part in parts:
        wanted = next(int(problem.demand[line]) // units for line, units in part.items())
        sent: Row = {}
        for mode, place in enumerate(problem.mode_location.tolist()):
            most = min(
                int(problem.stock[problem.sku_of[line], place]) // units
                for line, units in part.items()
            )
            if most < 1 or not all(problem.allowed[line, place] for line in part):
                continue
            most = min(most, wanted)
            cost = sum(problem.mode_unit[mode, line] * units for line, units in part.items())
            at = model.column(most, (cost * scale).tolist())
            sent[at] = 1.0
            model.row(-np.inf, 0.0, {at: 1.0, uses[mode]: -float(most)})
            weight[mode][at] = float(
                sum(problem.unit_grams[line] * units for line, units in part.items())
            )
            for line, units in part.items():
                sku = int(problem.sku_of[line])
                stock[sku, place][at] = stock[sku, place].get(at, 0.0) + units
                limit[sku][at] = limit[sku].get(at, 0.0) + units
        left = sum(problem.unfilled_cost[line] * units for line, units in part.items())
        if problem.partial:
            sent[model.column(wanted, (left * scale).tolist())] = 1.0
        model.row(wanted, wanted, sent)
    _bounds(model, problem, uses, stock, limit, weight)
    return model


def _bounds(
    model: Model,
    problem: Problem,
    uses: list[int],
    stock: dict[tuple[int, int], Row],
    limit: dict[int, Row],
    weight: dict[int, Row],
) -> None:
    """Add what couples: stock, limits, weight, one mode a location, parcels and locations."""
    for (sku, place), row in stock.items():
        model.row(-np.inf, float(problem.stock[sku, place]), row)
    for sku, row in limit.items():
        model.row(-np.inf, float(problem.sku_limit[sku]), row)
    for mode, use in enumerate(uses):
        grams = weight[mode]
        model.row(-np.inf, 0.0, {**grams, use: -float(problem.mode_grams_max[mode])})
        model.row(0.0, np.inf, {**grams, use: -float(problem.mode_grams_min[mode] + 1)})
        model.row(0.0, np.inf, {**dict.fromkeys(grams, 1.0), use: -1.0})
    for place in np.unique(problem.mode_location).tolist():
        modes = np.flatnonzero(problem.mode_location == place).tolist()
        model.row(-np.inf, 1.0, {uses[mode]: 1.0 for mode in modes})
    if problem.max_locations is not None:
        model.row(-np.inf, float(problem.max_locations), dict.fromkeys(uses, 1.0))
    if problem.max_parcels is not None:
        parcels = {use: float(problem.mode_parcels[mode]) for mode, use in enumerate(uses)}
        model.row(-np.inf, float(problem.max_parcels), parcels)
