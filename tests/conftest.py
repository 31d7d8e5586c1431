"""Fixtures of every tier: one real server a session, clean before each test that asks for it."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from support.server import ValkeyProcess, server_binary

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_report_header() -> str:
    """Name the server that the tests run on."""
    answer = subprocess.run(
        [server_binary(), "--version"], check=True, capture_output=True, text=True
    )
    return f"store: {answer.stdout.strip()}"


@pytest.fixture(scope="session", autouse=True)
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have the processes of a run compile once, also where Python is told to keep nothing."""
    with pytest.MonkeyPatch.context() as patch:
        if os.environ.get("PYTHONDONTWRITEBYTECODE"):
            patch.delenv("PYTHONDONTWRITEBYTECODE")
            patch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path_factory.mktemp("compiled")))
        yield


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyProcess]:
    """One real server for the whole session; a test that kills it starts it again."""
    with ValkeyProcess() as process:
        yield process


@pytest.fixture
def store_url(valkey: ValkeyProcess) -> str:
    """Give the address of a store without data and without loaded scripts."""
    with valkey.client() as client:
        client.flushall()
        client.script_flush()
    return valkey.url
