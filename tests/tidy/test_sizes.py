"""Nothing grows beyond what a reader can hold: files, functions, scripts and lines."""

from __future__ import annotations

import ast
import re
from typing import Final

from support.sources import shown, written

FILE_LINES_MAX: Final = 300
FUNCTION_LINES_MAX: Final = 60
SCRIPT_BODY_LINES_MAX: Final = 80  # below the header
LUA_COLUMNS_MAX: Final = 120
# The reference model and what drives it: each reads as one story.
LONG_FILES: Final = {
    "tests/integration/test_store_regressions.py",
    "tests/model/test_store_model.py",
    "tests/support/model.py",
}
_HEADER: Final = re.compile(r"\A#!lua.*?^\]\]\n", re.DOTALL | re.MULTILINE)


def lines(text: str) -> int:
    """Count lines."""
    return text.count("\n")


def test_python_files_are_short() -> None:
    """No hand-written Python file has more than 300 lines."""
    long = {
        shown(path): count
        for path in written(".py")
        if (count := lines(path.read_text())) > FILE_LINES_MAX and shown(path) not in LONG_FILES
    }
    assert {} == long


def test_python_functions_are_short() -> None:
    """No function has more than 60 lines, its docstring included."""
    long = {}
    for path in written(".py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                count = node.end_lineno - node.lineno + 1
                if count > FUNCTION_LINES_MAX:
                    long[f"{shown(path)}: {node.name}"] = count
    assert {} == long


def test_scripts_are_short() -> None:
    """No script has more than 80 lines below its header, and no include more than 80 lines."""
    sizes = {shown(path): lines(_HEADER.sub("", path.read_text())) for path in written(".lua")}
    assert {} == {name: count for name, count in sizes.items() if count > SCRIPT_BODY_LINES_MAX}


def test_lua_lines_are_short() -> None:
    """No line of a script is wider than 120 characters."""
    wide = [
        f"{shown(path)}:{number}"
        for path in written(".lua")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > LUA_COLUMNS_MAX
    ]
    assert [] == wide
