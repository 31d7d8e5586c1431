"""Includes are single functions of their file's name, and none is named for nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from sellable.store.scripts import SCRIPTS
from support.sources import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LUA: Final = ROOT / "src" / "sellable" / "store" / "lua"
SCRIPT_FILES: Final = sorted(LUA.glob("*.lua"))
INCLUDE_FILES: Final = sorted((LUA / "include").glob("*.lua"))
INCLUDES: Final = {path.stem: path.read_text() for path in INCLUDE_FILES}
_HEADER: Final = re.compile(r"\A#!lua.*?^\]\]\n", re.DOTALL | re.MULTILINE)
_COMMENT: Final = re.compile(r"^\s*--.*$", re.MULTILINE)
_FUNCTION: Final = re.compile(r"^local function (\w+)\(", re.MULTILINE)
_LOCAL: Final = re.compile(r"^local (?:function )?(\w+)", re.MULTILINE)


@pytest.mark.parametrize("path", INCLUDE_FILES, ids=lambda path: path.stem)
def test_include_is_one_function(path: Path) -> None:
    """An include opens with why it is there and holds the one function of its name."""
    text = path.read_text()
    assert text.startswith("-- ")
    assert [path.stem] == _FUNCTION.findall(text)


@pytest.mark.parametrize("path", SCRIPT_FILES, ids=lambda path: path.stem)
def test_include_that_is_named_is_used(path: Path) -> None:
    """What a script includes, it or a later include of it uses."""
    text = path.read_text()
    named = " ".join(re.findall(r"^--- @include (.+)$", text, re.MULTILINE)).split()
    unused = []
    for at, name in enumerate(named):
        later = [_HEADER.sub("", text), *(INCLUDES[other] for other in named[at + 1 :])]
        code = _COMMENT.sub("", "\n".join(later))
        if not any(re.search(rf"\b{word}\b", code) for word in _LOCAL.findall(INCLUDES[name])):
            unused.append(name)
    assert [] == unused


def test_every_include_is_included() -> None:
    """No include is left over."""
    everything = "\n".join(path.read_text() for path in SCRIPT_FILES)
    named = " ".join(re.findall(r"^--- @include (.+)$", everything, re.MULTILINE)).split()
    assert sorted(INCLUDES) == sorted(set(named))


def test_scripts_declare_their_locals() -> None:
    """Nothing is assigned that was not declared: a global would outlive the script."""
    strays = {
        (name, word)
        for name, script in SCRIPTS.items()
        for word in re.findall(r"^ *([a-z_]+) = ", script.source, re.MULTILINE)
        if not re.search(rf"(?:local|for|function \w+\()[^\n]*\b{word}\b", script.source)
    }
    # Fields of tables that are written one a line.
    assert set() == {(name, word) for name, word in strays if not _is_field(name, word)}


def _is_field(name: str, word: str) -> bool:
    found = re.findall(rf"^ *{word} = .*$", SCRIPTS[name].source, re.MULTILINE)
    return all(line.rstrip().endswith(",") for line in found)
