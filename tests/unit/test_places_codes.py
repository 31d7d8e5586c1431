"""Postal codes: what a table may look like, and what is found in it."""

from __future__ import annotations

import gzip
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from sellable import limits
from sellable.errors import SettingsRefused
from sellable.geo import Point, distance_km
from sellable.places import reading
from sellable.places.reading import read_postal_codes

if TYPE_CHECKING:
    from sellable.places.codes import PostalCodes

LA_POSTE: Final = (
    Path(__file__).parents[3] / "shared" / "data" / "places" / "fr_laposte_hexasmal_latlon.csv.gz"
)
HEADER: Final = "country,postal_code,latitude,longitude\n"


def geonames(country: str, code: str, latitude: object, longitude: object) -> str:
    """Return a line of GeoNames' format."""
    return f"{country}\t{code}\tA place\tA\tA1\tB\tB1\tC\tC1\t{latitude}\t{longitude}\t4\n"


def table(folder: Path, text: str, name: str = "codes.csv") -> PostalCodes:
    """Read a table of this text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_postal_codes(path)


def refusal(folder: Path, content: bytes, name: str = "codes.csv") -> str:
    """Return why a file of this content is refused, without its path."""
    path = folder / name
    path.write_bytes(content)
    with pytest.raises(SettingsRefused) as caught:
        read_postal_codes(path)
    start = f"postal_codes: {path}: "
    assert str(caught.value).startswith(start)
    return str(caught.value).removeprefix(start)


def test_geonames_is_read_as_it_comes(tmp_path: Path) -> None:
    """Its text, the text in gzip and its ZIP archive give the same codes."""
    text = geonames("FR", "75001", 48.8592, 2.3417) + geonames("DE", "10115", 52.5323, 13.3846)
    plain, packed, archive = (tmp_path / name for name in ("a.txt", "a.txt.gz", "a.zip"))
    plain.write_text(text)
    packed.write_bytes(gzip.compress(text.encode()))
    with zipfile.ZipFile(archive, "w") as stored:
        stored.writestr("readme.txt", "This readme describes the table")
        stored.writestr("allCountries.txt", text)
    for path in (plain, packed, archive):
        codes = read_postal_codes(path)
        assert ("DE", "FR") == codes.countries
        assert Point(48.8592, 2.3417) == codes.lookup("FR", "75001")
        assert codes.lookup("DE", "75001") is None


def test_plain_csv_may_order_its_columns(tmp_path: Path) -> None:
    """Columns are found by the header, in any order and case, beside others."""
    codes = table(
        tmp_path, '\ufeffCity,Longitude,Latitude,Postal_Code,COUNTRY\n"A, B",2,49,"1",fr\n'
    )
    assert Point(49.0, 2.0) == codes.lookup("FR", "1")


def test_spaces_hyphens_and_case_do_not_matter(tmp_path: Path) -> None:
    """A code is found however it is written, in the table and in the question."""
    codes = table(tmp_path, HEADER + "gb,ab10 1aa,57.1,-2.1\nBR,01310-100,-23.6,-46.7\n")
    assert Point(57.1, -2.1) == codes.lookup("gb", "AB101AA")
    assert Point(-23.6, -46.7) == codes.lookup("BR", " 01310100 ")


def test_points_of_a_code_are_averaged(tmp_path: Path) -> None:
    """A code of several places lies in their middle, also across the 180th meridian."""
    rows = "FR,01300,45.0,5.0\nNZ,1,-44,179.5\nFR,01300,46.0,6.0\nNZ,1,-44,-179.5\nFR,01301,1,1\n"
    codes = table(tmp_path, HEADER + rows)
    assert 3 == len(codes)
    assert Point(45.5, 5.5) == codes.lookup("FR", "01300")
    assert Point(-44.0, -180.0) == codes.lookup("NZ", "1")
    assert Point(1.0, 1.0) == codes.lookup("FR", "01301")


@pytest.mark.parametrize(
    ("country", "code", "latitude"),
    [
        ("GB", "AB10 1AA", 10),
        ("GB", "AB1 1AA", 1),  # not AB11, which "AB11AA" begins with
        ("GB", "AB11 6BY", 11),
        ("GB", "W1A 1AA", 2),
        ("GB", "AB12 3CD", None),
        ("GB", "AB1", 1),
        ("BR", "01310-100", 20),
        ("BR", "01311-000", None),
        ("US", "10001-1234", 30),
        ("CA", "M5V 3L9", 40),
        ("NL", "1012 AB", 50),
        ("FR", "75", None),
        ("FR", "", None),
        ("FR", "9" * 100, None),
        ("FR", "75\u00b3", None),
        ("", "75001", None),
    ],
)
def test_longest_known_part_is_taken(
    tmp_path: Path, country: str, code: str, latitude: int | None
) -> None:
    """A table of districts and first digits answers whole codes; a part that misleads does not."""
    rows = (
        "GB,AB10,10,0\nGB,AB1,1,0\nGB,AB11,11,0\nGB,W1,2,0\nBR,01310,20,0\nUS,10001,30,0\n"
        "CA,M5V,40,0\nNL,1012,50,0\nFR,75,60,0\nFR,75001,61,0\n"
    )
    expected = None if latitude is None else Point(float(latitude), 0.0)
    if code == "75":
        expected = Point(60.0, 0.0)  # itself a code here, so known
    assert expected == table(tmp_path, HEADER + rows).lookup(country, code)


def test_two_digits_are_no_place(tmp_path: Path) -> None:
    """A part of less than three characters is a region: nothing is sent to its middle."""
    codes = table(tmp_path, HEADER + "FR,75,48.8,2.3\n")
    assert codes.lookup("FR", "75001") is None


def test_faulty_rows_are_left_out_and_told(tmp_path: Path) -> None:
    """Each fault names its line, column and what is allowed; the other rows are used."""
    rows = 'FR,1,48,2\nFrance,1,48,2\nFR,,48,2\nFR,"2\n",91,2\nFR,3,48,east\n\nFR,4\nFR,5,48,nan\n'
    codes = table(tmp_path, HEADER + rows)
    assert 1 == len(codes)
    assert 6 == codes.problem_count
    assert (
        "line 3: country: 'FRANCE' is not two letters of ISO 3166-1",
        "line 4: postal_code: '' is not 1 to 16 ASCII characters",
        "line 6: latitude: '91' is not a number from -90 to 90",
        "line 7: longitude: 'east' is not a number from -180 to 180",
        "line 9: it has 2 columns, at least 4 are needed",
        "line 10: longitude: 'nan' is not a number from -180 to 180",
    ) == codes.problems


def test_problems_are_counted_beyond_those_told(tmp_path: Path) -> None:
    """A file of faults does not fill the log."""
    count = limits.POSTAL_PROBLEMS_MAX + 5
    codes = table(tmp_path, HEADER + "FR,1,48,2\n" + "FR,2,x,2\n" * count)
    assert limits.POSTAL_PROBLEMS_MAX == len(codes.problems)
    assert count == codes.problem_count


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "line 1: it must be GeoNames' 12 columns with tabs, or a CSV file with the header"),
        (b"country,zip,latitude,longitude\n", "it lacks postal_code"),
        (HEADER.encode(), "no row is right"),
        (HEADER.encode() + b"FR,1,x,2\n", "no row is right; line 2: latitude: 'x'"),
        (b"\x1f\x8bnothing packed", "it is damaged"),
        (gzip.compress(HEADER.encode() * 99)[:40], "it is damaged"),
        (b"PK\x03\x04 no archive", "it is damaged"),
        (HEADER.encode() + b"FR,\xff,1,1\n", "it is not UTF-8"),
        (HEADER.encode() + b"x" * (limits.POSTAL_ROW_CHARACTERS_MAX + 1), "line 2: it has more"),
    ],
)
def test_file_that_is_no_table_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    """The refusal names the setting, the file and what is wrong."""
    assert why in refusal(tmp_path, content)


def test_archive_of_two_tables_is_refused(tmp_path: Path) -> None:
    """Which of them is meant is not guessed."""
    path = tmp_path / "both.zip"
    with zipfile.ZipFile(path, "w") as stored:
        stored.writestr("FR.txt", geonames("FR", "1", 1, 1))
        stored.writestr("DE.txt", geonames("DE", "1", 1, 1))
    with pytest.raises(SettingsRefused, match=r"one \.txt or \.csv table, not 2"):
        read_postal_codes(path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """The reason is the system's."""
    path = tmp_path / "none.csv"
    with pytest.raises(SettingsRefused, match=re.escape(f"{path}: No such file")):
        read_postal_codes(path)


def test_rows_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file without end is refused at its first row too many, and one of just as many is read."""
    monkeypatch.setattr(reading, "POSTAL_ROWS_MAX", 2)
    rows = [f"FR,{number},1,1\n" for number in range(3)]
    assert 2 == len(table(tmp_path, HEADER + "".join(rows[:2])))
    text = HEADER + "".join(rows)
    assert "line 4: at most 2 rows are allowed" == refusal(tmp_path, text.encode())


@pytest.mark.skipif(not LA_POSTE.exists(), reason="the codes of France are not at hand")
def test_codes_of_france_are_where_they_are(tmp_path: Path) -> None:
    """A real table of several places a code: Paris and Brest are found within a few kilometres."""
    text = gzip.decompress(LA_POSTE.read_bytes()).decode()
    header, _, rows = text.partition("\n")
    names = header.replace("Code_postal", "postal_code") + ",country\n"
    codes = table(tmp_path, names + "".join(f"{row},FR\n" for row in rows.splitlines()))
    for code, place in (("75001", Point(48.86, 2.34)), ("29200", Point(48.39, -4.49))):
        found = codes.lookup("FR", code)
        assert found is not None
        assert distance_km(found, place) < 5
