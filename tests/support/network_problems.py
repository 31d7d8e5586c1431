"""Bad network documents with a § before every place of a problem."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from sellable.errors import InvalidNetwork
from sellable.network import parse

if TYPE_CHECKING:
    from sellable.errors import Problem


def problems_of(document: str) -> tuple[Problem, ...]:
    """Parse a document that must be refused."""
    with pytest.raises(InvalidNetwork) as caught:
        parse(document)
    return caught.value.problems


def assert_placed(marked: str, expected: list[tuple[str, str]]) -> None:
    """Expect a problem at every mark, each of a field and with a part of its description."""
    problems = problems_of(marked.replace("§", ""))
    assert _places(marked) == [(problem.line, problem.column) for problem in problems]
    assert [field for field, _ in expected] == [problem.field for problem in problems]
    for (_, description), problem in zip(expected, problems, strict=True):
        assert description in problem.description


def _places(marked: str) -> list[tuple[int, int]]:
    """Answer line and column of every mark."""
    before = [marked[: mark.start()].replace("§", "") for mark in re.finditer("§", marked)]
    return [(text.count("\n") + 1, len(text) - text.rfind("\n")) for text in before]
