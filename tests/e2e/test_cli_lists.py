"""Lists and master data of a running service: pages, sorting, rows from files, colours."""

from __future__ import annotations

import os
import pty
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from support.command import SCRIPT, Command, environment

if TYPE_CHECKING:
    from pathlib import Path

_END_S_MAX: Final = 30
COLOUR: Final = "\x1b[3"  # 31 to 37, after what else the style says


@pytest.fixture(scope="module")
def listed(sellable: Command) -> Command:
    """Count one SKU at every location, and hold some of it four times."""
    for location, quantity in (("DC-PARIS", "9"), ("STORE-LYON", "20"), ("DC-BERLIN", "3")):
        assert 0 == sellable("set", "L1", location, quantity).exit_code
    for name in ("list-c", "list-a", "list-d", "list-b"):
        assert 0 == sellable("reserve", "web/FR", "L1=1", "--id", name).exit_code
    return sellable


def test_positions_are_sorted_and_cut(listed: Command) -> None:
    """The first of all is the first, and the rest goes on with the token."""
    rows = listed.script("positions", "L1", "--sort", "-on-hand").rows
    assert ["STORE-LYON", "DC-PARIS", "DC-BERLIN"] == [row[0] for row in rows[1:]]
    page = listed("positions", "L1", "--sort", "on-hand", "--limit", "2", "--json").value
    assert ["DC-BERLIN", "DC-PARIS"] == [row["location"] for row in page["positions"]]
    assert ("L1", True) == (page["sku"], bool(page["revision"]))
    token = page["next_page_token"]
    arguments = ("positions", "L1", "--sort", "on-hand", "--page-token", token, "--json")
    assert ["STORE-LYON"] == [row["location"] for row in listed(*arguments).value["positions"]]


def test_markets_are_sorted(listed: Command) -> None:
    """Every market, the one that can sell most first; `check` sorts as well."""
    rows = listed("markets", "L1", "--sort", "-sellable").rows
    assert ["web/FR", "web/DE"] == [row[1] for row in rows[1:]]
    rows = listed("check", "web/FR", "L1", "nobody", "--sort", "sellable").rows
    assert ["nobody", "L1"] == [row[0] for row in rows[1:]]


def test_reservations_are_listed_whole(listed: Command) -> None:
    """Page by page each is there once; sorted they are in order, and the note of more is aside."""
    every = listed.script("reservations", "--sku", "L1", "--all", "--sort", "reservation", "--json")
    names = [row["reservation_id"] for row in every.value["reservations"]]
    assert ["list-a", "list-b", "list-c", "list-d"] == names
    assert "" == every.value["next_page_token"]
    some = listed("reservations", "--sku", "L1", "--limit", "3", "--sort", "-created")
    assert 4 == len(some.rows)
    assert some.err.startswith("there may be more: --page-token ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("positions L1 --sort onhand", "no column 'onhand': did you mean on-hand?"),
        ("positions L1 --page-token x", "'x' is of no such list"),
        ("positions L1 --limit 0", "--limit"),
        ("markets L1 --sort marked", "did you mean market?"),
        ("check web/FR L1 --sort -statos", "did you mean status?"),
        ("reservations --sku L1 --sort stat", "did you mean state?"),
        ("reservations --sku L1 --page-token x", "page_token"),
    ],
)
def test_a_list_that_cannot_be(listed: Command, arguments: str, said: str) -> None:
    """Exit 2, with what is allowed; JSON says the same."""
    ended = listed(*arguments.split())
    assert (2, "") == ended[:2]
    assert said in ended.err
    assert 2 == listed(*arguments.split(), "--json").error["exit_code"]


