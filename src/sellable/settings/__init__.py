"""Every setting of the service, in one table: flag over `SELLABLE_*` over file over default.

`load_settings` and `settings_in_force` are the only ways in: they refuse names that nobody knows,
values out of bounds and settings that contradict each other, all at once, in words for a person
and each with where it came from.
"""

from __future__ import annotations

from sellable.settings.loading import (
    CONFIG_VARIABLE,
    DEFAULT,
    OF_CLIENTS,
    InForce,
    load_settings,
    settings_in_force,
    without_password,
)
from sellable.settings.reference import reference
from sellable.settings.rows import TABLE, Setting
from sellable.settings.silences import Silences
from sellable.settings.table import PREFIX, Settings, data_folder_default

__all__ = [
    "CONFIG_VARIABLE",
    "DEFAULT",
    "OF_CLIENTS",
    "PREFIX",
    "TABLE",
    "InForce",
    "Setting",
    "Settings",
    "Silences",
    "data_folder_default",
    "load_settings",
    "reference",
    "settings_in_force",
    "without_password",
]
