"""The command line: `sellable`. Each command is thin: read arguments, call, print."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and end the process."""
    try:
        # Here, so that Ctrl-C while half a second of modules loads is no traceback either.
        from sellable.cli.app import run  # noqa: PLC0415

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted\n")
        code = 130
    sys.exit(code)