def on_a_terminal(sellable: Command, *arguments: str, **more: str) -> str:
    """Run a command on a terminal, and return what it wrote there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [SCRIPT, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env=environment({"SELLABLE_ADDRESS": sellable.address, "TERM": "xterm", **more}),
        start_new_session=True,
    )
    os.close(theirs)
    said = b""
    try:
        while chunk := _read(ours):
            said += chunk
        assert 0 == process.wait(_END_S_MAX)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return said.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other end was closed
        return b""


def test_colours_are_for_terminals(listed: Command) -> None:
    """A terminal gets them, one whose person wants none does not, nor does a pipe."""
    arguments = ("positions", "L1")
    assert COLOUR in on_a_terminal(listed, *arguments)
    assert COLOUR not in on_a_terminal(listed, *arguments, NO_COLOR="1")
    assert "\x1b" not in listed.script(*arguments).out


def test_a_narrow_terminal_is_not_overrun(listed: Command) -> None:
    """No line is wider than the terminal, and every number can still be read."""
    said = on_a_terminal(listed, "positions", "L1", NO_COLOR="1", COLUMNS="40", TERM="dumb")
    assert all(len(line) <= 40 for line in said.splitlines())
    assert ["on", "hand", "20"] in [line.split() for line in said.splitlines()]


@pytest.mark.parametrize(
    "arguments", ["positions L1", "positions L1 --json", "network show", "reservations --sku L1"]
)
def test_whoever_reads_may_stop(listed: Command, arguments: str) -> None:
    """`| head` ends a command without a complaint, whatever it writes."""
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [SCRIPT, *arguments.split()],
            stdin=subprocess.DEVNULL,
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=_END_S_MAX,
            env=environment({"SELLABLE_ADDRESS": listed.address}),
        )
    finally:
        os.close(write)
    assert 0 == done.returncode
    # Beside a document stands which version it is.
    assert done.stderr.startswith("version ") if arguments == "network show" else not done.stderr
    assert "Exception" not in done.stderr


def test_master_data_from_a_file(sellable: Command, tmp_path: Path) -> None:
    """Good rows are applied whatever the others are; each bad one is told by its line."""
    file = tmp_path / "items.csv"
    file.write_text(
        "sku,item_class,value,currency\nM1,lux,12.50,EUR\nM2,lux,x,EUR\nM3,,1,euro\nM4,,,\n"
    )
    put = sellable.script("items", "put", str(file))
    assert (1, "2 APPLIED, 2 REJECTED\n") == put[:2]
    amount, currency = put.err.splitlines()
    assert amount.startswith(f"{file}:3: M2: value: 'x' is not an amount")
    assert currency.startswith(f"{file}:4: M3: value.currency_code must be an ISO 4217 code")
    lines = '{"sku":"M1","item_class":"lux"}\n{"sku":"M5"}\n'
    value = sellable("items", "put", "-", "--json", stdin=lines).value
    assert (2, 0, []) == (value["applied_count"], value["rejected_count"], value["rejected"])
    value = sellable("items", "put", str(file), "--json").value
    assert [(3, "M2", "INVALID_FIELD"), (4, "M3", "INVALID_FIELD")] == [
        (row["line"], row["sku"], row["reason"]) for row in value["rejected"]
    ]


def test_a_large_file_goes_in_batches(sellable: Command, tmp_path: Path) -> None:
    """More rows than one call takes are many calls, and every row is counted."""
    file = tmp_path / "items.jsonl"
    when = "2026-01-01T00:00:00Z"
    file.write_text("".join(f'{{"sku":"B{n}","update_time":"{when}"}}\n' for n in range(2_500)))
    assert "2,500 APPLIED\n" == sellable("items", "put", str(file)).out
    assert "2,500 UNCHANGED\n" == sellable("items", "put", str(file)).out


def test_master_data_of_one_sku(sellable: Command) -> None:
    """A class takes effect, an older word is stale, and a wrong one is refused."""
    arguments = ("items", "set", "M9", "--class", "lux", "--value", "3", "--currency", "EUR")
    assert "M9  APPLIED\n" == sellable.script(*arguments).out
    old = sellable("items", "set", "M9", "--update-time", "2020-01-01T00:00:00Z", "--json")
    assert (1, "STALE") == (old.exit_code, old.value["outcome"])
    for wrong, said in {
        "--weight-grams=x": "weight_grams: 'x' is not a whole number",
        "--value=3": "value and currency go together",
        "--update-time=now": "update_time: 'now' is not a time with an offset",
        f"--class={'c' * 65}": "item_class must be",
        "--update-time=2999-01-01T00:00:00Z": "2999",
    }.items():
        refused = sellable("items", "set", "M9", wrong)
        assert (2 if "2999" not in said else 1, "") == refused[:2], refused.err
