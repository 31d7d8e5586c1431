"""The commands of the command line, and the examples in their help."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import typer.main

from sellable.cli.app import app

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXAMPLE: Final = re.compile(r"^ +(sellable .*)$", re.MULTILINE)
_REDIRECTED: Final = re.compile(r" [>|] .*")


class Told(NamedTuple):
    """A command or group: how it is called, and what its help says."""

    name: str
    help: str
    is_group: bool

    @property
    def examples(self) -> list[str]:
        """Every line of the help that is to be typed."""
        return _EXAMPLE.findall(self.help)


def commands() -> list[Told]:
    """Return the program, its groups and its commands."""
    return list(_commands("sellable", typer.main.get_command(app)))


def words(example: str) -> list[str]:
    """Return the arguments of an example, without its comment and where its output goes."""
    return shlex.split(_REDIRECTED.sub("", example), comments=True)[1:]


def parse(arguments: list[str]) -> str:
    """Read arguments as the program does, without running anything; return the command's name."""
    command: Any = typer.main.get_command(app)
    context = command.make_context("sellable", arguments)
    while hasattr(command, "commands"):
        name, command, rest = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        context = command.make_context(name, rest, parent=context)
    path: str = context.command_path
    return path


def _commands(name: str, command: Any) -> Iterator[Told]:
    children = getattr(command, "commands", None)
    yield Told(name, command.help or "", children is not None)
    for child in (children or {}).values():
        yield from _commands(f"{name} {child.name}", child)
