"""50,000 holds of one SKU fall due in the same millisecond, and nobody waits for it."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Final

from sellable.limits import RETENTION_MS_DEFAULT
from sellable.reservation import Line, ReserveRequest
from sellable.stock import Fact, FactKind
from sellable.store.connection import Connection
from sellable.store.runner import Retention
from sellable.store.store import Store
from sellable.store.wire import WireLimits
from support.arena import FR, MARKETPLACE, bought, network
from support.client import Client, Want
from support.engine_time import EngineTime
from support.service import service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.server import ValkeyProcess

HOLDS: Final = int(os.environ.get("SELLABLE_TEST_HOLDS", "50000"))
SKU: Final = "DROP"
START_MS: Final = 1_900_000_000_000
TTL_MS: Final = 60_000
SCRIPT_MS_MAX: Final = 5.0
READ_S_MAX: Final = 1.0
_HOLDS_AT_ONCE: Final = 250
_SCRIPTS_MEASURED: Final = 200
