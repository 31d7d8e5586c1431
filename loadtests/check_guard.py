"""What stands before a handler, and what it costs: nothing, our guard, an interceptor.

    python loadtests/check_guard.py

Three do-nothing servers on the native transport, measured in turn (echo_server.py).
"""

from __future__ import annotations

import os
import statistics
import tempfile
from pathlib import Path

from arrangement import require_tools, server
from speed.client import Client, Pressure
from speed.contenders import echo
from speed.questions import at_echo, check

KINDS = ("bytes", "guarded", "intercepted")
ROUNDS = 5
_ANSWER_BYTES = 80


def main() -> None:
    """Measure and print."""
    require_tools()
    question = at_echo(check("CheckSellable", 10_000, 20), _ANSWER_BYTES)
    costs: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory(prefix="sellable-guard-") as folder:
        client = Client(Path(folder))
        for _ in range(ROUNDS):
            for kind in KINDS:
                contender = echo("native", _ANSWER_BYTES, kind=kind)
                with server(contender.port, *contender.command) as child:
                    load = client.measure(
                        contender.port,
                        question,
                        Pressure(),
                        server_pids=[child.pid],
                        store_pid=os.getpid(),  # there is none
                    )
                costs[kind].append(load.server_us)
    bare = statistics.median(costs["bytes"])
    for kind in KINDS:
        cost = statistics.median(costs[kind])
        print(f"{kind:>12}: median {cost:5.1f} us a call, {cost - bare:+5.1f} us")


if __name__ == "__main__":
    main()
