"""YAML text to a tree of nodes that know their line and column.

Built from PyYAML's events instead of its composer: events are not recursive, so a hostile
document cannot exhaust the stack, and scalars keep their text, so the schema decides what a value
is. YAML's own guesses would read the country `NO` as false and the SKU `0123` as 83.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NoReturn, Protocol, TypeAlias

import yaml
from yaml import events

from sellable.errors import BugError
from sellable.limits import NETWORK_DOCUMENT_BYTES_MAX
from sellable.network.report import Mark, Report, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEPTH_MAX: Final = 16
_NODES_MAX: Final = 500_000  # a document of the greatest size has about 450,000 in practice
_START: Final = Mark(1, 1)
_SHOWN_BARE: Final = re.compile(r"[A-Za-z_-][A-Za-z0-9_-]{0,63}")
# PyYAML built from source without libyaml has only the slow parser; both give the same events.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value as written; `plain` if it had no quotes."""

    mark: Mark
    text: str
    plain: bool

    @property
    def empty(self) -> bool:
        """Tell whether the value is YAML's null: left out, `~` or `null`."""
        return self.plain and self.text in {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    mark: Mark
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Values by key; the mark of each key stands beside its value."""

    mark: Mark
    entries: dict[str, tuple[Mark, Node]] = field(default_factory=dict)


Node: TypeAlias = Scalar | Sequence | Mapping


def read_tree(document: str, report: Report) -> Node:
    """Read one YAML document; raise InvalidNetwork where no tree can be made of it.

    Duplicate keys only go to the report: the first one counts, so that checking can go on.
    """
    _refuse_unreadable(document, report)
    builder = _Builder(report)
    try:
        for event in _events(document):
            builder.take(event)
    except yaml.YAMLError as error:
        _refuse_syntax(error, report)
    if builder.root is None:
        report.refuse(_START, "document", "is empty")
    if builder.broken:
        report.refuse_if_any()
    return builder.root


def _refuse_syntax(error: yaml.YAMLError, report: Report) -> NoReturn:
    mark, text = None, "cannot be read"
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        text = error.problem or text
        if error.context and error.context_mark:
            text += f" ({error.context} begun at line {error.context_mark.line + 1})"
    report.refuse(_mark(mark), "document", f"not YAML: {text}")


class _Place(Protocol):
    """What the marks of PyYAML's two parsers have in common, 0-based."""

    @property
    def line(self) -> int: ...

    @property
    def column(self) -> int: ...


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been read."""

    node: Sequence | Mapping
    path: str
    key: tuple[str, Mark] | None = None


class _Builder:
    def __init__(self, report: Report) -> None:
        self.report = report
        self.root: Node | None = None
        self.broken = False
        self._open: list[_Open] = []
        self._node_count = 0

    def take(self, event: events.Event) -> None:
        match event:
            case events.ScalarEvent():
                self._refuse_decoration(event)
                # Without a tag, the first flag says: no quotes, so YAML would guess the type.
                plain = bool(event.implicit[0])
                self._add(Scalar(_mark(event.start_mark), event.value, plain))
            case events.SequenceStartEvent():
                self._begin(event, Sequence(_mark(event.start_mark)))
            case events.MappingStartEvent():
                self._begin(event, Mapping(_mark(event.start_mark)))
            case events.SequenceEndEvent() | events.MappingEndEvent():
                self._open.pop()
            case events.AliasEvent():
                self._fault(event, "aliases are not supported: write the value itself")
                self._add(Scalar(_mark(event.start_mark), "", plain=True))
            case events.DocumentStartEvent() if self.root is not None:
                self._refuse(event, "only one document is allowed")

    def _begin(self, event: events.CollectionStartEvent, node: Sequence | Mapping) -> None:
        self._refuse_decoration(event)
        top = self._open[-1] if self._open else None
        if top is not None and isinstance(top.node, Mapping) and top.key is None:
            self._refuse(event, "a key must be a single word")
        if len(self._open) >= _DEPTH_MAX:
            self._refuse(event, f"nested deeper than {_DEPTH_MAX} levels")
        path = self._path()
        self._add(node)
        self._open.append(_Open(node, path))

    def _add(self, node: Node) -> None:
        self._node_count += 1
        if self._node_count > _NODES_MAX:
            self.report.refuse(node.mark, "document", f"has more than {_NODES_MAX} values")
        if not self._open:
            self.root = node
            return
        top = self._open[-1]
        if isinstance(top.node, Sequence):
            top.node.items.append(node)
        elif top.key is None:
            if not isinstance(node, Scalar):
                raise BugError("a collection as a key was not refused")
            top.key = (node.text, node.mark)
        else:
            self._add_entry(top, top.node, top.key, node)

    def _add_entry(self, top: _Open, into: Mapping, key: tuple[str, Mark], node: Node) -> None:
        name, mark = key
        top.key = None
        if name not in into.entries:
            into.entries[name] = (mark, node)
            return
        first, _ = into.entries[name]
        text = f"duplicate key {quoted(name)}, first at line {first.line}, column {first.column}"
        self.report.add(mark, join(top.path, name), text)

    def _path(self) -> str:
        """Answer the field path of the value that comes next."""
        if not self._open:
            return ""
        top = self._open[-1]
        if isinstance(top.node, Sequence):
            return f"{top.path}[{len(top.node.items)}]"
        return top.path if top.key is None else join(top.path, top.key[0])

    def _refuse_decoration(self, event: events.ScalarEvent | events.CollectionStartEvent) -> None:
        if event.anchor is not None:
            self._fault(event, "anchors are not supported: write the value where it is needed")
        if event.tag is not None:
            self._fault(event, f"YAML tags such as {quoted(event.tag)} are not supported")

    def _refuse(self, event: events.Event, description: str) -> NoReturn:
        self.report.refuse(_mark(event.start_mark), "document", description)

    def _fault(self, event: events.Event, description: str) -> None:
        self.report.add(_mark(event.start_mark), self._path() or "document", description)
        self.broken = True


def join(path: str, name: str) -> str:
    """Extend a field path by a key."""
    shown = name if _SHOWN_BARE.fullmatch(name) else quoted(name)
    return f"{path}.{shown}" if path else shown


def _events(document: str) -> Iterator[events.Event]:
    iterator: Iterator[events.Event] = yaml.parse(document, Loader=_LOADER)
    return iterator


def _mark(mark: _Place | None) -> Mark:
    return _START if mark is None else Mark(mark.line + 1, mark.column + 1)


def _refuse_unreadable(document: str, report: Report) -> None:
    """Refuse what the parser would answer without a position, or not in bounded time."""
    size = len(document.encode("utf-8", "surrogatepass"))
    if size > NETWORK_DOCUMENT_BYTES_MAX:
        text = f"has {size} bytes, allowed are {NETWORK_DOCUMENT_BYTES_MAX}"
        report.refuse(_START, "document", text)
    if unreadable := yaml.reader.Reader.NON_PRINTABLE.search(document):
        before = document[: unreadable.start()]
        mark = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
        text = f"character U+{ord(unreadable.group()):04X} is not allowed in YAML"
        report.refuse(mark, "document", text)
