"""The command line without a service: what is typed, what is shown, and how a command ends."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import typer

from sellable.cli import typed
from sellable.cli.failure import EXIT_CODES_HELP, ExitCode, exit_code_of_reason, failure_of
from sellable.cli.problems import Placed, placed_violations, problem_lines
from sellable.errors import BugError, StoreRefused, StoreUnavailable, Violation
from sellable.rpc.status import CODES
from support.command import Command

if TYPE_CHECKING:
    from collections.abc import Callable

NOBODY = Command("127.0.0.1:1")


def refusal_of(read: Callable[..., Any], *arguments: Any, **more: Any) -> str:
    """Read what must be refused, and return what is said."""
    with pytest.raises(typer.BadParameter) as caught:
        read(*arguments, **more)
    return caught.value.message


def test_market_is_channel_and_country() -> None:
    """A market is read, or told what is right."""
    assert ("web", "FR") == typed.market_name("web/FR")
    for text, said in {
        "web": "'web' is not channel/country, e.g. web/FR",
        "web/FR/x": "'web/FR/x' is not channel/country, e.g. web/FR",
        "FR/web": "'FR/web' is country/channel: write web/FR",
    }.items():
        assert said == refusal_of(typed.market_name, text)
    assert refusal_of(typed.market_name, "web/fr").endswith(": write FR")
    assert refusal_of(typed.market_name, "web/UK").endswith(": write GB")
    assert refusal_of(typed.market_name, "Web/FR").startswith("the channel of 'Web/FR' must be")


def test_part_ends_with_its_quantity() -> None:
    """Whatever a SKU holds, the last `=` begins the quantity."""
    assert ("A", 2, "") == typed.part("A=2", "PART")
    assert ("A", 2, "DC-PARIS") == typed.part("A=2@DC-PARIS", "PART")
    assert ("a=1@b/c", 10**12, "x.y_z") == typed.part(f"a=1@b/c={10**12}@x.y_z", "PART")
    for text in ("A", "=2", "A@X=2@"):
        assert refusal_of(typed.part, text, "PART")
    for quantity in ("", "0", "-1", "1.5", "1_0", "x", str(10**12 + 1), "9" * 5_000):
        assert "is not a whole number from 1 to" in refusal_of(typed.part, f"A={quantity}", "PART")


def test_change_has_a_sign() -> None:
    """A change without a sign may be meant as a count, so it is refused with the way to count."""
    assert [5, -3] == [typed.change(text, "+N|-N") for text in ("+5", "-3")]
    assert "`sellable set`" in refusal_of(typed.change, "5", "+N|-N")
    for text in ("", "+", "-x", "+-5", "+0", "-0", f"+{10**12 + 1}"):
        assert refusal_of(typed.change, text, "+N|-N")


def test_duration_has_a_unit() -> None:
    """A number without its unit is nobody's guess."""
    read = {text: typed.duration_ms(text, "--ttl") for text in ("500ms", "90s", "15m", "2h", "7d")}
    assert {
        "500ms": 500,
        "90s": 90_000,
        "15m": 900_000,
        "2h": 7_200_000,
        "7d": 604_800_000,
    } == read
    for text in ("", "15", "0s", "-1s", "1.5h", "15 m", "1w", "m"):
        assert refusal_of(typed.duration_ms, text, "--ttl")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["network"],
        ["check"],
        ["check", "web/FR"],
        ["check", "web/FR", "A", "--nothing"],
        ["check", "web/FR", "A", "--address", "nowhere"],
        ["check", "web/FR", "A", "--address", "host:0"],
        ["check", "web/FR", "A", "--timeout", "10"],
        ["check", "web/FR", "A", "--tls-ca-file", "/nowhere"],
        ["reserve", "web/FR", "A"],
        ["reserve", "web/FR", "A=1", "--ttl", "15"],
        ["adjust", "A", "DC", "5"],
        ["set", "A", "DC", "+5"],
        ["transfer", "cart", "--to", "DC"],
        ["release", "cart", "--refusal", "lost"],
        ["reservations"],
        ["reservations", "--state", "lost"],
        ["reservations", "--market", "web/FR", "--channel", "web"],
        ["network", "validate", "/nowhere"],
        ["network", "validate", "/"],
        ["network", "validate", "-"],
        ["network", "apply", "-", "--expected-version", "-1"],
        ["serve", "--partitions", "x"],
        ["serve", "--config", "/nowhere"],
        ["serve", "--sotre", "redis://h"],
        ["check-config", "--config", "/"],
        ["check-config", "--ttl-ms-min", "1h"],
        ["network", "show", "0"],
        ["network", "diff"],
        ["network", "diff", "1", "0"],
        ["network", "restore", "x"],
        ["network", "timeline", "/nowhere"],
        ["network", "whatif", "/nowhere"],
        ["items", "put", "/nowhere"],
        ["items", "put", "-"],
        ["items", "set", "A", "--value", "x", "--currency", "EUR"],
        ["completion", "tcsh"],
    ],
)
def test_what_is_typed_wrong_is_exit_2(arguments: list[str]) -> None:
    """One sentence on standard error and no result, for people and for scripts alike."""
    ended = NOBODY(*arguments)
    assert (2, "") == ended[:2]
    assert ended.err.startswith("error: ")
    assert len(ended.err.splitlines()) <= 2
    assert 2 == NOBODY(*arguments, "--json").error["exit_code"]


