"""The rows of the table: what is known of each setting, read from the annotations of `Settings`."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Literal, get_args, get_origin, get_type_hints

from msgspec import inspect

from sellable.settings.table import PREFIX, Settings, data_folder_default

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of the table.

    Args:
        name: In the settings file; flag and environment name follow from it.
        kind: What values are converted to.
        default: Answers the value of one that was not set.
        default_text: The default for people, the same on every machine.
        group: What it is about.
        meaning: One phrase.
        allowed: Which values, in words: "a whole number from 0 to 300000".
        choices: Every value allowed, if they are few words.
        secret: Whether a value may hold a password.
    """

    name: str
    kind: Any
    default: Callable[[], Any]
    default_text: str
    group: str
    meaning: str
    allowed: str
    choices: tuple[str, ...]
    secret: bool

    @property
    def flag(self) -> str:
        """The option of `sellable serve`."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        """The name in the environment."""
        return f"{PREFIX}{self.name.upper()}"


def _row(name: str, kind: Any, default: Callable[[], Any]) -> Setting:
    described = inspect.type_info(kind)
    if not isinstance(described, inspect.Metadata) or described.extra is None:
        raise TypeError(f"setting {name} has no group")
    meaning = kind.__metadata__[0].description
    inner = described.type
    if isinstance(inner, inspect.UnionType):
        inner = next(t for t in inner.types if not isinstance(t, inspect.NoneType))
    choices: tuple[str, ...] = ()
    match inner:
        case _ if "allowed" in described.extra:
            allowed = described.extra["allowed"]
        case inspect.IntType():
            allowed = f"a whole number from {inner.ge} to {inner.le}"
        case inspect.LiteralType():
            choices = _words(kind)
            allowed = f"{', '.join(choices[:-1])} or {choices[-1]}"
        case inspect.StrType(pattern=str()):
            allowed = meaning
        case inspect.StrType():
            allowed = "an address"
        case _:
            allowed = "a path"
    value = default()
    told = "none" if value is None else str(value)
    return Setting(
        name=name,
        kind=kind,
        default=default,
        default_text="~/.local/share/sellable" if default is data_folder_default else told,
        group=described.extra["group"],
        meaning=meaning,
        allowed=allowed,
        choices=choices,
        secret=isinstance(inner, inspect.StrType) and inner.pattern is not None,
    )


def _words(kind: Any) -> tuple[str, ...]:
    """Return the words of a Literal in the order in which they were written."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    return next(filter(None, map(_words, get_args(kind))), ())


def _constant(value: Any) -> Callable[[], Any]:
    return lambda: value


def _rows() -> dict[str, Setting]:
    kinds = get_type_hints(Settings, include_extras=True)
    rows = {}
    for item in fields(Settings):
        made = item.default_factory
        default = _constant(item.default) if made is MISSING else made
        rows[item.name] = _row(item.name, kinds[item.name], default)
    return rows


TABLE: Final = _rows()
