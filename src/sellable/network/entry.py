"""Reads one mapping of the document, field by field, as its schema asks for them.

A field that is wrong is reported and read as its default, so that the rest is still checked. What
was never asked for is unknown; so the readers in `schema.py` are the schema.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

from sellable.limits import QUANTITY_MAX
from sellable.network.report import Mark, Report, quoted
from sellable.network.tree import Mapping, Node, Scalar, Sequence, join
from sellable.network.values import Buffer

if TYPE_CHECKING:
    from collections.abc import Callable

_WHOLE: Final = re.compile(r"[+-]?[0-9]+")
_DECIMAL: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)")
_PERCENT: Final = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))? ?%(?: *, *at least +([0-9]+))?")
_DIGITS_MAX: Final = 19  # int() of a huge text takes quadratic time
_BASIS_POINTS_MAX: Final = 10_000
_BUFFER_FORMS: Final = 'must be units (3), a percentage (10%) or both ("10%, at least 5")'

Default = TypeVar("Default")
Choice = TypeVar("Choice", bound=StrEnum)


class Entry:
    """A cursor over one mapping; `path` is its field path."""

    def __init__(self, node: Node, path: str, report: Report) -> None:
        """Report a node that is no mapping, and go on as if it were empty."""
        self.mark = node.mark
        self._path = path
        self._report = report
        self._asked: dict[str, None] = {}
        self._nodes: dict[str, tuple[Mark, Node]] = {}
        self.readable = isinstance(node, Mapping)
        if isinstance(node, Mapping):
            self._nodes = node.entries
        else:
            report.add(node.mark, path or "document", "must be a mapping of keys to values")

    def has(self, key: str) -> bool:
        """Tell whether the key is there with a value."""
        return self._peek(key) is not None

    def problem(self, key: str | None, description: str) -> None:
        """Report a problem with the value of a key, or with the whole entry."""
        if key is None:
            self._report.add(self.mark, self._path, description)
            return
        mark, node = self._nodes.get(key, (self.mark, None))
        at = mark if node is None or _is_empty(node) else node.mark
        self._report.add(at, join(self._path, key), description)

    def refuse(self, description: str) -> NoReturn:
        """Report the entry as the one too many, and end the reading."""
        self._report.refuse(self.mark, self._path, description)

    def text(self, key: str, check: Callable[[str], str | None]) -> str | None:
        """Read a text; a wrong one is reported and answered, to recognise references to it."""
        scalar = self._scalar(key, "a text")
        if scalar is None:
            return None
        if problem := check(scalar.text):
            self.problem(key, problem)
        return scalar.text

    def required_text(self, key: str, check: Callable[[str], str | None]) -> str:
        """Read a text that must be there."""
        self.require(key)
        return self.text(key, check) or ""

    def choice(self, key: str, choices: type[Choice], default: Default) -> Choice | Default:
        """Read one of a few words."""
        scalar = self._scalar(key, "a text")
        if scalar is None:
            return default
        words = [str(choice) for choice in choices]
        if scalar.text not in words:
            hint = self._report.hint(scalar.text, words)
            self.problem(key, f"must be one of {', '.join(words)}{hint}")
            return default
        return choices(scalar.text)

    def flag(self, key: str, *, default: Default) -> bool | Default:
        """Read true or false."""
        scalar = self._scalar(key, "true or false")
        if scalar is None:
            return default
        word = scalar.text.lower()
        if not scalar.plain or word not in {"true", "false"}:
            self.problem(key, "must be true or false, without quotes")
            return default
        return word == "true"

    def whole(self, key: str, default: Default) -> int | Default:
        """Read a whole number from 0 to 10^12."""
        scalar = self._scalar(key, "a whole number")
        if scalar is None:
            return default
        allowed = f"must be a whole number from 0 to {QUANTITY_MAX}"
        if not scalar.plain:
            self.problem(key, f"{allowed}, without quotes")
        elif (number := _whole(scalar.text)) is None:
            self.problem(key, allowed)
        else:
            return number
        return default

    def decimal(self, key: str, bound: int) -> float | None:
        """Read a number from -bound to bound."""
        scalar = self._scalar(key, "a number")
        if scalar is None:
            return None
        if scalar.plain and _DECIMAL.fullmatch(scalar.text):
            number = float(scalar.text)
            if -bound <= number <= bound:
                return number
        self.problem(key, f"must be a number from {-bound} to {bound}")
        return None

    def buffer(self, key: str) -> Buffer | None:
        """Read a protection buffer."""
        scalar = self._scalar(key, "a protection buffer")
        if scalar is None:
            return None
        answer = _buffer(scalar.text)
        if isinstance(answer, str):
            self.problem(key, answer)
            return None
        return answer

    def texts(self, key: str, *, may_be_empty: bool = False) -> list[tuple[str, Mark, str]]:
        """Read one text or a list of them, each with its place and field path; repeats once."""
        node = self._peek(key)
        self._asked[key] = None
        if node is None:
            return []
        path = join(self._path, key)
        if isinstance(node, Sequence) and not node.items and not may_be_empty:
            self.problem(key, "must not be an empty list")
        listed = isinstance(node, Sequence)
        items = node.items if isinstance(node, Sequence) else [node]
        found: dict[str, tuple[str, Mark, str]] = {}
        for index, item in enumerate(items):
            item_path = f"{path}[{index}]" if listed else path
            if isinstance(item, Scalar) and not item.empty:
                found.setdefault(item.text, (item.text, item.mark, item_path))
            else:
                self._report.add(item.mark, item_path, "must be a text")
        return list(found.values())

    def entries(self, key: str) -> list[Entry]:
        """Read a list of mappings."""
        node = self._peek(key)
        self._asked[key] = None
        if node is None:
            return []
        if not isinstance(node, Sequence):
            self.problem(key, "must be a list")
            return []
        path = join(self._path, key)
        return [Entry(n, f"{path}[{i}]", self._report) for i, n in enumerate(node.items)]

    def require(self, key: str) -> None:
        """Report a key that is missing or empty."""
        if self.readable and not self.has(key):
            self.problem(key, "is required")

    def later(self, *keys: str) -> None:
        """Know keys of features to come, and say so."""
        for key in keys:
            self._asked[key] = None
            if key in self._nodes:
                mark, _ = self._nodes[key]
                self._report.add(mark, join(self._path, key), "is not supported yet")

    def finish(self) -> None:
        """Report every key that nobody asked for."""
        for key, (mark, _) in self._nodes.items():
            if key not in self._asked:
                if key.startswith("at least"):
                    hint = '; quote the whole value: "10%, at least 5"'
                else:
                    hint = self._report.hint(key, self._asked)
                self._report.add(mark, join(self._path, key), f"unknown key {quoted(key)}{hint}")

    def _peek(self, key: str) -> Node | None:
        found = self._nodes.get(key)
        return None if found is None or _is_empty(found[1]) else found[1]

    def _scalar(self, key: str, wanted: str) -> Scalar | None:
        self._asked[key] = None
        node = self._peek(key)
        if node is None or isinstance(node, Scalar):
            return node
        self.problem(key, f"must be {wanted}")
        return None


def _is_empty(node: Node) -> bool:
    return isinstance(node, Scalar) and node.empty


def _whole(text: str) -> int | None:
    if len(text) > _DIGITS_MAX or not _WHOLE.fullmatch(text):
        return None
    number = int(text)
    return number if 0 <= number <= QUANTITY_MAX else None


def _buffer(text: str) -> Buffer | str:
    """Answer the buffer, or what is wrong with it."""
    text = text.strip()
    too_many = f"must be at most {QUANTITY_MAX} units"
    if _WHOLE.fullmatch(text):
        units = _whole(text)
        return Buffer(units=units) if units is not None else f"{too_many} and not negative"
    match = _PERCENT.fullmatch(text)
    if match is None:
        return f"{_BUFFER_FORMS}; percentages have at most two decimals"
    whole, fraction, floor_text = match.groups()
    basis_points = int(whole) * 100 + int((fraction or "").ljust(2, "0"))
    floor = _whole(floor_text or "0")
    if basis_points > _BASIS_POINTS_MAX:
        return "must be at most 100%"
    return too_many if floor is None else Buffer(basis_points=basis_points, floor=floor)
