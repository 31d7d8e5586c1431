"""The store: the only room that talks to Valkey or Redis."""

from __future__ import annotations
