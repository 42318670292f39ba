"""Mailboxes, single mails, maildirs and standard input, whole and broken."""

from __future__ import annotations

import gzip
import os
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from core.errors import Cancelled, SourceError, TargetError
from core.model import RawMessage
from core.progress import Progress
from core.sources.byte_store import FileBytes, GzipBytes, MemoryBytes
from core.sources.mailbox import open_bytes, open_file
from core.sources.maildir import MaildirSource
from core.sources.source import Source

SEPARATOR = b"From mboxrd@z Thu Jan  1 00:00:00 1970\n"


def mail(number: int, text: bytes = b"text\n") -> bytes:
    return b"Subject: mail %d\nMessage-ID: <%d@example.org>\n\n%s" % (number, number, text)


def mailbox(*mails: bytes) -> bytes:
    return b"".join(SEPARATOR + one.replace(b"\nFrom ", b"\n>From ") + b"\n" for one in mails)


def read_all(source: Source) -> list[RawMessage]:
    return list(source.mails(stop=Event(), report=lambda _progress: None))


def raws(source: Source) -> list[bytes]:
    return [one.raw for one in read_all(source)]


Make = Callable[[Path], Source]

MAILS = [mail(1), mail(2, b"quoted:\n\nFrom here on it is easy\n"), mail(3, b"\xff\xfe\0\n")]


def plain(path: Path) -> Source:
    path.write_bytes(mailbox(*MAILS))
    return open_file(path)


def gzipped(path: Path) -> Source:
    path.write_bytes(gzip.compress(mailbox(*MAILS)))
    return open_file(path)


def members(path: Path) -> Source:
    """Gzip that was appended to, and padded with zeros as on a tape."""
    one, two = mailbox(MAILS[0]), mailbox(*MAILS[1:])
    path.write_bytes(gzip.compress(one) + gzip.compress(two) + b"\0" * 1000)
    return open_file(path)


def standard_input(_path: Path) -> Source:
    return open_bytes(mailbox(*MAILS), "standard input")


def gzipped_input(_path: Path) -> Source:
    return open_bytes(gzip.compress(mailbox(*MAILS)), "standard input")


def folder(path: Path) -> Source:
    for name in ("cur", "new", "tmp"):
        (path / name).mkdir(parents=True)
    for number, one in enumerate(MAILS):
        (path / "cur" / f"{1000 - number}.M1.host:2,S").write_bytes(one)
    return MaildirSource(path)


@pytest.mark.parametrize("make", [plain, gzipped, members, standard_input, gzipped_input, folder])
class TestEverySource:
    def test_gives_the_mails_as_they_were_sent(self, make: Make, tmp_path: Path) -> None:
        source = make(tmp_path / "list")
        assert raws(source) == MAILS
        assert raws(source) == MAILS, "it can be read again"
        assert source.notes == ()
        source.close()

    def test_gives_each_again_by_its_key(self, make: Make, tmp_path: Path) -> None:
        source = make(tmp_path / "list")
        for one in reversed(read_all(source)):
            assert source.read(one.key) == one.raw
        source.close()

    def test_stops_when_told(self, make: Make, tmp_path: Path) -> None:
        source = make(tmp_path / "list")
        stop = Event()
        running = source.mails(stop=stop, report=lambda _progress: None)
        next(running)
        stop.set()
        with pytest.raises(Cancelled):
            list(running)
        source.close()

    def test_stops_when_closed(self, make: Make, tmp_path: Path) -> None:
        source = make(tmp_path / "list")
        running = source.mails(stop=Event(), report=lambda _progress: None)
        next(running)
        source.close()
        source.close()
        with pytest.raises(Cancelled):
            list(running)

    def test_says_what_it_is_doing(self, make: Make, tmp_path: Path) -> None:
        source = make(tmp_path / "list")
        said: list[Progress] = []
        list(source.mails(stop=Event(), report=said.append))
        assert source.name in said[0].doing
        source.close()


def test_the_archive_of_a_single_mail_is_that_mail(tmp_path: Path) -> None:
    path = tmp_path / "one.eml"
    # Not an mbox: nothing in it is escaped, nothing a separator, and its end is its own.
    raw = mail(1, b">From a\n" + SEPARATOR + b"Subject: in the text\n\n")
    path.write_bytes(raw)
    source = open_file(path)
    (only,) = read_all(source)
    assert only.raw == raw
    assert source.read(only.key) == raw


