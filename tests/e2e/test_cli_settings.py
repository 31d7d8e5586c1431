"""Settings from the command line: what is in force, and every mistake before anything starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable.settings import TABLE
from support.command import Command
from support.service import ServiceProcess

if TYPE_CHECKING:
    from pathlib import Path

SELLABLE: Final = Command("")
WRONG: Final = "listn: h:1\nttl_ms_min: soon\nstore: http://:hidden@h\n"


def test_what_is_in_force_and_from_where(tmp_path: Path) -> None:
    """Every setting is a row; a password is none of them."""
    file = tmp_path / "sellable.yaml"
    file.write_text("listen: 0.0.0.0:1\nstore: redis://me:hidden@stock:6379\n")
    arguments = ("check-config", "--config", str(file), "--log-level", "debug")
    told = SELLABLE.script(*arguments)
    assert 0 == told.exit_code, told.err
    assert ["setting", "value", "from", "meaning"] == told.rows[0]
    rows = {row[0]: row[1:3] for row in told.rows[1:]}
    assert set(TABLE) == set(rows)
    assert [["0.0.0.0:1", f"{file}:1:1"], ["redis://***@stock:6379", f"{file}:2:1"]] == [
        rows["listen"],
        rows["store"],
    ]
    assert [["debug", "--log-level"], ["auto", "default"]] == [rows["log_level"], rows["transport"]]
    value = SELLABLE(*arguments, "--json").value
    listen, *_ = value["settings"]
    assert {
        "name": "listen",
        "value": "0.0.0.0:1",
        "from": f"{file}:1:1",
        "meaning": TABLE["listen"].meaning,
    } == listen
    assert "hidden" not in told.out + str(value)


def test_every_mistake_has_its_place(tmp_path: Path) -> None:
    """File, environment and flag are told together, with exit code 2; `serve` says the same."""
    file = tmp_path / "sellable.yaml"
    file.write_text(WRONG)
    command = Command("", SELLABLE_READ_QUEUE_MAX="0")
    arguments = ("--config", str(file), "--transport", "pigeon", "--partitions", "2")
    refused = command("check-config", *arguments)
    assert (2, "") == refused[:2]
    assert refused.err.splitlines() == [
        "error: the settings are not valid",
        f"  {file}:1:1: listn is not a setting: did you mean listen?",
        "  --transport: 'pigeon' is not auto, native or grpcio",
        f"  {file}:3:1: store must be {TABLE['store'].meaning}",
        "  SELLABLE_READ_QUEUE_MAX: '0' is not a whole number from 1 to 1000000",
        f"  {file}:2:1: ttl_ms_min 'soon' is not a whole number from 1000 to 604800000",
        "  partitions is 2: more than 1 comes with the cluster (partitions from --partitions)",
    ]
    assert refused == command("serve", *arguments)
    error = command("check-config", *arguments, "--json").error
    assert (2, "SETTINGS", 6) == (error["exit_code"], error["reason"], len(error["problems"]))


async def test_a_service_takes_its_settings_from_a_file(tmp_path: Path) -> None:
    """The file that the environment names counts, below the environment itself."""
    file = tmp_path / "sellable.yaml"
    file.write_text("transport: grpcio\nhealth_interval_ms: 60000\n")
    async with ServiceProcess(data=tmp_path / "data", config=file) as service:
        (serving,) = [entry for entry in service.log if entry["event"] == "serving"]
    assert "grpcio" == serving["transport"]
