"""The timeline of a document: what is shown of it, asking no service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest

from sellable.cli.bars import Bar, Bars
from support.command import Command

if TYPE_CHECKING:
    from pathlib import Path

NOBODY: Final = Command("127.0.0.1:1")
DOCUMENT: Final = """
locations:
  - {id: DC-PARIS, type: warehouse, country: FR}
  - {id: DC-NYC, type: warehouse, country: US}
markets:
  - {channel: web, country: FR, locations: [DC-PARIS]}
  - {channel: x, country: FR, locations: DC-PARIS, from: 2089-11-27T00:00, until: 2089-12-24T18:00}
protections:
  - {name: peak, market: web/FR, protection_buffer: 5, from: "2001-07-01T00:00"}
  - {name: old, market: web/FR, sku: S, cap: 9, until: "2001-01-01T00:00:00Z"}
  - {location: DC-NYC, sku: S1, blocked: true, from: "2089-12-05T08:00:00Z"}
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Return a document with dated entries."""
    path = tmp_path / "network.yaml"
    path.write_text(DOCUMENT)
    return str(path)


def test_every_dated_entry_is_a_row(file: str) -> None:
    """Past, now and planned, in order, with times of the place and in UTC, and the line."""
    ended = NOBODY("network", "timeline", file)
    assert 0 == ended.exit_code, ended.err
    lines = ended.out.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("what"))
    rows = [[cell.strip() for cell in line.split("   ") if cell.strip()] for line in lines[start:]]
    assert [
        "what",
        "where",
        "holds",
        "state",
        "from",
        "until",
        "from UTC",
        "until UTC",
        "line",
    ] == (rows[0])
    assert [
        ["old", "web/FR", "cap 9 for sku S", "past"],
        ["peak", "web/FR", "protection_buffer 5", "now"],
        ["market x/FR", "x/FR", "open", "planned"],
        ["rule", "DC-NYC", "blocked true for sku S1", "planned"],
    ] == [row[:4] for row in rows[2:]]
    assert ["2001-07-01 00:00+02:00", "2001-06-30 22:00", "9"] == rows[3][4:]
    assert [
        "2089-11-27 00:00+01:00",
        "2089-12-24 18:00+01:00",
        "2089-11-26 23:00",
        "2089-12-24 17:00",
        "7",
    ] == rows[4][4:]
    assert ["2089-12-05 08:00", "11"] == rows[5][4:]  # a country of many zones: UTC alone


def test_the_timeline_for_scripts(file: str) -> None:
    """Instants are UTC; what has no bound is null."""
    (peak,) = NOBODY(
        "network", "timeline", file, "--from", "2010-01-01", "--until", "2011-01-01", "--json"
    ).value["spans"]
    assert {
        "title": "peak",
        "target": "web/FR",
        "text": "protection_buffer 5",
        "state": "now",
        "time_zone": "Europe/Paris",
        "start_time": "2001-06-30T22:00:00.000Z",
        "end_time": None,
        "line": 9,
    } == peak


@pytest.mark.parametrize(
    ("arguments", "titles"),
    [
        (["--until", "2001-01-01"], ["old"]),
        (["--from", "2001-01-01T00:00Z"], ["peak", "market x/FR", "rule"]),
        (["--until", "2001-07-01T00:00+02:00"], ["old"]),
        (["--until", "2001-07-01T00:01+02:00"], ["old", "peak"]),
        (["--from", "2089-12-24T18:00+01:00"], ["peak", "rule"]),
        (["--sort", "-line"], ["rule", "old", "peak", "market x/FR"]),
        (["--limit", "1"], ["old"]),
    ],
)
def test_which_part_of_it(file: str, arguments: list[str], titles: list[str]) -> None:
    """Entries are half open: one that ends when the part begins is not in it."""
    value = NOBODY("network", "timeline", file, "--json", *arguments).value
    assert titles == [span["title"] for span in value["spans"]]


def test_a_document_without_dates(tmp_path: Path) -> None:
    """It says so, and what is read from standard input is named."""
    ended = NOBODY("network", "timeline", "-", stdin=DOCUMENT.partition("  - {channel: x")[0])
    assert (0, "nothing that is dated in standard input\n") == ended[:2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "soon"], "'soon' is not a time like 2026-11-20 or 2026-11-20T09:00+01:00"),
        (["--from", "2026-11-20", "--until", "2026-11-20"], "--until: must be later than --from"),
        (["--plot", "x.gif"], "x.gif: a picture is a file that ends in .png, .svg, .pdf"),
        (["--plot", "/nowhere/x.png"], "cannot write /nowhere/x.png: No such file or directory"),
        (["--sort", "form"], "no column 'form': did you mean from?"),
    ],
)
def test_what_cannot_be_shown(file: str, arguments: list[str], said: str) -> None:
    """Each option that is wrong is told by its name."""
    ended = NOBODY("network", "timeline", file, *arguments)
    assert (2, "") == ended[:2]
    assert said in ended.err


def test_a_picture_is_drawn(file: str, tmp_path: Path) -> None:
    """The bars are in a PNG as well."""
    picture = tmp_path / "timeline.png"
    ended = NOBODY("network", "timeline", file, "--plot", str(picture))
    assert (0, f"drawn into {picture}\n") == (ended.exit_code, ended.err)
    assert picture.read_bytes().startswith(b"\x89PNG\r\n")


def test_bars_are_as_long_as_their_time() -> None:
    """Over an axis of a hundred days each bar fills its share, and ends where it ends."""
    now = datetime(2026, 1, 1, tzinfo=UTC)

    def at(days: int) -> int:
        return round((now + timedelta(days=days)).timestamp() * 1_000)

    bars = Bars(
        [
            Bar("all", None, None, "now", "green"),
            Bar("half", at(0), at(50), "now", "green"),
            Bar("later", at(25), None, "planned", "yellow"),
            Bar("over", None, at(-1), "past", "dim"),
        ],
        at(10),
        at(0),
        at(100),
    )
    assert [100, 50, 75, 0] == [
        round((end - start) / 86_400_000) for start, end in map(bars.span_of, bars.bars)
    ]
