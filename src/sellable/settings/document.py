"""The settings file: a flat YAML mapping of the names of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sellable.errors import InvalidNetwork, SettingsRefused
from sellable.network.report import Mark, Report
from sellable.network.tree import Mapping, Scalar, read_tree

if TYPE_CHECKING:
    from pathlib import Path

_BYTES_MAX: Final = 256 * 1024


def read_file(file: Path) -> tuple[dict[str, tuple[str, str]], list[str]]:
    """Return text and place of every setting of a file, and what is wrong with it.

    A setting without a value is as good as left out, as an empty variable is.

    Raises:
        SettingsRefused: If nothing of it can be read.
    """
    report = Report()
    document = _text(file)
    if all(line.lstrip().startswith("#") or not line.strip() for line in document.splitlines()):
        return {}, []
    try:
        root = read_tree(document, report)
    except InvalidNetwork as error:
        raise _refused(file, error) from error
    if not isinstance(root, Mapping):
        raise SettingsRefused(
            f"{_place(file, root.mark)}: settings are one a line, e.g. listen: 127.0.0.1:50051"
        )
    found: dict[str, tuple[str, str]] = {}
    problems = []
    for name, (mark, node) in root.entries.items():
        if not isinstance(node, Scalar):
            problems.append(f"{_place(file, node.mark)}: {name} must be a single value")
        elif not node.empty:
            found[name] = (node.text, _place(file, mark))
    try:
        report.refuse_if_any()
    except InvalidNetwork as error:
        problems += _refused(file, error).problems
    return found, problems


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(_BYTES_MAX + 1)
    except OSError as error:
        raise SettingsRefused(f"cannot read {file}: {error.strerror}") from error
    if len(content) > _BYTES_MAX:
        raise SettingsRefused(f"{file} has more than {_BYTES_MAX} bytes: it is no settings file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsRefused(f"{file}:{line}: not UTF-8 at byte {error.start}") from error


def _place(file: Path, mark: Mark) -> str:
    return f"{file}:{mark.line}:{mark.column}"


def _refused(file: Path, error: InvalidNetwork) -> SettingsRefused:
    return SettingsRefused(
        *(
            f"{_place(file, Mark(p.line, p.column))}: "
            + (p.description if p.field == "document" else f"{p.field}: {p.description}")
            for p in error.problems
        )
    )
