"""sellable: how many of this SKU can this channel sell in this country right now."""

from __future__ import annotations

__version__ = "0.1.0"
