"""The options of the load, on the command line and in the web page, and the plan they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from traffic.catalogue import Catalogue
from traffic.curves import CURVES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LOOPS: Final = ("open", "closed")


@dataclass(frozen=True)
class Option:
    """One number that can be chosen: its default, and the least and the most it can be."""

    default: float
    least: float
    most: float
    meaning: str


OPTIONS: Final[Mapping[str, Option]] = {
    "rate": Option(100.0, 0.1, 100_000, "arrivals/s of all clients together, at the curve's top"),
    "duration": Option(60.0, 1, 7 * 24 * 3600, "seconds that the curve takes; then the run ends"),
    "skus": Option(1_000, 200, 100_000, "SKUs of the catalogue"),
    "stock": Option(100, 0, 10**6, "free units of each SKU when the run begins"),
    "drop-stock": Option(500, 0, 10**6, "free units of the one SKU that everybody wants"),
    "zipf": Option(1.0, 0, 1.5, "exponent of popularity; 0: all SKUs alike"),
    "confirm": Option(0.7, 0, 1, "share of checkouts that become orders"),
    "release": Option(0.15, 0, 1, "share of checkouts that are given up; the others just expire"),
    "lost": Option(
        0.02, 0, 1, "share of reservations whose reply is lost, so that they are retried"
    ),
    "hold": Option(10.0, 1, 900, "seconds that a reservation is held"),
    "think": Option(1.0, 0, 60, "mean seconds from reservation to order"),
    "feed-rate": Option(100.0, 0, 10_000, "rows/s of the feed; 0: no feed"),
    "export-every": Option(10.0, 0, 3600, "seconds from one export to the next; 0: none"),
    "seed": Option(1, 0, 2**31, "of everything that is left to luck"),
}


@dataclass(frozen=True)
class Plan:
    """What was chosen.

    Attributes:
        slots: Clients of all processes together, beside feed and export, as the run began.
        run_id: Names the run; the process that conducts it makes it up.
    """

    curve: Callable[[float], float]
    open_loop: bool
    rate_per_s: float
    duration_s: float
    catalogue: Catalogue
    zipf: float
    confirm_share: float
    release_share: float
    lost_share: float
    hold_s: float
    think_s: float
    feed_rows_per_s: float
    export_every_s: float
    seed: int
    slots: int
    run_id: str


def add_arguments(parser: Any) -> None:
    """Tell Locust's parser of all options, and how many clients there are if nobody says.

    They are not put into a group: the web page would not show them.
    """
    parser.add_argument("--curve", choices=list(CURVES), default="constant", help="of the load")
    parser.add_argument(
        "--loop",
        choices=LOOPS,
        default="open",
        help="open: clients come when they come; closed: each waits for its answer first",
    )
    for name, option in OPTIONS.items():
        parser.add_argument(
            f"--{name}", type=type(option.default), default=option.default, help=option.meaning
        )
    parser.set_defaults(num_users=200, spawn_rate=100)


def plan_of(chosen: Any) -> Plan:
    """Make the plan of parsed options.

    Raises:
        ValueError: A number is out of its bounds, or a choice is none.
    """
    numbers = {name: getattr(chosen, name.replace("-", "_")) for name in OPTIONS}
    for name, option in OPTIONS.items():
        if not option.least <= numbers[name] <= option.most:
            raise ValueError(
                f"--{name} is {numbers[name]:g}: allowed is {option.least:g} to {option.most:g}"
            )
    for name, value, allowed in (("curve", chosen.curve, CURVES), ("loop", chosen.loop, LOOPS)):
        if value not in allowed:
            raise ValueError(f"--{name} is {value}: allowed is {', '.join(allowed)}")
    if numbers["confirm"] + numbers["release"] > 1:
        raise ValueError(
            "--confirm and --release are shares of the same checkouts: at most 1 together"
        )
    return Plan(
        curve=CURVES[chosen.curve],
        open_loop=chosen.loop == "open",
        rate_per_s=numbers["rate"],
        duration_s=numbers["duration"],
        catalogue=Catalogue(numbers["skus"], numbers["stock"], numbers["drop-stock"]),
        zipf=numbers["zipf"],
        confirm_share=numbers["confirm"],
        release_share=numbers["release"],
        lost_share=numbers["lost"],
        hold_s=numbers["hold"],
        think_s=numbers["think"],
        feed_rows_per_s=numbers["feed-rate"],
        export_every_s=numbers["export-every"],
        seed=numbers["seed"],
        slots=max(1, getattr(chosen, "slots", 1)),
        run_id=getattr(chosen, "run_id", ""),
    )
