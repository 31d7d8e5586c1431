"""Logs: one event a line, on standard error, readable by machines where nobody looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest
import structlog

from sellable.logs import configure_logs

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def fresh_logs() -> Iterator[None]:
    """Leave the logs of the other tests as they are."""
    yield
    structlog.reset_defaults()


def test_json_has_the_event_its_data_and_the_fault(capsys: pytest.CaptureFixture[str]) -> None:
    """One line of JSON an event, with the traceback of an error."""
    configure_logs(level="info", form="auto")
    log = structlog.get_logger("test")
    log.debug("unsaid")
    log.error("call_failed", request_id="r", exc_info=ValueError("broken"))
    output = capsys.readouterr()
    (line,) = output.err.splitlines()
    entry = orjson.loads(line)
    assert (
        entry["event"],
        entry["level"],
        entry["request_id"],
        output.out,
    ) == ("call_failed", "error", "r", "")
    assert "ValueError: broken" in entry["exception"]


def test_text_is_one_line_for_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    """Text names the event and its data."""
    configure_logs(level="warning", form="text")
    log = structlog.get_logger("test")
    log.info("unsaid")
    log.warning("stopped_at_once", signal="SIGINT")
    (line,) = capsys.readouterr().err.splitlines()
    assert "stopped_at_once" in line
    assert "signal=SIGINT" in line