def test_a_document_that_is_no_text() -> None:
    """What is not UTF-8 is told by its place."""
    ended = subprocess.run(
        [sys.executable, "-c", "from sellable.cli import main; main()", "network", "validate", "-"],
        input=b"locations:\n- \xff",
        capture_output=True,
        check=False,
    )
    said = b"error: standard input is not UTF-8: byte 13, line 2\n"
    assert (2, said) == (ended.returncode, ended.stderr)


def test_every_reason_has_its_exit_code() -> None:
    """A script can tell a refusal from bad input, from no answer and from a fault."""
    special = {
        "INVALID_FIELD": ExitCode.USAGE,
        "INVALID_NETWORK": ExitCode.USAGE,
        "OVERLOADED": ExitCode.NO_ANSWER,
        "STORE_UNAVAILABLE": ExitCode.NO_ANSWER,
        "DURABILITY_NOT_REACHED": ExitCode.NO_ANSWER,
        "INTERNAL": ExitCode.FAULT,
    }
    assert {reason: special.get(reason, ExitCode.REFUSED) for reason in CODES} == {
        reason: exit_code_of_reason(reason) for reason in CODES
    }


def test_help_documents_every_exit_code() -> None:
    """Without arguments the help is shown, with the exit codes."""
    ended = NOBODY()
    assert 0 == ended.exit_code
    for code, meaning in EXIT_CODES_HELP.items():
        assert f"{int(code)}  {meaning}" in ended.out
    assert set(ExitCode) == set(EXIT_CODES_HELP)


def test_an_unforeseen_error_is_our_fault() -> None:
    """Exit 4, with what and where in one line to report."""
    try:
        [].pop()
    except IndexError as error:
        failure = failure_of(error)
    assert ExitCode.FAULT == failure.exit_code
    assert "IndexError at test_cli.py:" in failure.message
    assert ExitCode.FAULT == failure_of(BugError("impossible")).exit_code


def test_the_refusal_of_a_group_is_told() -> None:
    """Of errors that came together the first that we raised ourselves is the one that helps."""
    inner = ExceptionGroup("tasks", [OSError("driver"), StoreUnavailable("the store is gone")])
    failure = failure_of(ExceptionGroup("all", [ValueError("x"), inner]))
    assert (ExitCode.NO_ANSWER, "the store is gone") == (failure.exit_code, failure.message)
    assert ExitCode.REFUSED == failure_of(StoreRefused("no")).exit_code


def test_the_caret_stands_under_the_column() -> None:
    """Wide letters, tabs and long lines do not move it, and nothing reaches the terminal raw."""
    document = "a: 1\r\nb:\t日本 \x1b[31m x\n" + "k" * 100 + "X" + "z" * 100
    problems = [Placed(2, 12, "b", "bad"), Placed(3, 101, "c", "long"), Placed(9, 1, "d", "gone")]
    lines = list(problem_lines("f.yaml", document, problems))
    assert "f.yaml:2:12: b: bad" == lines[0]
    assert "     2 | b: 日本 \ufffd[31m x" == lines[1]
    assert "       | " + " " * 13 + "^" == lines[2]
    assert f"     3 | ...{'k' * 60}X{'z' * 39}..." == lines[4]
    assert lines[4].index("X") == lines[5].index("^")
    assert ["f.yaml:9:1: d: gone", "     9 |", "       | ^"] == lines[6:]


def test_places_are_read_out_of_the_contract() -> None:
    """A violation of a document has its place before its field; one without stands at the top."""
    placed = placed_violations(
        [Violation("document:2:5 a.b", "bad"), Violation("document", "is too long")]
    )
    assert [Placed(2, 5, "a.b", "bad"), Placed(1, 1, "document", "is too long")] == placed


def test_commands_that_ask_start_without_the_service() -> None:
    """No command but those that serve waits for the store, the service, the logs or pictures."""
    code = (
        "import sys, sellable.cli.app; print([name for name in "
        "('redis', 'structlog', 'matplotlib', 'sellable.service', 'sellable.store.scripts') "
        "if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert b"[]" == loaded.stdout.strip()
