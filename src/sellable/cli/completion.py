"""`sellable completion`: what makes the shell complete commands, options and their values."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from typing import Annotated, Final

import typer
from typer._completion_classes import completion_init
from typer._completion_shared import get_completion_script

PROGRAM: Final = "sellable"
_VARIABLE: Final = "_SELLABLE_COMPLETE"


class Shell(StrEnum):
    """The shells that can be taught."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion_command(
    shell: Annotated[Shell, typer.Argument(metavar="bash|zsh|fish", show_default=False)],
) -> None:
    """Print the script that makes a shell complete commands, options and their values.

    Put it where the shell reads it at its start; for bash that is
    ~/.local/share/bash-completion/completions/sellable.

    Examples:
      sellable completion bash > sellable.bash
      sellable completion zsh > ~/.zfunc/_sellable
      sellable completion fish > ~/.config/fish/completions/sellable.fish
    """
    script = get_completion_script(prog_name=PROGRAM, complete_var=_VARIABLE, shell=shell)
    sys.stdout.write(f"{script}\n")


def prepare_completion() -> None:
    """Make ready to answer the shell, if it is the shell that asks."""
    if _VARIABLE in os.environ:
        completion_init()
