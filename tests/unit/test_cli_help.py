"""The help: every example in it is a command, and the shell is taught to complete."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

import pytest

from support.command import SCRIPT, Command
from support.examples import Told, commands, parse, words

NOBODY: Final = Command("127.0.0.1:1")
TOLD: Final = commands()
# What a terminal of 80 columns shows without folding: the help is indented by one on both sides.
_COLUMNS_MAX: Final = 78
# bash as a person has it: the words typed so far, and what it would offer for the last one.
_COMPLETE: Final = """
source "$SCRIPT" || exit 1
COMP_WORDS=(sellable "$@")
COMP_CWORD=$#
$(complete -p sellable | sed 's/.*-F \\([^ ]*\\) .*/\\1/') "$0"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder that has what the examples read."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("told", TOLD, ids=lambda told: told.name)
def test_every_help_has_an_example(told: Told) -> None:
    """A person who asks how a command is used sees it used."""
    assert told.examples
    if not told.is_group:
        assert all(f"{example} ".startswith(f"{told.name} ") for example in told.examples)


@pytest.mark.parametrize("told", TOLD, ids=lambda told: told.name)
def test_every_example_is_a_command(told: Told, folder: Path) -> None:
    """Each line that is to be typed is read by the program without a complaint."""
    for example in told.examples:
        arguments = words(example)
        if "--help" in arguments:
            assert 0 == NOBODY(*arguments).exit_code
            continue
        for argument in arguments:
            if Path(argument).suffix:
                (folder / argument).parent.mkdir(parents=True, exist_ok=True)
                (folder / argument).touch()
        assert parse(arguments).startswith(told.name.partition(" ")[0]), example


@pytest.mark.parametrize("told", TOLD, ids=lambda told: told.name)
def test_help_fits_a_terminal(told: Told) -> None:
    """Examples keep their lines, and prose has none: the terminal folds it."""
    for paragraph in told.help.split("\n\n"):
        lines = paragraph.splitlines()
        assert len(lines) == 1 or any(line.startswith(" ") for line in lines)
        assert [] == [line for line in lines[1:] if len(line) > _COLUMNS_MAX]


def test_the_manual_shows_every_group() -> None:
    """The first page has how to begin, each group with its commands, and the exit codes."""
    shown = NOBODY("--help").out
    assert shown == NOBODY().out
    for word in ("To begin:", "The service", "The network", "Stock", "Reservations", "Exit codes:"):
        assert word in shown
    for told in TOLD:
        name = told.name.split()
        if len(name) == 2:
            assert f" {name[1]} " in shown


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep the script that teaches bash."""
    file = tmp_path_factory.mktemp("completion") / "sellable.bash"
    file.write_text(NOBODY("completion", "bash").out)
    return file


def completed(script: Path, *typed: str) -> list[str]:
    """Return what bash offers after these words."""
    done = subprocess.run(
        ["bash", "--norc", "-c", _COMPLETE, str(SCRIPT), *typed],  # noqa: S607 - bash on PATH
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "SCRIPT": str(script), "PATH": f"{SCRIPT.parent}:{os.environ['PATH']}"},
    )
    assert "" == done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["reser"], {"reserve", "reservations"}),
        (["network", "v"], {"versions", "validate"}),
        (["network", "diff", "--te"], {"--text"}),
        (["sourcing", "plan", "order.json", "--res"], {"--reservation", "--reserve"}),
        (
            ["reservations", "--state", ""],
            {"held", "confirmed", "fulfilled", "released", "expired"},
        ),
        (["serve", "--transport", ""], {"auto", "native", "grpcio"}),
        (["serve", "--log-level", "d"], {"debug"}),
        (["completion", ""], {"bash", "zsh", "fish"}),
        (["release", "cart-7", "--refusal", "no"], {"not-found", "no-capacity"}),
    ],
    ids=" ".join,
)
def test_bash_completes(script: Path, typed: list[str], offered: set[str]) -> None:
    """Commands, options and the values of options are offered by the script in a real bash."""
    assert offered == set(completed(script, *typed))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell(shell: str) -> None:
    """Each script asks the program itself."""
    ended = NOBODY("completion", shell)
    assert 0 == ended.exit_code
    assert f"complete_{shell}" in ended.out
    assert "sellable" in ended.out


def test_another_shell_is_refused() -> None:
    """What cannot be taught is refused with what can."""
    ended = NOBODY("completion", "tcsh")
    assert 2 == ended.exit_code
    assert "'bash', 'zsh', 'fish'" in ended.err
