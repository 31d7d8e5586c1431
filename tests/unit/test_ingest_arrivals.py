"""Files before they are read: what they are, whether they are complete, where they go."""

from __future__ import annotations

import gzip
import io
import os
import time
from typing import TYPE_CHECKING, Final

import pytest

from sellable.ingest.content import Changing, content_of, opened
from sellable.ingest.detect import form_of, form_of_head
from sellable.ingest.forms import Form
from sellable.ingest.inbox import Inbox, InboxProblem
from sellable.ingest.rows import FileProblem
from support.edi import ISA, edifact, message

if TYPE_CHECKING:
    from pathlib import Path

HOUR_NS: Final = 3_600 * 1_000_000_000


@pytest.mark.parametrize(
    ("head", "name", "form"),
    [
        (b"sku,quantity\nA,1\n", "a.csv", Form.CSV),
        (b"sku;quantity\n", "a.txt", Form.CSV),
        (b"ISA,sku,quantity\n1,A,1\n", "a.csv", Form.CSV),
        (b"ISALES,quantity\n", "a.csv", Form.CSV),
        (b"UNAME,sku\n", "a.csv", Form.CSV),
        (b"UNB,sku\n", "a.csv", Form.CSV),
        (b"\xff\xfes\x00k\x00u\x00", "a.csv", Form.CSV),
        (b'{"sku": "A"}', "a.csv", Form.JSON_LINES),
        (b'\xef\xbb\xbf\n {"sku": "A"}', "a", Form.JSON_LINES),
        (b"[1]", "a.json", Form.JSON_LINES),
        (b"[id],sku", "a.csv", Form.CSV),
        (b"", "a.ndjson.gz", Form.JSON_LINES),
        (b"", "a", Form.CSV),
        (b"PAR1\x15", "a.csv", Form.PARQUET),
        (ISA.encode(), "a.csv", Form.X12),
        (b"\r\n" + ISA.replace("*", "|").encode(), "a", Form.X12),
        (edifact(message()).encode(), "a.csv", Form.EDIFACT),
        (edifact(message(), una="UNA:+.? '").encode(), "a.csv", Form.EDIFACT),
    ],
)
def test_content_tells_the_format_before_the_name(head: bytes, name: str, form: Form) -> None:
    """Nobody has to say what a file is, and a wrong ending does no harm."""
    assert form is form_of_head(head, name)


def test_packed_content_tells_its_format_too(tmp_path: Path) -> None:
    """What is in a gzip file decides, not that it is one."""
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b'{"sku": "A"}\n'))
    assert Form.JSON_LINES is form_of(content_of(path))


def test_content_is_the_bytes_that_were_there(tmp_path: Path) -> None:
    """What is appended later is not read, and the change is noticed."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"x" * 3_000)
    content = content_of(path)
    content.check_unchanged()
    with path.open("ab") as file:
        file.write(b"more")
    with content.open() as window:
        assert b"x" * 3_000 == window.read()
        assert 3_000 == window.bytes_read
        window.seek(-10, os.SEEK_END)
        assert 10 == len(window.read(100) or b"")
    with pytest.raises(Changing, match="grew or shrank while it was read, from 3000 to 3004"):
        content.check_unchanged()


def test_file_of_the_same_size_that_was_written_to_is_noticed(tmp_path: Path) -> None:
    """Other bytes of the same number are a change, too; so is a file that went away."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"one")
    content = content_of(path)
    os.utime(path, ns=(1, 1))
    with pytest.raises(Changing, match="was written to"):
        content.check_unchanged()
    path.unlink()
    with pytest.raises(Changing, match="went away"):
        content.check_unchanged()


