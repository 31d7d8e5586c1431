"""A table of postal codes, kept in arrays: 38 bytes for each code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from sellable.geo import Point
from sellable.limits import POSTAL_CODE_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

KEY_BYTES: Final = 2 + POSTAL_CODE_BYTES_MAX  # a country and a code
PREFIX_CHARACTERS_MIN: Final = 3  # a shorter part of a code is a region, not a place
MICRO: Final = 1_000_000

_SEPARATORS: Final = re.compile(r"[\s-]+")
# A digit and two letters end every British code; what stands before them is a district.
_BRITISH: Final = re.compile(r"(.{2,4})\d[A-Z]{2}")


def normalised(postal_code: str) -> str:
    """Return a code as it is looked up: in capitals, without spaces and hyphens."""
    return _SEPARATORS.sub("", postal_code).upper()


class PostalCodes:
    """Where postal codes are.

    Attributes:
        problems: Faults of the first rows that were left out, each with its line.
        problem_count: How many rows were left out.
        countries: The countries that have codes, in order.
    """

    def __init__(
        self, keys: bytearray, micros: NDArray[np.int32], problems: list[str], problem_count: int
    ) -> None:
        """Take the rows of a file, in any order.

        Args:
            keys: Country and normalised code of each, padded with zero bytes to KEY_BYTES.
            micros: Latitude and longitude of each, in millionths of a degree; two columns.
            problems: Faults of the rows that are left out, as far as they are told.
            problem_count: How many are left out.
        """
        self.problems, self.problem_count = tuple(problems), problem_count
        rows: NDArray[np.bytes_] = np.frombuffer(keys, dtype=f"S{KEY_BYTES}")
        # A mergesort: nearly free on a file that is in order, as such files are.
        order = np.argsort(rows, kind="stable")
        rows, micros = rows[order], micros[order]
        del order  # a large table is here several times over, so what is done with goes at once
        starts = np.flatnonzero(np.concatenate(([True], rows[1:] != rows[:-1])))
        self._keys = rows[starts]
        del rows
        self._micros = _centres(micros, starts)
        self.countries = tuple(sorted({key.decode() for key in set(self._keys.astype("S2"))}))

    def __len__(self) -> int:
        """Return the number of codes, each once a country."""
        return len(self._keys)

    def lookup(self, country: str, postal_code: str) -> Point | None:
        """Return the middle of a postal code, or of the longest part of it that is a code itself.

        Tables know less than addresses do: districts for Britain, the first digits for others.

        Args:
            country: ISO 3166-1 alpha-2, in any case.
            postal_code: In any case, with or without its spaces and hyphens.
        """
        for code in _candidates(country.upper(), normalised(postal_code)):
            key = np.bytes_(f"{country.upper()}{code}".encode("ascii", "replace"))
            at = int(np.searchsorted(self._keys, key))
            if at < len(self._keys) and self._keys[at] == key:
                latitude, longitude = self._micros[at].tolist()
                return Point(latitude / MICRO, longitude / MICRO)
        return None


def _candidates(country: str, code: str) -> Iterator[str]:
    if not code or len(code) > POSTAL_CODE_BYTES_MAX:
        return
    yield code
    if country == "GB":
        # Cut elsewhere, a code would be found in a district that has nothing to do with it.
        if whole := _BRITISH.fullmatch(code):
            yield whole[1]
            yield whole[1].rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        return
    for length in range(len(code) - 1, PREFIX_CHARACTERS_MIN - 1, -1):
        yield code[:length]


def _centres(micros: NDArray[np.int32], starts: NDArray[np.intp]) -> NDArray[np.int32]:
    """Return the middle of each group of points, also across the 180th meridian."""
    counts = np.diff(np.append(starts, len(micros)))
    centres = micros[starts]
    several = np.flatnonzero(counts > 1)
    if not len(several):
        return centres
    counts = counts[several]
    firsts = np.cumsum(counts) - counts
    members = np.repeat(starts[several] - firsts, counts) + np.arange(counts.sum())
    # Each as its way from the first of its group; so 179.9 degrees east are near 179.9 west.
    ways = micros[members].astype(np.int64) - np.repeat(centres[several], counts, axis=0)
    ways[:, 1] = _around(ways[:, 1])
    middles = centres[several] + np.add.reduceat(ways, firsts) // counts[:, None]
    middles[:, 1] = _around(middles[:, 1])
    centres[several] = middles
    return centres


def _around(longitudes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the same longitudes from -180 to 180 degrees, in millionths."""
    return (longitudes + 180 * MICRO) % (360 * MICRO) - 180 * MICRO
