"""Reads one mapping of the document, field by field, as its schema asks for them.

A field that is wrong is reported and read as its default, so that the rest is still checked. What
was never asked for is unknown; so the readers in `schema.py` are the schema.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NoReturn, TypeAlias, TypeVar

from sellable.limits import QUANTITY_MAX
from sellable.network.amounts import (
    buffer_of,
    decimal_of,
    fixed_of,
    fixed_shown,
    number_shown,
    whole_of,
)
from sellable.network.report import Mark, Report, quoted
from sellable.network.tree import Mapping, Node, Scalar, Sequence, join

if TYPE_CHECKING:
    from collections.abc import Callable

    from sellable.network.values import Buffer

# A text of the document with its place and field path.
Text: TypeAlias = tuple[str, Mark, str]
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

    def key_problem(self, key: str, description: str) -> None:
        """Report a problem with a key itself."""
        mark, _ = self._nodes[key]
        self._report.add(mark, join(self._path, key), description)

    def refuse(self, description: str) -> NoReturn:
        """Report the entry as the one too many, and end the reading."""
        self._report.refuse(self.mark, self._path, description)

    def text(self, key: str, check: Callable[[str], str | None] | None = None) -> str | None:
        """Read a text; a wrong one is reported and answered, to recognise references to it."""
        scalar = self._scalar(key, "a text")
        if scalar is None:
            return None
        if check is not None and (problem := check(scalar.text)):
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

    def whole(
        self, key: str, default: Default, *, least: int = 0, most: int = QUANTITY_MAX
    ) -> int | Default:
        """Read a whole number, from 0 to 10^12 if nothing else is said."""
        scalar = self._scalar(key, "a whole number")
        if scalar is None:
            return default
        allowed = f"must be a whole number from {least} to {most}"
        if not scalar.plain:
            self.problem(key, f"{allowed}, without quotes")
        elif (number := whole_of(scalar.text)) is None or not least <= number <= most:
            self.problem(key, allowed)
        else:
            return number
        return default

    def decimal(self, key: str, least: float, most: float) -> float | None:
        """Read a number between two bounds, or one of them."""
        scalar = self._scalar(key, "a number")
        if scalar is None:
            return None
        number = decimal_of(scalar.text) if scalar.plain else None
        if number is not None and least <= number <= most:
            return number
        self.problem(key, f"must be a number from {number_shown(least)} to {number_shown(most)}")
        return None

    def fixed(self, key: str, decimals: int, least: int, most: int) -> int | None:
        """Read a number exactly, as whole units of its last decimal; so are the bounds."""
        scalar = self._scalar(key, "a number")
        if scalar is None:
            return None
        number = fixed_of(scalar.text, decimals) if scalar.plain else None
        if number is not None and least <= number <= most:
            return number
        low, high = fixed_shown(least, decimals), fixed_shown(most, decimals)
        self.problem(key, f"must be a number from {low} to {high} with at most {decimals} decimals")
        return None

    def buffer(self, key: str) -> Buffer | None:
        """Read a protection buffer."""
        scalar = self._scalar(key, "a protection buffer")
        if scalar is None:
            return None
        answer = buffer_of(scalar.text)
        if isinstance(answer, str):
            self.problem(key, answer)
            return None
        return answer

    def texts(self, key: str, *, may_be_empty: bool = False, may_repeat: bool = True) -> list[Text]:
        """Read one text or a list of them, each with its place and field path; repeats once."""
        node = self._ask(key)
        if isinstance(node, Sequence) and not node.items and not may_be_empty:
            self.problem(key, "must not be an empty list")
        return self._texts(self._items(key, node), may_repeat=may_repeat)

    def groups(self, key: str, form: str) -> list[list[Text]]:
        """Read a list of lists of texts; what is none is told to be of that form."""
        found = []
        node = self._ask(key)
        if node is not None and not isinstance(node, Sequence):
            self.problem(key, form)
            return []
        for path, item in self._items(key, node):
            if isinstance(item, Sequence) and item.items:
                inner = [(f"{path}[{i}]", text) for i, text in enumerate(item.items)]
                found.append(self._texts(inner, may_repeat=True))
            else:
                self._report.add(item.mark, path, form)
        return found

    def texts_and_entries(self, key: str) -> tuple[list[Text], list[Entry]]:
        """Read one text or mapping, or a list of both."""
        items = self._items(key, self._ask(key))
        entries = [Entry(n, path, self._report) for path, n in items if isinstance(n, Mapping)]
        texts = [item for item in items if not isinstance(item[1], Mapping)]
        return self._texts(texts, may_repeat=True), entries

    def entry(self, key: str) -> Entry | None:
        """Read a mapping."""
        node = self._ask(key)
        return None if node is None else Entry(node, join(self._path, key), self._report)

    def keys(self) -> list[str]:
        """Answer every key as it is written."""
        return list(self._nodes)

    def entries(self, key: str) -> list[Entry]:
        """Read a list of mappings."""
        node = self._ask(key)
        if node is None:
            return []
        if not isinstance(node, Sequence):
            self.problem(key, "must be a list")
            return []
        path = join(self._path, key)
        return [Entry(n, f"{path}[{i}]", self._report) for i, n in enumerate(node.items)]

    def required_entries(self, key: str) -> list[Entry]:
        """Read a list of mappings that must be there, with at least one."""
        self.require(key)
        node = self._peek(key)
        if isinstance(node, Sequence) and not node.items:
            self.problem(key, "must not be an empty list")
        return self.entries(key)

    def require(self, key: str) -> None:
        """Report a key that is missing or empty."""
        if self.readable and not self.has(key):
            self.problem(key, "is required")

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

    def _ask(self, key: str) -> Node | None:
        self._asked[key] = None
        return self._peek(key)

    def _items(self, key: str, node: Node | None) -> list[tuple[str, Node]]:
        """Answer the items of a list, or the single one, each with its field path."""
        path = join(self._path, key)
        if isinstance(node, Sequence):
            return [(f"{path}[{index}]", item) for index, item in enumerate(node.items)]
        return [] if node is None else [(path, node)]

    def _texts(self, items: list[tuple[str, Node]], *, may_repeat: bool) -> list[Text]:
        found: dict[str, Text] = {}
        for path, item in items:
            if not isinstance(item, Scalar) or item.empty:
                self._report.add(item.mark, path, "must be a text")
            elif item.text not in found:
                found[item.text] = (item.text, item.mark, path)
            elif not may_repeat:
                self._report.add(item.mark, path, f"repeats {quoted(item.text)}")
        return list(found.values())

    def _scalar(self, key: str, wanted: str) -> Scalar | None:
        node = self._ask(key)
        if node is None or isinstance(node, Scalar):
            return node
        self.problem(key, f"must be {wanted}")
        return None


def _is_empty(node: Node) -> bool:
    return isinstance(node, Scalar) and node.empty
