"""Documents that nothing executes rot; these tests execute what can be."""

from __future__ import annotations

import re
from typing import Final

import pytest

from sellable.settings import TABLE, reference
from sellable.store.scripts import SCRIPTS
from support.sources import ROOT, shown, written

SCRIPT_ROOM: Final = ROOT / "src" / "sellable" / "store" / "lua" / "README.md"
UNFINISHED: Final = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
_FENCE: Final = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_LINK: Final = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def test_one_title_per_page() -> None:
    """Every page of Markdown has one title, on its first line."""
    wrong = []
    for path in written(".md"):
        text = _FENCE.sub("", path.read_text())
        if not text.startswith("# ") or len(re.findall(r"^# ", text, re.MULTILINE)) != 1:
            wrong.append(shown(path))
    assert [] == wrong


def test_links_lead_somewhere() -> None:
    """Every link to a file of the project finds it."""
    broken = [
        f"{shown(path)}: {link}"
        for path in written(".md")
        for link in _LINK.findall(path.read_text())
        if not (path.parent / link).exists()
    ]
    assert [] == broken


def test_nothing_is_left_unfinished() -> None:
    """No file says that it is to be finished later."""
    marked = [
        shown(path)
        for suffix in (".py", ".lua", ".md", ".proto", ".toml", ".txt", ".yaml")
        for path in written(suffix)
        if UNFINISHED.search(path.read_text())
    ]
    assert [] == marked


@pytest.mark.parametrize("name", TABLE)
def test_every_setting_says_what_it_does(name: str) -> None:
    """A setting's meaning is one phrase, as the command line shows it."""
    assert TABLE[name].meaning
    assert not TABLE[name].meaning.endswith(".")


def test_the_reference_of_settings_is_the_table() -> None:
    """The page has what the table has, to the letter."""
    page = (ROOT / "src" / "sellable" / "settings" / "README.md").read_text()
    written_out = page.partition("## Reference\n\n")[2].partition("\n## ")[0]
    assert reference() == written_out


def test_scripts_are_in_their_table() -> None:
    """The table of scripts says what their headers say."""
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", SCRIPT_ROOM.read_text(), re.MULTILINE))
    assert {name: row_of(name) for name in SCRIPTS} == rows


def test_files_of_ingest_are_in_their_table() -> None:
    """The largest room says of each of its files what it is part of."""
    room = ROOT / "src" / "sellable" / "ingest"
    linked = {link for link in _LINK.findall((room / "README.md").read_text()) if "/" not in link}
    files = {path.name for path in room.glob("*.py") if path.name != "__init__.py"}
    assert files == {link for link in linked if link.endswith(".py")}


def test_load_tests_are_in_their_table() -> None:
    """Every program that measures has a row, with how it is called."""
    folder = ROOT / "loadtests"
    rows = re.findall(
        r"^\| `(?:PYTHONPATH=tests )?python loadtests/(\w+\.py)`",
        (folder / "README.md").read_text(),
        re.MULTILINE,
    )
    programs = {path.name for path in folder.glob("*.py") if "__main__" in path.read_text()}
    assert programs - {"echo_server.py", "redis_py_server.py"} == set(rows)  # those are contenders


def test_knobs_of_tests_are_told() -> None:
    """Whatever makes a test larger or smaller is in the page of the tests, and nothing else is."""
    named = {
        name
        for path in written(".py")
        if "tests" in path.relative_to(ROOT).parts
        for name in re.findall(r"\"(SELLABLE_TEST_\w+)\"", path.read_text())
    }
    page = (ROOT / "tests" / "README.md").read_text()
    assert named == set(re.findall(r"SELLABLE_TEST_\w+", page))


def row_of(name: str) -> str:
    """Return what the table says of a script: its first sentence, and its outcomes in order."""
    header = SCRIPTS[name].source.partition("--[[\n")[2].partition("\n]]")[0]
    purpose = header.partition("KEYS[1]")[0].removeprefix(f"{name}: ").replace("\n", " ")
    sentence = re.split(r"(?<=\.) ", purpose.partition(" Why one script")[0])[0].strip()
    outcomes = re.findall(r"^OUTCOME  ([A-Z_]+) ", header, re.MULTILINE)
    return f"{sentence} | {', '.join(outcomes)}"
