"""The demo: real orders of a real shop, replayed against everything this package can do."""

from __future__ import annotations