def test_standard_input_is_known_by_its_content(tmp_path: Path) -> None:
    """A pipe and a file of the same bytes have one digest, and nothing stays on the disk."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"sku\nA\n")
    with opened("-", io.BytesIO(b"sku\nA\n")) as content:
        assert content_of(path).digest == content.digest
        spooled = content.path
        content.check_unchanged()
    assert not spooled.exists()


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    """A folder or nothing is no content."""
    with pytest.raises(FileProblem), opened(str(tmp_path / name)):
        pass


def aged(path: Path, hours: float) -> Path:
    """Write a file that was last changed so long ago."""
    path.write_text("sku\n")
    when = time.time_ns() - round(hours * HOUR_NS)
    os.utime(path, ns=(when, when))
    return path


def test_file_is_complete_when_it_has_not_changed_for_a_while(tmp_path: Path) -> None:
    """Old files are taken at once and in order; one that was written to waits anew."""
    inbox = Inbox(tmp_path, settle_s=1_800)
    newer, older = aged(tmp_path / "newer.csv", 1), aged(tmp_path / "older.csv", 2)
    aged(tmp_path / "fresh.csv", 0.1)
    assert ([older, newer], 1) == inbox.look()
    older.write_text("sku\nA\n")
    assert ([newer], 2) == inbox.look()
    # Its time says it is old; but we have seen it change.
    aged(older, 5)
    assert ([newer], 2) == inbox.look()


def test_time_in_the_future_is_no_reason_to_wait_for_ever(tmp_path: Path) -> None:
    """A clock that is wrong on the sender's side costs one settling, as any file does."""
    aged(tmp_path / "a.csv", -48)
    inbox = Inbox(tmp_path, settle_s=0)
    assert [tmp_path / "a.csv"] == inbox.look()[0]


@pytest.mark.parametrize("name", [".a.csv", "a.part", "a.TMP", "a.csv.filepart", "a.crdownload"])
def test_unfinished_names_are_left_alone(tmp_path: Path, name: str) -> None:
    """Names by which programs say that a file is not complete are not looked at."""
    aged(tmp_path / name, 5)
    assert ([], 0) == Inbox(tmp_path, settle_s=0).look()


def test_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    """Nothing in done or failed is ever written over, and reasons keep to their files."""
    inbox = Inbox(tmp_path, settle_s=0)
    inbox.prepare()
    arrived = []
    for _ in range(3):
        path = aged(tmp_path / "a.csv", 1)
        status = path.stat()
        arrived.append(inbox.done(path, status.st_size, status.st_mtime_ns // 1_000).name)
    assert ["a.csv", "a~2.csv", "a~3.csv"] == arrived
    moved = [inbox.failed(aged(tmp_path / "b.csv", 1), f"reason {n}") for n in range(2)]
    assert ["b.csv", "b~2.csv"] == [path.name for path in moved]
    reasons = [path.with_name(f"{path.name}.reason.txt").read_text() for path in moved]
    assert ["reason 0\n", "reason 1\n"] == reasons


def test_file_that_went_leaves_no_reason_behind(tmp_path: Path) -> None:
    """A reason without its file would tell of nothing."""
    inbox = Inbox(tmp_path)
    inbox.prepare()
    with pytest.raises(FileNotFoundError):
        inbox.failed(tmp_path / "gone.csv", "why")
    assert [] == list((tmp_path / "failed").iterdir())


def test_folder_is_held_by_one(tmp_path: Path) -> None:
    """Whoever comes second is told, and has it when the first is done."""
    inbox = Inbox(tmp_path)
    with inbox.held() as first:
        assert first
        with Inbox(tmp_path).held() as second:
            assert not second
    with Inbox(tmp_path).held() as third:
        assert third


def test_folder_that_cannot_be_worked_in_is_refused(tmp_path: Path) -> None:
    """A file in the way of done/, or no folder at all, is said at once."""
    (tmp_path / "done").touch()
    with pytest.raises(InboxProblem, match="cannot work in"):
        Inbox(tmp_path).prepare()
    with pytest.raises(InboxProblem, match="cannot read"):
        Inbox(tmp_path / "nowhere").look()
