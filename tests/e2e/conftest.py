"""One running service for every test of the command line."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from support.command import Command
from support.service import ServiceProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

NETWORK = """
locations:
  - {id: DC-PARIS, type: warehouse, country: FR}
  - {id: STORE-LYON, type: store, country: FR}
  - {id: DC-BERLIN, type: warehouse, country: DE}
markets:
  - {channel: web, country: FR, locations: [DC-PARIS, STORE-LYON], low_stock_threshold: 5,
     backorder_horizon: 30d}
  - {channel: web, country: DE, locations: [DC-BERLIN], protection_buffer: 1}
"""


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """Serve an embedded store in a process, without a network."""
    service = ServiceProcess(data=tmp_path_factory.mktemp("cli") / "data")
    with asyncio.Runner() as runner:
        runner.run(service.__aenter__())
        try:
            yield service
        finally:
            runner.run(service.__aexit__(None, None, None))


@pytest.fixture(scope="session")
def sellable(served: ServiceProcess) -> Command:
    """Run `sellable` against a service with a network; each test takes SKUs of its own."""
    command = Command(served.address)
    applied = command("network", "apply", "-", stdin=NETWORK)
    assert applied.exit_code == 0, applied.err
    return command
