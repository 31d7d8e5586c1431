"""The network in time, from the command line: versions, differences, the way back, what if."""

from __future__ import annotations

import asyncio
import os
import pty
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from support.command import SCRIPT, Command, environment
from support.service import ServiceProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST: Final = """locations:
  - {id: DC-PARIS, type: warehouse, country: FR}
  - {id: STORE-LYON, type: store, country: FR}
markets:
  - {channel: web, country: FR, locations: [DC-PARIS, STORE-LYON]}
"""
SECOND: Final = FIRST.replace("STORE-LYON]}", "STORE-LYON], protection_buffer: 3}")
# Without Lyon, so that the way back has to bring it back.
THIRD: Final = SECOND.replace("  - {id: STORE-LYON, type: store, country: FR}\n", "").replace(
    ", STORE-LYON]", "]"
)
_END_S_MAX: Final = 30


@pytest.fixture(scope="module")
def sellable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """Run `sellable` against a service of its own, whose network has three versions."""
    service = ServiceProcess(data=tmp_path_factory.mktemp("network") / "data")
    with asyncio.Runner() as runner:
        runner.run(service.__aenter__())
        try:
            command = Command(service.address)
            for document, why in ((FIRST, "open"), (SECOND, "keep three"), (THIRD, "")):
                made = command(
                    "network", "apply", "-", "--author", "ana", "--comment", why, stdin=document
                )
                assert made.exit_code == 0, made.err
            yield command
        finally:
            runner.run(service.__aexit__(None, None, None))


def in_force(sellable: Command) -> int:
    """Return the version in force."""
    version: int = sellable("network", "show", "--json").value["version"]
    return version


def test_versions_are_listed_newest_first(sellable: Command) -> None:
    """Each with when, who and why; pages and sorting as in every list."""
    value = sellable.script("network", "versions", "--limit", "2", "--json").value
    assert [(3, "ana", ""), (2, "ana", "keep three")] == [
        (one["version"], one["author"], one["comment"]) for one in value["versions"]
    ]
    token = value["next_page_token"]
    rest = sellable("network", "versions", "--page-token", token, "--json").value
    assert [1] == [one["version"] for one in rest["versions"]]
    assert "" == rest["next_page_token"]
    rows = sellable("network", "versions", "--sort", "version", "--all").rows
    assert ["version", "applied", "author", "comment"] == rows[0]
    assert ["1", "2", "3"] == [row[0] for row in rows[1:]]


def test_an_earlier_document_is_shown_to_the_letter(sellable: Command) -> None:
    """On standard output is what was applied; who and why stand beside it."""
    shown = sellable.script("network", "show", "2")
    assert (0, SECOND) == shown[:2]
    assert shown.err.startswith("version 2, applied 20")
    assert shown.err.endswith("Z by ana: keep three\n")
    value = sellable("network", "show", "1", "--json").value
    assert (1, "ana", "open", FIRST) == (
        value["version"],
        value["author"],
        value["comment"],
        value["document"],
    )
    assert 1 == sellable("network", "show", "77").exit_code


def test_differences_of_versions(sellable: Command) -> None:
    """In the words of the network, or line by line; without a second one that in force counts."""
    changed = "~ market web/FR: protection_buffer 0 -> 3\n"
    assert (0, changed, "") == sellable("network", "diff", "1", "2")
    assert [
        "location STORE-LYON: removed",
        "market web/FR: locations -STORE-LYON",
    ] == sellable("network", "diff", "2", "3", "--json").value["changes"]
    lines = sellable("network", "diff", "1", "2", "--text").out.splitlines()
    assert ["--- version 1", "+++ version 2"] == lines[:2]
    assert (
        "+  - {channel: web, country: FR, locations: [DC-PARIS, STORE-LYON], protection_buffer: 3}"
        in lines
    )
    assert "version 2 and version 2 mean the same\n" == sellable("network", "diff", "2", "2").out
    value = sellable("network", "diff", "1", "--json").value
    assert (1, in_force(sellable)) == (value["from_version"], value["to_version"])


def test_what_if_counts_without_changing(sellable: Command) -> None:
    """SKUs that would leave and units that would go, per market and in all."""
    for sku, quantity in (("W1", "2"), ("W2", "10")):
        assert 0 == sellable("set", sku, "DC-PARIS", quantity).exit_code
    version = in_force(sellable)
    tried = FIRST.replace("STORE-LYON]}", "STORE-LYON], protection_buffer: 4}")
    value = sellable("network", "whatif", "-", "--json", stdin=tried).value
    # In force are three units kept: W1 sells none, W2 seven.
    counts = {
        "entering_sku_count": 0,
        "leaving_sku_count": 0,
        "changed_sku_count": 1,
        "added_quantity": 0,
        "removed_quantity": 1,
    }
    assert [{"channel": "web", "country": "FR", **counts}] == value["markets"]
    assert counts == value["totals"]
    assert (version, 2) == (value["version"], value["checked_sku_count"])
    told = sellable.script("network", "whatif", "-", stdin=FIRST)
    assert ["web/FR", "1", "0", "2", "5", "0"] in told.rows
    assert ["all", "markets", "1", "0", "2", "5", "0"] in told.rows
    assert (
        f"2 SKUs compared with version {version}: numbers of 1 market would change"
        == told.out.splitlines()[-1]
    )
    same = sellable("network", "whatif", "-", stdin=sellable("network", "show").out)
    assert same.out.endswith("no number would change\n")
    assert version == in_force(sellable)


