"""The reference of settings as Markdown, made from the table."""

from __future__ import annotations

from itertools import groupby

from sellable.settings.loading import CONFIG_VARIABLE, OF_CLIENTS
from sellable.settings.rows import TABLE


def reference() -> str:
    """Return the tables of README.md: one a group, and one of what commands read."""
    parts = []
    for group, settings in groupby(TABLE.values(), key=lambda setting: setting.group):
        parts.append(f"### {group}\n\n| file | environment | flag | default | allowed | meaning |")
        parts.append("|---|---|---|---|---|---|")
        for one in settings:
            allowed = "a URL" if one.secret else one.allowed
            parts.append(
                f"| `{one.name}` | `{one.variable}` | `{one.flag}` | `{one.default_text}` "
                f"| {allowed} | {one.meaning} |"
            )
        parts.append("")
    parts.append("### Not settings of a service\n\n| environment | meaning |\n|---|---|")
    parts.append(f"| `{CONFIG_VARIABLE}` | the settings file, as `--config FILE` |")
    parts += [f"| `{name}` | {meaning} |" for name, meaning in OF_CLIENTS.items()]
    return "\n".join(parts) + "\n"
