"""How the service logs: one structured event per outcome, on standard error."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Literal

import orjson
import structlog

if TYPE_CHECKING:
    from structlog.typing import Processor


def configure_logs(
    *,
    level: Literal["debug", "info", "warning", "error"],
    form: Literal["auto", "text", "json"],
) -> None:
    """Log from this level on; `auto` writes text to a terminal and JSON otherwise."""
    text = form == "text" or (form == "auto" and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    writers: list[Processor] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
        if text
        else [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_json),
        ]
    )
    structlog.configure(
        processors=[*shared, *writers],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Writes a line at once, where `print` may write its end later: workers share the stream.
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries that log by the standard module are heard when something is wrong.
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")


def _json(event: object, **_: object) -> str:
    return orjson.dumps(event, default=repr).decode()
