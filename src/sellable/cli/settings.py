"""The flags of the settings, made from their table, and `sellable check-config`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Annotated, Any, Concatenate, Final, ParamSpec

import typer
from rich.markup import escape
from rich.text import Text

from sellable.cli.client import AsJson
from sellable.cli.show import table
from sellable.cli.terminal import Answer, write_answer
from sellable.settings import DEFAULT, TABLE, InForce, Setting, settings_in_force

# How flags are shown whose values have a form of their own.
_METAVARS: Final = {
    "durability": "fsync|primary|replica:N",
    "feed_silent_after": "NAME=DURATION,...",
}
_Arguments = ParamSpec("_Arguments")

_Config = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        envvar="SELLABLE_CONFIG",
        help="YAML file of settings; flags and SELLABLE_* variables win over it",
        show_default="none",
    ),
]


def takes_settings(
    command: Callable[Concatenate[InForce, _Arguments], None],
    names: Collection[str] = tuple(TABLE),
) -> Callable[..., None]:
    """Give a command the settings in force, and a flag for each of those that are named."""
    _, *own = inspect.signature(command, eval_str=True).parameters.values()

    @functools.wraps(command)
    def run(**given: Any) -> None:
        config = given.pop("config")
        flags = {name: given.pop(name) for name in names}
        command(settings_in_force(flags, config), **given)  # type: ignore[call-arg]

    options = {"config": _Config, **{name: _option(TABLE[name]) for name in names}}
    parameters = [
        *own,
        *(
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
            for name, kind in options.items()
        ),
    ]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return run


def check_config_command(in_force: InForce, *, as_json: AsJson = False) -> None:
    """Show every setting in force and where it comes from, or all that is wrong with them.

    Starts nothing and takes what `sellable serve` takes.

    Examples:
      sellable check-config --config sellable.yaml
      sellable check-config --store redis://localhost:6379 --json
    """
    shown = table("setting", "value", "from", "meaning")
    for setting, value, origin in in_force.rows():
        style = "dim" if origin == DEFAULT else "bold"
        told = Text("none" if value is None else str(value), style=style)
        shown.add_row(setting.name, told, Text(origin, style=style), setting.meaning)
    settings = [
        {
            "name": setting.name,
            "value": value if value is None or isinstance(value, int) else str(value),
            "from": origin,
            "meaning": setting.meaning,
        }
        for setting, value, origin in in_force.rows()
    ]
    write_answer(Answer({"settings": settings}, [shown]), as_json=as_json)


def _option(setting: Setting) -> Any:
    """Return a flag as text: the table decides what is right, so that all is refused at once."""
    metavar = "N" if setting.allowed.startswith("a whole") else "PATH"
    if setting.name in _METAVARS:
        metavar = _METAVARS[setting.name]
    elif setting.choices:
        metavar = "|".join(setting.choices)
    elif setting.allowed == "an address":
        metavar = "ADDRESS"
    elif setting.secret:
        metavar = "URL"
    return Annotated[
        str | None,
        typer.Option(
            setting.flag,
            metavar=metavar,
            help=escape(setting.meaning),
            show_default=setting.default_text,
            rich_help_panel=setting.group,
            autocompletion=_completion(setting.choices) if setting.choices else None,
        ),
    ]


def _completion(choices: tuple[str, ...]) -> Callable[[str], list[str]]:
    def beginning(incomplete: str) -> list[str]:
        return [choice for choice in choices if choice.startswith(incomplete)]

    return beginning
