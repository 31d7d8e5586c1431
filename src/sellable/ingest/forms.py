"""The formats of files that are read."""

from __future__ import annotations

from enum import StrEnum


class Form(StrEnum):
    """What kind of file; AUTO finds out."""

    AUTO = "auto"
    CSV = "csv"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"
    X12 = "x12"
    EDIFACT = "edifact"
