"""The memory of an export does not depend on how much there is to export.

`SELLABLE_TEST_EXPORT_SKUS` (20,000) makes it larger: the bounds are those of 1,000,000.
"""

from __future__ import annotations

import asyncio
import csv
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from support.command import Command
from support.service import ServiceProcess
from support.stocking import count_all, store_at
from support.wait import eventually

if TYPE_CHECKING:
    from support.server import ValkeyProcess

SKUS: Final = int(os.environ.get("SELLABLE_TEST_EXPORT_SKUS", "20000"))
GROWTH_KIB_MAX: Final = 64 * 1024
NETWORK: Final = {
    "locations": [{"id": "DC", "type": "warehouse", "country": "FR"}],
    "markets": [
        {"channel": "web", "country": "FR", "locations": ["DC"]},
        {"channel": "app", "country": "FR", "locations": ["DC"]},
    ],
}

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
    pytest.mark.timeout(120 + SKUS // 1_000),
]


def peak_kib(pid: int) -> int:
    """Return the most memory that a process has had; 0 for one that has just ended."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next((line.split()[1] for line in lines if line.startswith("VmHWM")), "0"))


def exported(address: str, file: Path) -> int:
    """Export web/FR into a file by the command; return the most memory that the command had.

    Its resource usage would not do: that begins with the memory of the process that started it.
    """
    arguments = ("export-market", "web/FR", "--out", str(file), "--format", file.suffix[1:])
    process = Command(address).start(*arguments)
    peaks = [0]

    def ended() -> bool:
        peaks.append(peak_kib(process.pid))
        return process.poll() is not None

    eventually(ended, 60 + SKUS / 2_000)
    _, said = process.communicate()
    assert 0 == process.returncode, said
    return max(peaks)


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
async def test_memory_is_bounded_on_both_sides(
    valkey: ValkeyProcess, store_url: str, form: str, tmp_path: Path
) -> None:
    """Service and command need at most 64 MiB more for the whole market than for a tenth of 1 %."""
    async with store_at(store_url) as store, ServiceProcess(valkey.url) as served:
        await store.networks.apply(json.dumps(NETWORK))
        small, large = tmp_path / f"small.{form}", tmp_path / f"large.{form}"
        first = SKUS // 1_000
        await count_all(store, (f"S{at:07}" for at in range(first)), "DC", lambda at: at % 100)
        of_command = await asyncio.to_thread(exported, served.address, small)
        of_service = peak_kib(served.pid)
        await count_all(
            store, (f"S{at:07}" for at in range(first, SKUS)), "DC", lambda at: at % 100
        )
        peak = await asyncio.to_thread(exported, served.address, large)
        growth_of_command = peak - of_command
        growth_of_service = peak_kib(served.pid) - of_service
        assert SKUS == await asyncio.to_thread(row_count, large)
        assert growth_of_command < GROWTH_KIB_MAX
        assert growth_of_service < GROWTH_KIB_MAX


def row_count(file: Path) -> int:
    """Return how many SKUs a file holds, each counted once."""
    if file.suffix == ".parquet":
        from pyarrow import parquet  # noqa: PLC0415

        return len(set(parquet.read_table(file, columns=["sku"])["sku"].to_pylist()))
    with file.open(newline="") as stream:
        if file.suffix == ".csv":
            return len({row["sku"] for row in csv.DictReader(stream)})
        return len({json.loads(line)["sku"] for line in stream})
