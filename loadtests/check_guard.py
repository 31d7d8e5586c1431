"""What stands before a handler, and what it costs: nothing, our guard, an interceptor.

    python loadtests/check_guard.py

Three do-nothing servers on the native transport, measured in turn (echo_server.py).
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from arrangement import HERE, free_port, require_tools
from check_sellable import Contender, measured

KINDS = ("bytes", "guarded", "intercepted")
ROUNDS, SECONDS = 5, 3
_ANSWER_BYTES = 80


def main() -> None:
    """Measure and print."""
    require_tools()
    rates: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for _ in range(ROUNDS):
        for kind in KINDS:
            port = free_port()
            program = HERE / "echo_server.py"
            command = (Path(sys.executable), program, str(port), str(_ANSWER_BYTES), kind)
            load = measured(Contender(kind, command, port, knows_stock=False), SECONDS)
            rates[kind].append(load.calls_per_s)
    medians = {kind: statistics.median(rates[kind]) for kind in KINDS}
    for kind, median in medians.items():
        cost_us = 1e6 / median - 1e6 / medians["bytes"]
        print(f"{kind:>12}: median {median:9,.0f} calls/s, {cost_us:+5.1f} us a call")


if __name__ == "__main__":
    main()
