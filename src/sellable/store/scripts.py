"""The Lua scripts: read once, includes spliced, headers checked against bodies.

A script is `lua/<name>.lua`; its header names every KEYS and ARGV index and every OUTCOME. A line
`--- @include a b` splices `lua/include/a.lua` and `b.lua` once each, in that order; includes do not
include. The SHA of the flattened source is the version: processes of an old and a new release on
one store never run each other's code.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sellable.store.wire import Argument, Command

_INCLUDE: Final = re.compile(r"^--- @include (.+)$", re.MULTILINE)
_HEADER: Final = re.compile(r"\A#!lua(?: flags=no-writes)?\n--\[\[\n(.*?)\n\]\]\n", re.DOTALL)
_DECLARED: Final = re.compile(r"^(KEYS|ARGV)\[(\d+)\]", re.MULTILINE)
_USED: Final = re.compile(r"\b(KEYS|ARGV)\[(\d+)\]")
_OUTCOME: Final = re.compile(r"^OUTCOME  ([A-Z_]+) ", re.MULTILINE)
_WORD_CALLED: Final = re.compile(r"\b(\w+)\(")
_NAME_CALLED: Final = re.compile(r"(?<![.'\w])(\w+)\(")
_ANSWERED: Final = re.compile(r"\b(?:reply\(|finish\(|return \{ )'([A-Z_]+)'")


class ScriptFault(Exception):
    """A script breaks a rule of this room; raised at import, so it never ships."""


@dataclass(frozen=True, slots=True)
class Script:
    """One script; `sha` is the SHA-1 of its source, which is its name in the engine.

    One that `writes` may change something; the engine holds the others to it.
    """

    name: str
    source: str
    sha: str
    outcomes: frozenset[str] = frozenset()
    writes: bool = True

    def command(self, keys: Sequence[str], args: Sequence[Argument]) -> Command:
        """Return the command that runs the script in a store that knows it."""
        return ("EVALSHA", self.sha, len(keys), *keys, *args)


def flatten(name: str, text: str, includes: Mapping[str, str]) -> str:
    """Splice the includes of a script into its text.

    Raises:
        ScriptFault: An include is unknown, repeated, called but not named, or named too late.
    """
    named = [word for found in _INCLUDE.findall(text) for word in found.split()]
    for position, word in enumerate(named):
        if word not in includes:
            raise ScriptFault(f"{name}: include {word!r} does not exist")
        if word in named[:position]:
            raise ScriptFault(f"{name}: include {word!r} is named twice")
        if _INCLUDE.search(includes[word]):
            raise ScriptFault(f"{name}: include {word!r} includes; one level is the limit")
        later = includes.keys() - {word, *named[:position]}
        for other in sorted(later & set(_WORD_CALLED.findall(includes[word]))):
            raise ScriptFault(f"{name}: {word} calls {other}, which must be included before it")
    missing = includes.keys() - set(named)
    for other in sorted(missing & set(_NAME_CALLED.findall(_HEADER.sub("", text)))):
        raise ScriptFault(f"{name}: calls {other}, which it does not include")
    spliced = iter(_INCLUDE.findall(text))
    return _INCLUDE.sub(
        lambda _: "\n".join(includes[word].rstrip() for word in next(spliced).split()), text
    )


def check_header(name: str, source: str) -> frozenset[str]:
    """Hold a header against its body; return the outcomes that it names.

    Raises:
        ScriptFault: No header, a gap in the indexes, an index or an outcome that is not declared,
            or an outcome that is never answered.
    """
    header = _HEADER.match(source)
    if header is None:
        raise ScriptFault(f"{name}: the script must open with #!lua and a header")
    if not header[1].startswith(f"{name}: "):
        raise ScriptFault(f"{name}: the header must open with the script's name")
    body = source[header.end() :]
    for kind in ("KEYS", "ARGV"):
        declared = [int(index) for which, index in _DECLARED.findall(header[1]) if which == kind]
        used = {int(index) for which, index in _USED.findall(body) if which == kind}
        if declared != list(range(1, len(declared) + 1)):
            raise ScriptFault(f"{name}: the {kind} of the header have a gap: {declared}")
        if not used <= set(declared):
            raise ScriptFault(f"{name}: uses {kind} {sorted(used - set(declared))} undeclared")
    outcomes = frozenset(_OUTCOME.findall(header[1]))
    if undeclared := set(_ANSWERED.findall(body)) - outcomes:
        raise ScriptFault(f"{name}: answers {sorted(undeclared)}, which the header does not name")
    if unused := {outcome for outcome in outcomes if f"'{outcome}'" not in body}:
        raise ScriptFault(f"{name}: the header names {sorted(unused)}, which it never answers")
    return outcomes


def load() -> dict[str, Script]:
    """Read every script of the package, by name."""
    folder = resources.files("sellable.store") / "lua"
    includes = {
        entry.name.removesuffix(".lua"): entry.read_text("utf-8")
        for entry in (folder / "include").iterdir()
        if entry.name.endswith(".lua")
    }
    scripts = {}
    for entry in folder.iterdir():
        if not entry.name.endswith(".lua"):
            continue
        name = entry.name.removesuffix(".lua")
        source = flatten(name, entry.read_text("utf-8"), includes)
        sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
        writes = not source.startswith("#!lua flags=no-writes\n")
        scripts[name] = Script(name, source, sha, check_header(name, source), writes)
    return scripts


SCRIPTS: Final = load()
