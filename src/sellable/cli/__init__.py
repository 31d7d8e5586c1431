"""The command line: `sellable`. Each command is thin: read arguments, call, print."""

from __future__ import annotations

from sellable.cli.app import main

__all__ = ["main"]