def test_the_way_back(sellable: Command) -> None:
    """A dry run tells, a lost location is refused with its line, and brought back if asked."""
    version = in_force(sellable)
    refused = sellable("network", "restore", "1")
    assert (2, "") == refused[:2]
    assert "version 1:3:" in refused.err
    assert "hint: --bring-back-locations takes locations that are gone in again" in refused.err
    back = ("network", "restore", "1", "--bring-back-locations")
    tried = sellable(*back, "--dry-run")
    assert "+ location STORE-LYON: added" in tried.out.splitlines()
    assert tried.out.endswith(f"dry run: version {version} stays in force\n")
    conflict = sellable(*back, "--expected-version", "1", "--json").error
    assert "NETWORK_VERSION_CONFLICT" == conflict["reason"]
    assert version == in_force(sellable)
    value = sellable.script(*back, "--json", "--author", "eve").value
    assert (version + 1, 1, False) == (
        value["version"],
        value["restored_version"],
        value["dry_run"],
    )
    shown = sellable("network", "show", "--json").value
    assert (FIRST, "eve", "restored from version 1") == (
        shown["document"],
        shown["author"],
        shown["comment"],
    )
    again = sellable("network", "restore", "1")
    assert (0, f"version 1 means the same: version {version + 1} stays in force\n") == again[:2]


@contextmanager
def asked(sellable: Command) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Restore version 2 as a person does; yield the process that asks, and its terminal."""
    now = FIRST.replace("STORE-LYON]}", "STORE-LYON], protection_buffer: 9}")
    assert 0 == sellable("network", "apply", "-", stdin=now).exit_code
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [SCRIPT, "network", "restore", "2"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment({"SELLABLE_ADDRESS": sellable.address}),
        start_new_session=True,
    )
    os.close(theirs)
    try:
        assert process.stderr is not None
        said = b""
        while b"restore version 2?" not in said:
            read = os.read(process.stderr.fileno(), 4096)
            assert read, said
            said += read
        assert b"~ market web/FR: protection_buffer 9 -> 3" in said
        yield process, ours
    finally:
        process.kill()
        process.communicate()
        os.close(ours)


@pytest.mark.parametrize(
    ("answer", "exit_code", "more"), [("n", 1, 0), ("y", 0, 1), ("\x04", 130, 0)]
)
def test_a_person_is_asked_first(sellable: Command, answer: str, exit_code: int, more: int) -> None:
    """On a terminal the difference is shown, and only a yes restores."""
    with asked(sellable) as (process, terminal):
        before = in_force(sellable)
        os.write(terminal, f"{answer}\n".encode())
        out, err = process.communicate(timeout=_END_S_MAX)
        assert exit_code == process.returncode, err
    assert (b"is in force" in out) == bool(more)
    assert before + more == in_force(sellable)


def test_what_was_shown_is_what_is_restored(sellable: Command) -> None:
    """A change that comes between the question and the answer is not undone unseen."""
    with asked(sellable) as (process, terminal):
        assert 0 == sellable("network", "apply", "-", stdin=FIRST).exit_code
        os.write(terminal, b"y\n")
        _, err = process.communicate(timeout=_END_S_MAX)
        assert 1 == process.returncode
    assert b"network version" in err
    assert FIRST == sellable("network", "show").out


def test_the_timeline_of_the_version_in_force(sellable: Command) -> None:
    """Without a file the service is asked."""
    assert "nothing that is dated in version " in sellable("network", "timeline").out
    dated = FIRST.replace("STORE-LYON]}", "STORE-LYON], from: 2089-01-01T00:00}")
    assert 0 == sellable("network", "apply", "-", stdin=dated).exit_code
    value = sellable.script("network", "timeline", "--json").value
    assert in_force(sellable) == value["version"]
    assert ["2088-12-31T23:00:00.000Z"] == [span["start_time"] for span in value["spans"]]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        ("show 0", 2, "VERSION"),
        ("show x", 2, "VERSION"),
        ("diff 1 99", 1, "version '99' is not known"),
        ("restore 99", 1, "version '99' is not known"),
        ("restore 1 --expected-version -1", 2, "--expected-version"),
        ("versions --sort apply", 2, "did you mean applied?"),
        ("versions --page-token what", 2, "page_token"),
        ("whatif /nowhere", 2, "cannot read /nowhere"),
        ("whatif -", 2, "standard input is empty"),
    ],
)
def test_what_is_refused(sellable: Command, arguments: str, exit_code: int, said: str) -> None:
    """What is not there and what is not valid are told apart by the exit code."""
    ended = sellable("network", *arguments.split())
    assert (exit_code, "") == ended[:2]
    assert said in ended.err


def test_a_bad_document_is_told_by_its_lines(sellable: Command) -> None:
    """What if shows problems as apply does."""
    ended = sellable("network", "whatif", "-", stdin=FIRST.replace("country: FR}", "country: FRA}"))
    assert (2, "") == ended[:2]
    assert "error: standard input has 2 problems" == ended.err.splitlines()[0]
    assert "standard input:2:46: locations[0].country" in ended.err
