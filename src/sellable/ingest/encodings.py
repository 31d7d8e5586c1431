"""Which encoding a text file has, and how bytes that do not fit it stay visible."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final

from charset_normalizer import from_bytes

from sellable.ingest.profile_checks import an_encoding
from sellable.ingest.rows import FileProblem

if TYPE_CHECKING:
    from sellable.ingest.rows import ReadContext

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as the one of UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FALLBACK: Final = "cp1252"
_GUESSED_BYTES: Final = 64 * 1024
_NULS_SHARE: Final = 4  # of UTF-16 of Latin letters every second byte is 0; a quarter is enough
# What back ends really write; a guess among all encodings of the world is worse.
_LIKELY: Final = [
    *(f"cp125{number}" for number in range(8)),
    *("iso8859_2", "iso8859_5", "koi8_r", "cp437", "cp850", "cp852"),
    *("shift_jis", "euc_jp", "gb18030", "big5", "euc_kr"),
]
_ERRORS: Final = "sellable.bytes"
_MARKS: Final = 0xDC00
UNDECODABLE: Final = re.compile("[\ud800-\udfff]")


def _mark(error: UnicodeError) -> tuple[str, int]:
    """Stand in for each byte that does not decode: a surrogate, which no encoding gives."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(chr(_MARKS + byte) for byte in bad), error.end


codecs.register_error(_ERRORS, _mark)


def decoder(encoding: str) -> codecs.IncrementalDecoder:
    """Return a decoder that never fails: see `UNDECODABLE` and `visible`."""
    return codecs.getincrementaldecoder(encoding)(_ERRORS)


def visible(text: str) -> str:
    r"""Write bytes that did not decode as `\xff`, so that the text can be kept anywhere."""
    return UNDECODABLE.sub(lambda match: f"\\x{ord(match[0]) & 0xFF:02x}", text)


def find_encoding(sample: bytes, context: ReadContext) -> str:
    """Return the encoding of a file by its first bytes; warn where it is only a guess.

    What the caller or the profile names counts, then a byte order mark, then UTF-8 if most lines
    that are not plain ASCII are UTF-8, then a guess.
    """
    named = context.encoding or context.profile.encoding
    if named and named != "auto":
        if problem := an_encoding(named):
            raise FileProblem(f"the encoding {named!r} {problem}")
        return _with_mark(codecs.lookup(named).name, sample)
    for mark, encoding in _BOMS:
        if sample.startswith(mark):
            return encoding
    if wide := _without_mark(sample):
        return wide
    # The last line of a long sample may be cut within a character.
    long = len(sample) > _GUESSED_BYTES
    whole = sample[: sample.rfind(b"\n", 0, _GUESSED_BYTES)] if long else sample
    lines = [line for line in whole.split(b"\n") if not line.isascii()]
    bad = [line for line in lines if not _is_utf8(line)]
    if len(bad) * 2 <= len(lines):
        return "utf-8"
    best = from_bytes(b"\n".join(bad), cp_isolation=_LIKELY).best()
    if best is None or _FALLBACK in best.could_be_from_charset:
        encoding = _FALLBACK
    else:
        encoding = best.encoding
    context.notes.warn(
        f"the text is not UTF-8 and was read as {encoding}: name its encoding if that is wrong"
    )
    return encoding


def _with_mark(name: str, sample: bytes) -> str:
    """Let a byte order mark be no part of the text."""
    if name == "utf-8" and sample.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    for wide in ("utf-16", "utf-32"):
        if name in {wide, f"{wide}-le", f"{wide}-be"}:
            marks = tuple(mark for mark, encoding in _BOMS if encoding == wide)
            if sample.startswith(marks):
                return wide
            return f"{wide}-le" if name == wide else name
    return name


def _without_mark(sample: bytes) -> str | None:
    """Recognise UTF-16 by its zero bytes."""
    head = sample[:4096]
    if head[1::2].count(0) * _NULS_SHARE > len(head):
        return "utf-16-le"
    return "utf-16-be" if head[0::2].count(0) * _NULS_SHARE > len(head) else None


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
