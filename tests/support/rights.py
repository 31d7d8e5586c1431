"""Which commands of the store the code uses, as Valkey's access control names them."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final

from support.sources import ROOT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_PACKAGE: Final = ROOT / "src" / "sellable"
_LOADER: Final = _PACKAGE / "store" / "scripts.py"  # speaks of KEYS and ARGV, and sends nothing
# Commands that are a family: a right is given to one of it.
_FAMILIES: Final = {"ACL", "CLIENT", "CONFIG", "SCRIPT", "XGROUP", "XINFO"}
_IN_LUA: Final = re.compile(r"'([A-Z]+)'(?:, '([A-Z]+)')?")


def named(right: str) -> str:
    """Return a right without its sign."""
    return right.removeprefix("+")


def used_by_scripts(commands: Collection[str]) -> set[str]:
    """Return which of these commands scripts call: any that stands there as a word of its own."""
    found = set()
    for path in (_PACKAGE / "store" / "lua").rglob("*.lua"):
        for first, second in _IN_LUA.findall(path.read_text()):
            if first.lower() in commands:
                found.add(_right(first, second))
    return found


def used_by_python(commands: Collection[str]) -> set[str]:
    """Return which of these commands are sent: the first word of a tuple or of `execute`.

    What redis-py sends for its methods is not among them.
    """
    found = set()
    for path in _PACKAGE.rglob("*.py"):
        if path == _LOADER:
            continue
        for words in _phrases(ast.parse(path.read_text())):
            first, second = (*words, "", "")[:2]
            if first.isupper() and first.lower() in commands:
                found.add(_right(first, second))
    return found


def _phrases(tree: ast.AST) -> Iterator[list[str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple):
            yield _words(node.elts)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "execute":
            yield _words(node.args)


def _words(nodes: list[ast.expr]) -> list[str]:
    """Return the texts that come first, until something else does."""
    words: list[str] = []
    for node in nodes:
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            break
        words.append(node.value)
    return words


def _right(command: str, second: str) -> str:
    return (f"{command}|{second}" if command in _FAMILIES else command).lower()
