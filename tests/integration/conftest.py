"""A service whose feeds are told, under the clock of the test."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from support.feeding import feeds_served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.service import Service


@pytest.fixture
def clock() -> list[int]:
    """Give the time of the test, in ms."""
    return [time.time_ns() // 1_000_000]


@pytest.fixture(params=["native", "grpcio"])
async def fed(
    request: pytest.FixtureRequest, store_url: str, clock: list[int]
) -> AsyncIterator[Service]:
    """Serve a store with two locations under the clock of the test."""
    async with feeds_served(store_url, request.param, clock) as started:
        yield started