def test_an_eml_may_begin_with_the_from_line_of_the_mailbox_it_was_saved_from(
    tmp_path: Path,
) -> None:
    path = tmp_path / "one.eml"
    path.write_bytes(SEPARATOR + mail(1))
    assert raws(open_file(path)) == [mail(1)]


def test_a_mailbox_that_was_rewritten_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "list.mbox"
    path.write_bytes(mailbox(*MAILS))
    source = open_file(path)
    second = read_all(source)[1]
    with path.open("r+b") as file:  # in place, as mutt does
        file.write(mailbox(mail(9), *MAILS))
    with pytest.raises(SourceError, match="no longer in"):
        source.read(second.key)


def test_a_mailbox_that_shrinks_ends_early(tmp_path: Path) -> None:
    path = tmp_path / "list.mbox"
    path.write_bytes(mailbox(*[mail(number, b"x" * 70_000 + b"\n") for number in range(60)]))
    source = open_file(path)
    running = source.mails(stop=Event(), report=lambda _progress: None)
    next(running)
    os.truncate(path, 100)
    rest = list(running)
    assert len(rest) < 59
    with pytest.raises(SourceError):
        source.read(rest[-1].key)


BROKEN: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut off": (lambda packed: packed[:-100], "is cut off"),
    "cut off in its trailer": (lambda packed: packed[:-4], "is cut off"),
    "damaged": (lambda packed: packed[:-8] + b"\0" * 8, "is damaged"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_gzip_gives_what_it_can_and_says_so(how: str, tmp_path: Path) -> None:
    spoil, words = BROKEN[how]
    path = tmp_path / "list.mbox.gz"
    path.write_bytes(
        spoil(gzip.compress(mailbox(*[mail(number, os.urandom(300)) for number in range(50)])))
    )
    source = open_file(path)
    found = raws(source)
    assert found[:40] == [one for one in found[:40] if b"Subject: mail" in one]
    assert len(found) >= 49
    assert words in source.notes[0]


def test_a_gzip_bomb_is_read_so_far_and_no_further() -> None:
    packed = gzip.compress(SEPARATOR + mail(1) + b"\n" + SEPARATOR + b"X: " + bytes(50 << 20))
    store = GzipBytes(MemoryBytes(packed), cap=5 << 20)
    tracemalloc.start()
    size = sum(len(chunk) for chunk in store.chunks())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size <= 5 << 20
    assert peak < 8 << 20
    assert "more than 5 MiB" in store.fault


def test_a_mail_deep_in_a_gzip_is_found_from_the_nearest_mark() -> None:
    data = b"".join(b"%0999d\n" % number for number in range(20_000))
    reads: list[int] = []

    class Counting(MemoryBytes):
        def at(self, offset: int, length: int) -> bytes:
            reads.append(offset)
            return super().at(offset, length)

    store = GzipBytes(Counting(gzip.compress(data, 1)))
    assert b"".join(store.chunks()) == data
    whole = len(reads)
    reads.clear()
    assert store.at(19_000_000, 3000) == data[19_000_000:19_003_000]
    assert len(reads) < whole / 3


def test_a_fifo_and_a_device_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", Path("/dev/zero")):
        with pytest.raises(TargetError):
            open_file(path)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"\xfd7zXZ\0\0\0", "packed with xz"),
        (b"<!DOCTYPE html><html><body>", "a web page"),
        (b"diff --git a/a b/a\n", "a diff without a mail"),
        (b"\x7fELF\x02\x01\0\0", "a binary file"),
        (b"Dear diary,\n", "a text file, but not a mail"),
        (gzip.compress(b"Dear diary,\n", mtime=0), "a text file, but not a mail"),
        (b"\x1f\x8b\x08garbage", "a gzip file that is damaged"),
        (gzip.compress(mailbox(*MAILS), mtime=0)[:12], "a gzip file that is cut off"),
    ],
)
def test_a_file_that_is_no_mailbox_is_called_what_it_is(
    data: bytes, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(TargetError, match=words) as caught:
        open_file(path)
    assert caught.value.hint


def maildir(path: Path, files: dict[str, bytes]) -> MaildirSource:
    for name in ("cur", "new", "tmp"):
        (path / name).mkdir(parents=True)
    for name, raw in files.items():
        (path / name).write_bytes(raw)
    return MaildirSource(path)


def test_a_maildir_comes_newest_first_whatever_the_names(tmp_path: Path) -> None:
    names = {
        "new/1700000003.M3P1.host": mail(3),
        "cur/1700000002.M2P1.host,S=100:2,FRS": mail(2),
        "cur/1700000001.M1P1.host:2,": mail(1),
        "cur/no time at all": mail(0),
        "cur/99999999999999999999999999.x": mail(4),
    }
    source = maildir(
        tmp_path,
        {**names, "tmp/1.half": mail(5), "cur/.hidden": mail(6), "new/1700000000.empty": b""},
    )
    (tmp_path / "cur" / "folder").mkdir()
    assert raws(source)[:3] == [mail(3), mail(2), mail(1)]
    assert sorted(raws(source)) == sorted(names.values())
    assert source.notes == ()


def test_mails_that_dovecot_packed_are_read(tmp_path: Path) -> None:
    raw = b"From: a@x\nSubject: packed\n\ntext\n"
    source = maildir(tmp_path, {"cur/1.a.h,S=900:2,SZ": gzip.compress(raw), "cur/2.b.h:2,S": raw})
    assert [each.raw for each in source.mails(stop=Event(), report=lambda _: None)] == [raw, raw]
    torn = maildir(tmp_path / "torn", {"cur/1.a.h:2,SZ": gzip.compress(raw * 99)[:-40]})
    (mail,) = torn.mails(stop=Event(), report=lambda _: None)
    assert raw.startswith(mail.raw[:20])


def test_a_maildir_file_name_need_be_no_utf8(tmp_path: Path) -> None:
    source = maildir(tmp_path, {})
    with open(os.fsencode(tmp_path) + b"/new/1.\xff\xfe:2,S", "wb") as file:  # noqa: PTH123 - Path cannot name it
        file.write(mail(1))
    (only,) = read_all(source)
    assert source.read(only.key) == mail(1)


def test_a_mail_is_found_after_another_program_has_flagged_it(tmp_path: Path) -> None:
    source = maildir(
        tmp_path, {"new/1700000001.M1.host": mail(1), "new/1700000002.M2.host": mail(2)}
    )
    keys = {one.raw: one.key for one in read_all(source)}
    (tmp_path / "new/1700000001.M1.host").rename(tmp_path / "cur/1700000001.M1.host:2,RS")
    assert source.read(keys[mail(1)]) == mail(1)
    (tmp_path / "new/1700000002.M2.host").unlink()
    with pytest.raises(SourceError, match="no longer in"):
        source.read(keys[mail(2)])


def test_what_is_no_file_in_a_maildir_is_passed_and_noted(tmp_path: Path) -> None:
    source = maildir(tmp_path, {"cur/1.ok": mail(1)})
    os.mkfifo(tmp_path / "cur/2.fifo")
    (tmp_path / "cur/3.circle").symlink_to("3.circle")
    (tmp_path / "cur/4.zero").symlink_to("/dev/zero")
    (tmp_path / "cur/5.link").symlink_to("1.ok")
    started = time.monotonic()
    assert raws(source) == [mail(1), mail(1)]
    assert time.monotonic() - started < 2
    (note,) = source.notes
    assert "and 2 more" in note


def test_a_mail_removed_meanwhile_is_nothing_to_speak_of(tmp_path: Path) -> None:
    source = maildir(tmp_path, {"cur/2.a": mail(2), "cur/1.b": mail(1)})
    running = source.mails(stop=Event(), report=lambda _progress: None)
    assert next(running).raw == mail(2)
    (tmp_path / "cur/1.b").unlink()
    assert list(running) == []
    assert source.notes == ()


def test_only_so_much_of_a_huge_mail_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.sources.mbox.MAIL_CAP", 1000)
    path = tmp_path / "huge.eml"
    path.write_bytes(mail(1, b"x" * 5000))
    source = open_file(path)
    (only,) = read_all(source)
    assert only.raw == mail(1, b"x" * 5000)[:1000] == source.read(only.key)


def test_a_closed_file_is_not_read_through_another_files_number(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    store = FileBytes(tmp_path / "a")
    store.close()
    with (tmp_path / "secret").open("wb"), pytest.raises(SourceError):
        store.at(0, 1)


def test_reports_come_at_a_pace_that_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "list.mbox"
    path.write_bytes(mailbox(*[mail(number) for number in range(3000)]))
    source = open_file(path)
    said: list[Progress] = []
    assert len(list(source.mails(stop=Event(), report=said.append))) == 3000
    assert 1 <= len(said) < 50
    monkeypatch.setattr("core.progress.REPORT_EVERY", 0)
    said.clear()
    list(source.mails(stop=Event(), report=said.append))
    assert len(said) > 3000
    assert (said[-1].doing, said[-1].total) == ("Reading list.mbox, byte", path.stat().st_size)
    assert [one.done for one in said] == sorted(one.done for one in said)
    source.close()
