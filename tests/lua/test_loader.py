"""The loader refuses every script that breaks a rule of its room, and says which."""

from __future__ import annotations

from textwrap import dedent

import pytest

from sellable.store.scripts import ScriptFault, check_header, flatten

INCLUDES = {
    "key": "local function key(kind)\n  return kind\nend\n",
    "load": "local function load(name)\n  return key(name)\nend\n",
}
HEADER = """\
#!lua
--[[
give: one thing.
KEYS[1]  network  hash  the network
ARGV[1]  now_ms   int   the time
OUTCOME  DONE     nothing
OUTCOME  NONE     nothing
]]
"""


def source(body: str, header: str = HEADER) -> str:
    """Return a script of this body."""
    return header + dedent(body)


def fault_of_includes(text: str, includes: dict[str, str] = INCLUDES) -> str:
    """Return why a script cannot be flattened."""
    with pytest.raises(ScriptFault) as caught:
        flatten("give", text, includes)
    return str(caught.value)


def fault_of_header(body: str, header: str = HEADER) -> str:
    """Return why the header and the body of a script do not fit."""
    with pytest.raises(ScriptFault) as caught:
        check_header("give", source(body, header))
    return str(caught.value)


GOOD = """\
if KEYS[1] == ARGV[1] then
  return reply('NONE', {})
end
return { 'DONE' }
"""


def test_includes_are_spliced_in_their_order() -> None:
    """Each include stands once, before what calls it."""
    text = flatten("give", "--- @include key load\nreturn load('a')\n", INCLUDES)
    assert INCLUDES["key"] + INCLUDES["load"] + "return load('a')\n" == text


def test_outcomes_of_the_header_are_known() -> None:
    """A header that fits its body gives the outcomes."""
    assert frozenset({"DONE", "NONE"}) == check_header("give", source(GOOD))


def test_unknown_include_is_refused() -> None:
    """An include that is no file is named."""
    fault = fault_of_includes("--- @include key lock\n")
    assert "give: include 'lock' does not exist" == fault


def test_repeated_include_is_refused() -> None:
    """An include stands in one place."""
    fault = fault_of_includes("--- @include key\n--- @include load key\n")
    assert "give: include 'key' is named twice" == fault


def test_nested_include_is_refused() -> None:
    """An include does not include."""
    includes = {**INCLUDES, "deep": "--- @include key\nlocal function deep() end\n"}
    fault = fault_of_includes("--- @include deep\n", includes)
    assert "give: include 'deep' includes; one level is the limit" == fault


def test_include_before_what_it_calls_is_refused() -> None:
    """Lua would find no function of that name at run time; the loader says so at import."""
    fault = fault_of_includes("--- @include load key\nreturn load('a')\n")
    assert "give: load calls key, which must be included before it" == fault


def test_include_without_what_it_calls_is_refused() -> None:
    """What an include calls must be included as well."""
    fault = fault_of_includes("--- @include load\nreturn load('a')\n")
    assert "give: load calls key, which must be included before it" == fault


def test_call_without_include_is_refused() -> None:
    """A script includes what it calls."""
    assert "give: calls load, which it does not include" == fault_of_includes("return load('a')\n")


@pytest.mark.parametrize("header", ["", "--[[\ngive: x.\n]]\n", "#!lua\n", "#!lua\n-- give: x.\n"])
def test_missing_header_is_refused(header: str) -> None:
    """Every script opens with its engine line and its header."""
    fault = fault_of_header(GOOD, header)
    assert "give: the script must open with #!lua and a header" == fault


def test_header_of_another_script_is_refused() -> None:
    """A header that was copied says so."""
    fault = fault_of_header(GOOD, HEADER.replace("give:", "take:"))
    assert "give: the header must open with the script's name" == fault


@pytest.mark.parametrize("index", ["KEYS[2]", "KEYS[0]"])
def test_gap_in_the_indexes_is_refused(index: str) -> None:
    """Indexes count from 1 without a gap."""
    fault = fault_of_header(GOOD, HEADER.replace("KEYS[1]", index))
    assert f"give: the KEYS of the header have a gap: [{index[5]}]" == fault


def test_repeated_index_is_refused() -> None:
    """An index is declared once."""
    twice = HEADER.replace("ARGV[1]", "ARGV[1]  old  int  the time\nARGV[1]")
    assert "give: the ARGV of the header have a gap: [1, 1]" == fault_of_header(GOOD, twice)


def test_undeclared_index_is_refused() -> None:
    """A body uses only what its header names."""
    fault = fault_of_header(GOOD.replace("ARGV[1]", "ARGV[2]"))
    assert "give: uses ARGV [2] undeclared" == fault


@pytest.mark.parametrize("answer", ["reply('LOST', {})", "finish('LOST', r)", "{ 'LOST' }"])
def test_undeclared_outcome_is_refused(answer: str) -> None:
    """An outcome that is answered is named."""
    fault = fault_of_header(f"if KEYS[1] then\n  return {answer}\nend\n" + GOOD)
    assert "give: answers ['LOST'], which the header does not name" == fault


def test_unused_outcome_is_refused() -> None:
    """An outcome that is named is answered."""
    fault = fault_of_header("return { 'DONE', KEYS[1] }\n")
    assert "give: the header names ['NONE'], which it never answers" == fault
