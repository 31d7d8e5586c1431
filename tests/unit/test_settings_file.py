"""The settings file: its rank, and every mistake answered with the place where it is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sellable.errors import SettingsRefused
from sellable.settings import PREFIX, TABLE, settings_in_force, without_password

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the environment of the tests says."""
    for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
        monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where the settings file lies."""
    return tmp_path / "sellable.yaml"


def test_the_nearest_word_counts(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    """Flag over environment over file over default, and each says where it is from."""
    file.write_text("# ours\nlisten: file:1\nlog_level: debug\nlog_format: json\nstore: ~\n")
    monkeypatch.setenv("SELLABLE_LISTEN", "environment:1")
    monkeypatch.setenv("SELLABLE_LOG_LEVEL", "error")
    monkeypatch.setenv("SELLABLE_LOG_FORMAT", "")
    force = settings_in_force({"listen": "flag:1", "data": None}, file)
    assert {
        "listen": ("flag:1", "--listen"),
        "log_level": ("error", "SELLABLE_LOG_LEVEL"),
        "log_format": ("json", f"{file}:4:1"),
        "transport": ("auto", "default"),
        "store": (None, "default"),
    } == {
        setting.name: (value, origin)
        for setting, value, origin in force.rows()
        if setting.name in {"listen", "log_level", "log_format", "transport", "store"}
    }


def test_the_environment_can_name_the_file(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    """SELLABLE_CONFIG is what --config is; the flag wins."""
    file.write_text("listen: file:1")
    monkeypatch.setenv("SELLABLE_CONFIG", str(file))
    assert "file:1" == settings_in_force({}).settings.listen
    other = file.with_name("other.yaml")
    other.write_text("listen: other:1")
    assert "other:1" == settings_in_force({}, other).settings.listen


@pytest.mark.parametrize("text", ["", "\n# all of it\n  # left out\n"])
def test_a_file_that_sets_nothing(file: Path, text: str) -> None:
    """A file of comments is a file of defaults."""
    file.write_text(text)
    assert set(settings_in_force({}, file).origins.values()) == {"default"}


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("listn: h:1\n", ["1:1: listn is not a setting: did you mean listen?"]),
        (
            "READ-QUEUE-MAX: 5",
            ["1:1: READ-QUEUE-MAX is not a setting: did you mean read_queue_max?"],
        ),
        ("qqq: 1", ["1:1: qqq is not a setting"]),
        (
            "\nttl_ms_min: soon",
            ["2:1: ttl_ms_min 'soon' is not a whole number from 1000 to 604800000"],
        ),
        ("listen: [a, b]", ["1:9: listen must be a single value"]),
        (
            "listen: a:1\nlisten: b:1",
            ["2:1: listen: duplicate key 'listen', first at line 1, column 1"],
        ),
        ("- listen", ["1:1: settings are one a line, e.g. listen: 127.0.0.1:50051"]),
        ("listen: *x", ["1:9: listen: aliases are not supported: write the value itself"]),
        ("listen: 'a", ["1:11: not YAML: found unexpected end of stream"]),
        ("---\na: 1\n---\nb: 2", ["3:1: only one document is allowed"]),
        (
            "store: http://:secret@h",
            ["1:1: store must be redis://, rediss:// or unix:// of a server"],
        ),
        (
            "partitions: 2",
            ["partitions is 2: more than 1 comes with the cluster (partitions from FILE:1:1)"],
        ),
        (
            "listn: 1\nread_queue_max: 0\ntransport: pigeon",
            [
                "1:1: listn is not a setting: did you mean listen?",
                "3:1: transport 'pigeon' is not auto, native or grpcio",
                "2:1: read_queue_max '0' is not a whole number from 1 to 1000000",
            ],
        ),
    ],
)
def test_a_mistake_is_told_where_it_is(file: Path, text: str, problems: list[str]) -> None:
    """Every problem has its place, and all are told together."""
    file.write_text(text)
    with pytest.raises(SettingsRefused) as caught:
        settings_in_force({}, file)
    assert len(problems) == len(caught.value.problems)
    for expected, told in zip(problems, caught.value.problems, strict=True):
        plain = told.replace(str(file), "FILE")
        assert plain.removeprefix("FILE:").startswith(expected), told
        assert "secret" not in told


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot read FILE: No such file or directory"),
        (b"listen: \xff", "FILE:1: not UTF-8 at byte 8"),
        (b"#" * 300_000, "FILE has more than 262144 bytes: it is no settings file"),
        (b"listen: \x07", "FILE:1:9: character U+0007 is not allowed in YAML"),
    ],
)
def test_a_file_that_cannot_be_read(file: Path, content: bytes | None, problem: str) -> None:
    """The file is named, and why it cannot be read."""
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsRefused) as caught:
        settings_in_force({}, file)
    assert (problem,) == tuple(p.replace(str(file), "FILE") for p in caught.value.problems)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://h:1/0", "redis://h:1/0"),
        ("redis://user:p@ss@h:1", "redis://***@h:1"),
        ("unix:///run/v.sock?password=p", "unix:///run/v.sock?***"),
    ],
)
def test_a_store_is_shown_without_its_password(url: str, shown: str) -> None:
    """Whatever a URL carries besides where the store is stays unsaid."""
    assert shown == without_password(url)


def test_flags_and_variables_follow_from_the_name() -> None:
    """One name makes the other two."""
    assert ("--ttl-ms-min", "SELLABLE_TTL_MS_MIN") == (
        TABLE["ttl_ms_min"].flag,
        TABLE["ttl_ms_min"].variable,
    )
