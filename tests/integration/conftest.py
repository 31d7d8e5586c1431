"""Services under the clock of the test: one whose feeds are told, one with orders at risk."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from support.feeding import feeds_served
from support.service import service
from support.sourcing import network

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


@pytest.fixture
def risk_ms() -> list[int]:
    """Give the time of a test of orders at risk, in ms."""
    return [time.time_ns() // 1_000_000]


@pytest.fixture
async def risky(store_url: str, risk_ms: list[int]) -> AsyncIterator[Service]:
    """Serve a store whose nearest location has 3 of A and the others none."""
    async with service(store_url, now_ms=risk_ms) as one:
        await one.client.apply_network(network(split_lines=True))
        await one.client.count("A", "NEAR", 3)
        yield one
