"""Compressed files: gzip and zstd are transparent, and what lies before damage is delivered."""

from __future__ import annotations

import gzip
import io
import os
import tracemalloc
import zlib
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, cast

import pytest
from backports import zstd

from sellable.ingest.compressed import unpacked
from sellable.ingest.rows import FileProblem
from sellable.ingest.tabular import read_table
from support.reading import Read, context_of, drain

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

HEADER: Final = b"sku,location,quantity\n"


def _zstd(data: bytes) -> bytes:
    options: dict[Any, int] = {zstd.CompressionParameter.checksum_flag: 1}
    return zstd.compress(data, options=options)


# Hexadecimal digits do not compress well, so that the file has many blocks.
ROWS: Final = [b"%s,DC-1,%d\n" % (os.urandom(16).hex().encode(), i) for i in range(20_000)]
DATA: Final = HEADER + b"".join(ROWS)
PACK: Final[dict[str, Callable[[bytes], bytes]]] = {"gzip": gzip.compress, "zstd": _zstd}


def opened(content: bytes) -> Read:
    """Read a table that may be packed."""
    context = context_of()
    return drain(read_table(unpacked(io.BytesIO(content)), context), context.notes)


@pytest.fixture(params=PACK)
def name(request: pytest.FixtureRequest) -> str:
    """Each way to pack."""
    return str(request.param)


def test_what_is_packed_is_read(name: str) -> None:
    """All rows, as from the plain file."""
    assert opened(DATA).rows == opened(PACK[name](DATA)).rows
    assert 20_000 == len(opened(DATA).facts)


def test_parts_are_read_one_after_the_other(name: str) -> None:
    """Files that were appended, also within a line, and padded with zeros, are one."""
    pack = PACK[name]
    parts = [pack(DATA[:500_003]), pack(b""), pack(DATA[500_003:]), b"\0" * 5_000]
    found = opened(b"".join(parts))
    assert (opened(DATA).rows, None) == (found.rows, found.problem)


def test_a_stream_that_cannot_seek(name: str) -> None:
    """Standard input needs no file, packed or not."""
    for content in (DATA, PACK[name](DATA), b"", b"s"):
        reader, writer = os.pipe()
        with os.fdopen(reader, "rb", buffering=0) as stream:
            writing = Thread(target=_write, args=(writer, content))
            writing.start()  # a pipe holds less than the file
            read = unpacked(cast("BinaryIO", stream))
            found = b""
            while piece := read.read(100_000):
                found += piece
            writing.join()
        assert found == (content if not content.startswith((b"\x1f\x8b", b"\x28\xb5")) else DATA)


def test_a_truncated_file(name: str) -> None:
    """Rows before the cut are delivered, the cut line is not, and the problem says where."""
    packed = PACK[name](DATA)
    for cut in (len(packed) // 2, len(packed) - 1):
        found = opened(packed[:cut])
        assert f"the {name} data ends too early: it was cut off, after line " in str(found.problem)
        assert found.problem is not None
        assert len(found.facts) + 1 == found.problem.line
        assert 5_000 < len(found.facts) <= 20_000
        assert opened(DATA).rows[: len(found.rows)] == found.rows


def test_a_file_that_is_nothing_but_its_beginning(name: str) -> None:
    """Without a row the problem has no line."""
    found = opened(PACK[name](DATA)[:20])
    assert (0, []) == (getattr(found.problem, "line", None), found.rows)


def test_damaged_data(name: str) -> None:
    """Rows before the damage are delivered, and any after it until it is noticed."""
    packed = bytearray(PACK[name](DATA))
    middle = len(packed) // 2
    packed[middle : middle + 200] = b"\xff" * 200
    found = opened(bytes(packed))
    assert f"the {name} data is damaged" in str(found.problem)
    least = 9_900 if name == "gzip" else 6_000  # zstd loses a block of 128 KiB
    assert least < len(found.facts) <= 20_000
    assert opened(DATA).rows[:least] == found.rows[:least]


def test_damage_that_is_noticed_at_once() -> None:
    """Gzip costs only the rows of the kibibyte in which the damage lies."""
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    packed = packer.compress(HEADER + b"".join(ROWS[:10_000])) + packer.flush(zlib.Z_FULL_FLUSH)
    found = opened(packed + b"\x06" * 500_000)  # no kind of block begins so
    assert "the gzip data is damaged: invalid block type" in str(found.problem)
    assert 9_900 < len(found.facts) <= 10_000


def test_a_wrong_checksum(name: str) -> None:
    """It comes last, so all rows are there, and the file is known to be damaged all the same."""
    packed = bytearray(PACK[name](DATA))
    packed[-6 if name == "gzip" else -2] ^= 1
    found = opened(bytes(packed))
    assert f"the {name} data is damaged" in str(found.problem)
    assert 18_000 < len(found.facts) <= 20_000


def test_what_comes_after_the_end(name: str) -> None:
    """Bytes that are no further part are no part of the feed."""
    found = opened(PACK[name](DATA) + b"sku,location,quantity\n")
    assert f"after the {name} data comes something else, after line 20001" == str(found.problem)
    assert 20_000 == len(found.facts)


def test_a_bomb_costs_no_memory(name: str) -> None:
    """A small file that unpacks to 256 MiB is one refused line."""
    packed = io.BytesIO(_bomb(name, 256))
    assert len(packed.getvalue()) < 1024 * 1024
    context = context_of()
    tracemalloc.start()
    found = drain(read_table(unpacked(packed), context), context.notes)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [2] == [line for line, _ in found.refused]
    assert peak < 24 * 1024 * 1024


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"PK\x03\x04rest", "a ZIP archive or an Excel workbook: unpack it, or save"),
        (b"BZh91AY", "packed with bzip2"),
        (b"\xfd7zXZ\x00rest", "packed with xz"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"\xd0\xcf\x11\xe0rest", "an old Excel workbook"),
    ],
)
def test_other_packers_are_named(content: bytes, what: str) -> None:
    """What is not read says what to do instead."""
    with pytest.raises(FileProblem, match=f"it is {what}"):
        unpacked(io.BytesIO(content))


def test_zstd_frames_to_skip() -> None:
    """A frame of user data, as some tools put first, is no content."""
    skipped = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"hello"
    assert 20_000 == len(opened(skipped + zstd.compress(DATA) + skipped).facts)


def _write(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb") as into:
        into.write(content)


def _bomb(name: str, mib: int) -> bytes:
    packed = io.BytesIO()
    with (gzip.open if name == "gzip" else zstd.open)(packed, "wb") as file:
        file.write(HEADER)
        for _ in range(mib):
            file.write(b"0" * 1024 * 1024)
    return packed.getvalue()
