"""A store for the workers of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.feed_rows import store_of_workers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sellable.store.store import Store


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """Give a store with a network, for workers that run beside the test."""
    async with store_of_workers(store_url) as opened:
        yield opened
