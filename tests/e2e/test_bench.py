"""The harness of raw speed works; how fast anything is, is no test's business."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.sources import ROOT

NEEDED = Path("/usr/include/nghttp2/nghttp2.h")


@pytest.mark.skipif(
    not shutil.which("cc") or not shutil.which("taskset") or not NEEDED.exists(),
    reason="the client of the bench needs a C compiler, nghttp2 and taskset",
)
def test_a_short_bench_measures_and_draws(tmp_path: Path) -> None:
    """A little of each kind: rows with costs, ratios, a table and a picture."""
    options = "--rounds 1 --skus 2000 --reservations 200 --measure-ms 100 --only sellable,echo"
    ended = subprocess.run(
        [sys.executable, ROOT / "loadtests" / "bench.py", *options.split(), "--results", tmp_path],
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode in {0, 1}, ended.stderr  # 1: a ratio missed its bound
    told = json.loads((tmp_path / "bench.json").read_text())
    rows = {(row["server"], row["call"]): row["rounds"] for row in told["rows"]}
    assert 14 == len(rows)
    for rounds in rows.values():
        assert 1 == len(rounds)
        assert rounds[0]["calls_per_s"] > 0
        assert {"0"} == set(rounds[0]["statuses"])
    assert {"CheckSellable 20 / echo", "ReserveStock 1 / echo"} < {
        one["ratio"] for one in told["ratios"]
    }
    assert "| sellable |" in (tmp_path / "bench.md").read_text()
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")
