"""`sellable ingest status` and `dead-letters`, as an operator types them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import signal
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from sellable.store.keys import Partition
from support.command import SCRIPT, Command, environment
from support.feeding import LARGER, NETWORK, fact, feed, refused
from support.service import ServiceProcess
from support.stocking import store_at
from support.wait import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sellable.store.letters import Row
    from support.server import ValkeyProcess

KEYS: Final = Partition("0")
_END_S_MAX: Final = 30


def feeds_are(url: str, rows: Sequence[Row], source: str = "wms") -> None:
    """Apply rows of a source, kept where they are refused."""

    async def apply() -> None:
        async with store_at(url) as store:
            await feed(store, rows, source=source)

    asyncio.run(apply())


@pytest.fixture
def fed(store_url: str) -> Iterator[Command]:
    """Run commands against a service that misses a source, with rows of another one."""
    process = ServiceProcess(store_url, feed_silent_after="missing=1h, wms=1h")
    with asyncio.Runner() as runner:
        runner.run(process.__aenter__())
        try:
            command = Command(process.address)
            assert 0 == command("network", "apply", "-", stdin=NETWORK).exit_code
            feeds_are(store_url, [fact("A", "DC", 5), fact("B", "NEW"), refused("A;DC")])
            yield command
        finally:
            runner.run(process.__aexit__(None, None, None))


def test_status_of_every_feed(fed: Command) -> None:
    """A row a source: its state in words, its rows by outcome, and what waits."""
    ended = fed.script("ingest", "status")
    assert 0 == ended.exit_code
    missing, wms = ended.rows[1:]
    assert ["missing", "silent:", "never", "heard", "0"] == missing[:5]
    assert ["wms", "ok", "3", "1", "0", "0", "0", "2", "0", "2", "0"] == wms[:11]
    value = fed("ingest", "status", "--json").value
    by_source = {each["source"]: each for each in value["feeds"]}
    assert ("SILENT", 0, None) == tuple(
        by_source["missing"][name] for name in ("state", "row_count", "last_row_time")
    )
    assert ("OK", 3, 2) == tuple(
        by_source["wms"][name] for name in ("state", "row_count", "dead_letter_count")
    )
    assert ["DC"] == [each["location"] for each in by_source["wms"]["locations"]]
    assert value["read_time"].endswith("Z")


def test_status_is_sorted_and_narrowed(fed: Command, store_url: str) -> None:
    """As every list; and the newest fact of each location where asked."""
    feeds_are(store_url, [fact("A", "SHOP", source="pos-1")], "pos-1")
    rows = fed("ingest", "status", "--sort", "-rows").rows
    assert ["wms", "pos-1", "missing"] == [row[0] for row in rows[1:]]
    rows = fed("ingest", "status", "--source", "pos-*").rows
    assert ["pos-1"] == [row[0] for row in rows[1:]]
    rows = fed("ingest", "status", "--locations", "--sort", "location").rows
    assert [["wms", "DC"], ["pos-1", "SHOP"]] == [row[:2] for row in rows[1:]]
    value = fed("ingest", "status", "--locations", "--json").value
    assert {"DC", "SHOP"} == {each["location"] for each in value["locations"]}


def test_check_is_for_scripts(fed: Command, valkey: ValkeyProcess) -> None:
    """Exit code 1 as long as a feed is silent, stuck or has dead letters; each is named."""
    ended = fed("ingest", "status", "--check")
    assert 1 == ended.exit_code
    assert ["missing is silent", "wms has 2 dead letters"] == ended.err.splitlines()
    with valkey.client() as client:
        client.xadd(KEYS.waiting("pos"), {"event": "{}"}, id="1700000000000-0")
    stuck = fed("ingest", "status", "--check", "--source", "pos")
    assert (1, ["pos is stuck"]) == (stuck.exit_code, stuck.err.splitlines())
    assert 0 == fed("ingest", "status", "--check", "--source", "nobody").exit_code


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("status --watch --check", "goes with --source only"),
        ("status --sort row", "did you mean rows?"),
        ("dead-letters list --sort tris", "did you mean tries?"),
        ("dead-letters list --page-token x", "page_token"),
        ("dead-letters list --source \x07", "source"),
        ("dead-letters show wms", "must be the id of a dead letter"),
        ("dead-letters retry", "which dead letters to retry? name them, or --source NAME with"),
        ("dead-letters drop --source wms", "which dead letters to drop?"),
        ("dead-letters drop --all", "which dead letters to drop?"),
        ("dead-letters drop wms/1-0 --source wms --all", "not both"),
        ("dead-letters drop wms/1-0 --reason TOO_OLD", "not both"),
        ("dead-letters retry wms/x", "must be the id of a dead letter"),
    ],
)
def test_what_cannot_be_asked(sellable: Command, arguments: str, said: str) -> None:
    """Exit 2, with what is allowed."""
    ended = sellable("ingest", *arguments.split(" "))
    assert (2, "") == ended[:2]
    assert said in ended.err


def test_letters_are_listed_and_shown(fed: Command) -> None:
    """The list says what each is about, and one letter all that is known of it."""
    rows = fed.script("ingest", "dead-letters", "list").rows
    assert 3 == len(rows)
    assert "B at NEW" in " ".join(rows[1])
    assert "INVALID_FIELD" in rows[2]
    page = fed("ingest", "dead-letters", "list", "--limit", "1", "--json").value
    (first,) = page["dead_letters"]
    assert "NEW" == first["payload"]["location"]
    token = page["next_page_token"]
    rest = fed("ingest", "dead-letters", "list", "--page-token", token, "--json").value
    assert ["A;DC"] == [each["payload"] for each in rest["dead_letters"]]
    some = fed("ingest", "dead-letters", "list", "--reason", "invalid-field", "--json").value
    assert rest["dead_letters"] == some["dead_letters"]
    shown = fed("ingest", "dead-letters", "show", first["dead_letter_id"])
    assert "UNKNOWN_LOCATION" in shown.out
    assert '  "location": "NEW",' in shown.out.splitlines()
    assert "tried once" in shown.out
    gone = fed("ingest", "dead-letters", "show", "wms/1-0", "--json")
    assert (1, "UNKNOWN_DEAD_LETTER") == (gone.exit_code, gone.error["reason"])


def test_letters_are_retried_and_dropped(fed: Command) -> None:
    """Once a location is known its rows are applied; the rest stays, is told why, and dropped."""
    refused_again = fed.script("ingest", "dead-letters", "retry", *ids(fed))
    assert (1, "2 REJECTED\n") == refused_again[:2]
    assert "UNKNOWN_LOCATION: location NEW is not known" in refused_again.err
    assert 0 == fed("network", "apply", "-", stdin=LARGER).exit_code
    of_source = ("--source", "wms", "--all")
    unasked = fed.script("ingest", "dead-letters", "retry", *of_source)
    assert (1, "") == unasked[:2]
    assert "--yes does it without asking" in unasked.err
    value = fed("ingest", "dead-letters", "retry", *of_source, "--yes", "--json").value
    assert (1, 1) == (value["applied_count"], value["rejected_count"])
    assert ["APPLIED", "REJECTED"] == [each["outcome"] for each in value["results"]]
    other = fed("ingest", "dead-letters", "drop", *of_source, "--yes", "--reason", "TOO_OLD")
    assert (0, "no such dead letters\n") == other[:2]
    dropped = fed("ingest", "dead-letters", "drop", *of_source, "--yes")
    assert (0, "1 DROPPED\n") == dropped[:2]
    assert [] == ids(fed)
    gone = fed.script("ingest", "dead-letters", "retry", "wms/1-0")
    assert (0, "1 UNCHANGED\n") == gone[:2]
    assert "wms/1-0: there is no such dead letter" in gone.err
    feeds = fed("ingest", "status", "--source", "wms", "--json").value["feeds"]
    assert [(3, 2, 1, 0)] == [
        tuple(each[f"{name}_count"] for name in ("row", "applied", "rejected", "dead_letter"))
        for each in feeds
    ]


def ids(fed: Command) -> list[str]:
    """Return the ids of all letters."""
    value = fed("ingest", "dead-letters", "list", "--all", "--json").value
    return [each["dead_letter_id"] for each in value["dead_letters"]]


class OnTerminal:
    """A command on a terminal: what it wrote so far, and keys that a person presses."""

    def __init__(self, fed: Command, *arguments: str) -> None:
        self.said = b""
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [SCRIPT, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment({"SELLABLE_ADDRESS": fed.address, "TERM": "xterm", "COLUMNS": "300"}),
            start_new_session=True,
        )
        os.close(theirs)
        os.set_blocking(self._ours, False)

    def says(self, words: bytes, times: int = 1) -> None:
        """Await that it wrote these words so often."""

        def written() -> bool:
            with contextlib.suppress(BlockingIOError, OSError):
                self.said += os.read(self._ours, 65_536)
            return self.said.count(words) >= times

        eventually(written, _END_S_MAX)

    def types(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._ours, keys)

    def ends(self) -> int:
        """Return its exit code, and close the terminal."""
        try:
            return self.process.wait(_END_S_MAX)
        finally:
            self.process.kill()
            self.process.wait()
            os.close(self._ours)


def test_watching_goes_on_until_ctrl_c(fed: Command, store_url: str) -> None:
    """The table is drawn anew in place with what came meanwhile, and Ctrl-C is no failure."""
    watched = OnTerminal(fed, "ingest", "status", "--watch")
    watched.says(b"rows/s", 2)
    assert b"\x1b[1A" in watched.said  # it goes up again to write over what it wrote
    feeds_are(store_url, [fact("A", "DC") for _ in range(1_000)])
    watched.says(b"1,003")
    watched.process.send_signal(signal.SIGINT)
    assert 0 == watched.ends()


def test_watching_into_a_pipe(fed: Command) -> None:
    """Whoever reads gets a table a second, and may stop."""
    process = fed.start("ingest", "status", "--watch")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(6)]
    assert 2 == sum(line.startswith("source") for line in lines)
    process.stdout.close()
    _, said = process.communicate(timeout=_END_S_MAX)
    assert (0, "") == (process.returncode, said)


def test_a_person_is_asked(fed: Command) -> None:
    """All letters of a source are dropped once somebody says yes, and not before."""
    for answer, code, left in ((b"n\n", 1, 2), (b"y\n", 0, 0)):
        asked = OnTerminal(fed, "ingest", "dead-letters", "drop", "--source", "wms", "--all")
        asked.says(b"drop all 2 dead letters of wms? [y/N]")
        asked.types(answer)
        assert code == asked.ends()
        assert left == len(ids(fed))
