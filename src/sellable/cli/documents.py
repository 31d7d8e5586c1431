"""What commands read: documents of a network, refused line by line, and files of rows."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, TypeVar

import typer

from sellable.cli.failure import ExitCode, Failure, usage
from sellable.cli.problems import Placed, placed_problems, placed_violations, problem_lines
from sellable.errors import InvalidNetwork, Violation
from sellable.limits import NETWORK_DOCUMENT_BYTES_MAX
from sellable.network import Network, NetworkAt, parse, schedule

Read = TypeVar("Read")

DocumentFile = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        show_default=False,
        help="a YAML document; - reads standard input",
    ),
]


def _login_name() -> str:
    """Return who is logged in, if the system knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


ExpectedVersion = Annotated[
    int | None,
    typer.Option(
        min=0,
        metavar="VERSION",
        help="refuse if another version is in force",
        show_default="not asked",
    ),
]
Author = Annotated[
    str,
    typer.Option(
        default_factory=_login_name, help="who changes it", show_default="your login name"
    ),
]
Comment = Annotated[str, typer.Option(help="why")]


def read_document(file: Path) -> str:
    """Return the text of a document.

    Raises:
        Failure: If it cannot be read, is too long, empty or no text.
    """
    name = document_name(file)
    try:
        if str(file) == "-":
            content = sys.stdin.buffer.read(NETWORK_DOCUMENT_BYTES_MAX + 1)
        else:
            with file.open("rb") as opened:
                content = opened.read(NETWORK_DOCUMENT_BYTES_MAX + 1)
    except OSError as error:
        raise usage(f"cannot read {name}: {error.strerror}") from error
    if len(content) > NETWORK_DOCUMENT_BYTES_MAX:
        raise usage(f"{name} has more than {NETWORK_DOCUMENT_BYTES_MAX} bytes")
    if not content:
        raise usage(f"{name} is empty")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise usage(f"{name} is not UTF-8: byte {error.start}, line {line}") from error


@contextmanager
def opened_rows(file: Path) -> Iterator[BinaryIO]:
    """Open a file of rows, which may be of any length.

    Raises:
        Failure: If it cannot be read.
    """
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    try:
        opened = file.open("rb")
    except OSError as error:
        raise usage(f"cannot read {file}: {error.strerror}") from error
    with opened:
        yield opened


def document_name(file: Path) -> str:
    """Return what a file is called for people."""
    return "standard input" if str(file) == "-" else str(file)


def parsed(name: str, document: str) -> Network:
    """Return the network that a document describes.

    Raises:
        Failure: With every problem beside its line.
    """
    return _read(name, document, parse)


def applicable(name: str, document: str, now_ms: int) -> Network:
    """Return the network that a document describes, if its dated changes can be planned as well.

    Raises:
        Failure: With every problem beside its line.
    """
    network = parsed(name, document)
    _read(name, document, lambda _: schedule(NetworkAt(network, now_ms)))
    return network


def _read(name: str, document: str, read: Callable[[str], Read]) -> Read:
    try:
        return read(document)
    except InvalidNetwork as error:
        raise _invalid(name, document, placed_problems(error.problems)) from error


def refused_document(failure: Failure, file: Path | str, document: str) -> Failure:
    """Return the failure of a call that brought a document, its problems beside their lines."""
    if failure.reason != "INVALID_NETWORK":
        return failure
    violations = [Violation(**violation) for violation in failure.details["violations"]]
    omitted = int(failure.details["metadata"].get("omitted_count", 0))
    name = document_name(file) if isinstance(file, Path) else file
    made = _invalid(name, document, placed_violations(violations), omitted)
    if omitted and isinstance(file, Path):
        made.hint = f"`sellable network validate {file}` lists the other {omitted}"
    return made


def _invalid(name: str, document: str, problems: list[Placed], omitted: int = 0) -> Failure:
    count = len(problems) + omitted
    return Failure(
        f"{name} has {count} problem{'s' if count > 1 else ''}",
        exit_code=ExitCode.USAGE,
        reason="INVALID_NETWORK",
        notes=list(problem_lines(name, document, problems)),
        problem_count=count,
        problems=[problem._asdict() for problem in problems],
    )
