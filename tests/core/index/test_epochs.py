"""Lists in git epochs: mails added, removed, edited and purged; epochs rolled over, cut short, and read in part."""

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event

import pygit2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import Cancelled, SourceError
from core.index import list_ingest as ingest
from core.index import regroup
from core.index.index import Index, open_index
from core.index.list_ingest import IngestResult
from core.model import Message, MessageId
from core.progress import ProgressJob
from core.sources.public_inbox import PublicInboxSource, open_archive
from core.sources.public_inbox_feed import EpochFeed
from core.sources.source import IncrementalSource, MailChange, StoredPart, git_blob_id
from tests.core.archives import make_epoch, make_v1
from tests.core.indexing import NOBODY, check_whole, grouped, held, quiet

Entry = tuple[str, bytes]
"""A commit: `m` or `d`, and a mail; a purged mail is empty."""


def mail(number: int, words: str = "Hello.") -> bytes:
    return (
        f"From: Ann <ann@example.org>\nSubject: [PATCH] number {number}\n"
        f"Message-ID: <m{number}@example.org>\nDate: Mon, 2 Jun 2025 12:{number % 60:02}:00 +0000\n\n{words}\n"
    ).encode()


class Stopping(EpochFeed):
    """An epoch of which only so many changes are read before somebody stops the run."""

    left = 0

    def changes(self, cursor: str, held: StoredPart, job: ProgressJob) -> Iterator[MailChange]:
        changes = super().changes(cursor, held, job)
        while Stopping.left:
            Stopping.left -= 1
            if (change := next(changes, None)) is None:
                return
            yield change
        raise Cancelled


class Interrupted(PublicInboxSource):
    def incremental_parts(self) -> list[IncrementalSource]:
        paths = list(enumerate(self.epochs))
        return [Stopping(path, str(number), number) for number, path in reversed(paths)]


class Archive:
    """A public-inbox folder that is written anew whenever its history changes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.epochs: list[list[Entry]] = [[]]

    def write(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        for number, entries in enumerate(self.epochs):
            (self.folder / "git").mkdir(parents=True, exist_ok=True)
            make_epoch(self.folder / "git" / f"{number}.git", entries)

    def there(self) -> list[bytes]:
        """Return the mails that are in it now, once each."""
        found: dict[bytes, None] = {}
        for entries in self.epochs:
            for kind, raw in entries:
                if kind == "d":
                    found.pop(raw, None)
                elif raw:
                    found[raw] = None
        return list(found)

    def sync(self, index: Index, *, only: int | None = None) -> IngestResult:
        source = open_archive(self.folder)
        if only is not None:
            source = PublicInboxSource(self.folder, [self.folder / "git" / f"{only}.git"])
        return index.writer.ingest("list", source, stop=NOBODY, report=quiet)

    def check(self, index: Index) -> None:
        assert held(index) == grouped(("list", raw) for raw in self.there())
        check_whole(index)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    opened = open_index(tmp_path / "index.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "list")


def came(*numbers: int) -> list[Entry]:
    return [("m", mail(number)) for number in numbers]


def test_what_came_since_is_all_that_is_read(archive: Archive, index: Index) -> None:
    archive.epochs = [came(*range(10))]
    archive.write()
    assert archive.sync(index).added == 10
    archive.epochs[0] += came(10, 11)
    archive.write()
    result = archive.sync(index)
    assert (result.added, result.removed, result.notes) == (2, 0, ())
    assert archive.sync(index) == IngestResult(added=0, removed=0, series_changed=0)
    archive.check(index)
    (info,) = index.rows.lists()
    assert info.positions[0][0] == "0"
    assert '"next": ""' in info.positions[0][1]


def test_the_newest_mails_come_first(
    archive: Archive, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "BATCH", 3)
    archive.epochs = [came(0, 1, 2, 3), came(4, 5, 6, 7)]
    archive.write()
    Stopping.left = 3
    with pytest.raises(Cancelled):
        index.writer.ingest("list", interrupted(archive), stop=NOBODY, report=quiet)
    index.writer.regroup(stop=NOBODY, report=quiet)
    assert set(held(index)) == {f"m{number}@example.org" for number in (7, 6, 5)}
    archive.sync(index)
    archive.check(index)


def interrupted(archive: Archive) -> Interrupted:
    source = open_archive(archive.folder)
    return Interrupted(archive.folder, list(source.epochs))


def test_the_epochs_roll_over(archive: Archive, index: Index) -> None:
    archive.epochs = [came(0, 1)]
    archive.write()
    archive.sync(index)
    archive.epochs += [came(2), [], came(3)]
    archive.epochs[0] += came(4)  # nobody does that, but who knows
    del archive.epochs[2]
    archive.write()
    assert archive.sync(index).added == 3
    archive.check(index)
    assert [name for name, _ in index.rows.lists()[0].positions] == ["0", "1", "2"]


def test_removed_mails_go_and_may_come_again(archive: Archive, index: Index) -> None:
    archive.epochs = [came(0, 1, 2)]
    archive.write()
    archive.sync(index)
    archive.epochs[0] += [("d", mail(1))]
    archive.epochs.append([("d", mail(0))])
    archive.write()
    assert archive.sync(index).removed == 2
    archive.check(index)
    assert index.mails.find_row(MessageId("m0@example.org")) is None
    archive.epochs[1] += [("m", mail(0)), ("d", mail(9))]
    archive.write()
    assert archive.sync(index).added == 1
    archive.check(index)


def test_older_epochs_may_come_later(archive: Archive, index: Index) -> None:
    archive.epochs = [came(0, 1, 2), [("d", mail(1)), *came(3), ("d", mail(3)), ("m", mail(3))]]
    archive.write()
    archive.sync(index, only=1)
    assert set(held(index)) == {"m3@example.org"}
    archive.sync(index)
    archive.check(index)
    assert set(held(index)) == {f"m{number}@example.org" for number in (0, 2, 3)}


def test_what_came_to_an_old_epoch_is_removed_by_the_next(archive: Archive, index: Index) -> None:
    archive.epochs = [came(0)]
    archive.write()
    archive.sync(index)
    archive.epochs = [came(0, 1), [("d", mail(1)), *came(2)]]
    archive.write()
    archive.sync(index)
    assert set(held(index)) == {"m0@example.org", "m2@example.org"}
    archive.check(index)


def test_history_is_rewritten_in_one_epoch_of_two(archive: Archive, index: Index) -> None:
    archive.epochs = [came(0, 1, 2), [*came(0), ("d", mail(1)), ("d", mail(2))]]
    archive.write()
    archive.sync(index)
    assert set(held(index)) == {"m0@example.org"}
    archive.epochs[1] = [("m", b""), ("d", mail(2))]  # m0 stays where it came first; m1 is back
    archive.write()
    archive.sync(index)
    assert set(held(index)) == {"m0@example.org", "m1@example.org"}
    archive.check(index)


def test_a_purged_mail_counts_as_none(archive: Archive, index: Index) -> None:
    archive.epochs = [[*came(0), ("m", b""), ("m", b"")]]
    archive.write()
    assert archive.sync(index) == IngestResult(added=1, removed=0, series_changed=1)
    archive.check(index)


def test_an_edited_and_a_purged_mail(
    archive: Archive, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.epochs = [came(*range(12))]
    archive.write()
    archive.sync(index)
    read: list[bytes] = []
    whole = EpochFeed.read

    def reading(feed: EpochFeed, blob: bytes) -> bytes:
        read.append(blob)
        return whole(feed, blob)

    monkeypatch.setattr(EpochFeed, "read", reading)
    archive.epochs[0][4] = ("m", mail(4, "Edited."))
    archive.epochs[0][7] = ("m", b"")
    archive.epochs[0] += came(12)
    archive.write()
    result = archive.sync(index)
    assert (result.added, result.removed) == (2, 2)
    # Not begun again from nothing: what is held is not read.
    assert {git_blob_id(mail(4, "Edited.")), git_blob_id(mail(12)), git_blob_id(b"")} == set(read)
    archive.check(index)
    assert archive.sync(index).added == 0


def test_a_history_that_was_turned_back(archive: Archive, index: Index) -> None:
    archive.epochs = [came(0, 1, 2)]
    archive.write()
    archive.sync(index)
    archive.epochs[0].pop()
    archive.write()
    assert archive.sync(index).removed == 1
    archive.check(index)


def test_a_shallow_clone_is_deepened_later(archive: Archive, index: Index, tmp_path: Path) -> None:
    archive.epochs = [came(*range(6))]
    archive.write()
    clone = tmp_path / "clone" / "git" / "0.git"
    git = ["git", "-c", "protocol.file.allow=always"]
    url = f"file://{archive.folder / 'git' / '0.git'}"
    subprocess.run([*git, "clone", "-q", "--mirror", "--depth", "2", url, clone], check=True)

    def sync() -> IngestResult:
        return index.writer.ingest(
            "list", open_archive(clone.parent.parent), stop=NOBODY, report=quiet
        )

    assert (sync().added, sync().added) == (2, 0)
    subprocess.run([*git, "-C", clone, "fetch", "-q", "--deepen", "2"], check=True)
    assert sync().added == 2
    subprocess.run([*git, "-C", clone, "fetch", "-q", "--unshallow"], check=True)
    assert sync().added == 2
    archive.check(index)


def test_a_version_one_archive(index: Index, tmp_path: Path) -> None:
    path = tmp_path / "v1.git"

    def sync(numbers: range) -> IngestResult:
        shutil.rmtree(path, ignore_errors=True)
        make_v1(path, [mail(number) for number in numbers])
        return index.writer.ingest("old", open_archive(path), stop=NOBODY, report=quiet)

    assert sync(range(5)).added == 5
    result = sync(range(2, 7))
    assert (result.added, result.removed) == (2, 2)
    assert held(index) == grouped(("old", mail(number)) for number in range(2, 7))
    assert sync(range(2, 7)).added == 0
    check_whole(index)


def test_bytes_are_read_from_the_epochs(archive: Archive, index: Index) -> None:
    archive.epochs = [came(0), came(1)]
    archive.write()
    archive.sync(index)
    messages = [index.mails.message(MessageId(f"m{number}@example.org")) for number in (0, 1)]
    assert all(
        message is not None and index.mails.raw(message) == mail(at)
        for at, message in enumerate(messages)
    )
    with index.connection() as connection:
        assert connection.execute("SELECT count(*) FROM raw_message").fetchone() == (0,)
    shutil.rmtree(archive.folder)
    fresh = Index(index.path)
    first = messages[0]
    assert isinstance(first, Message)
    with pytest.raises(SourceError, match="cannot be read"):
        fresh.mails.raw(first)
    fresh.close()


def test_an_epoch_that_has_only_begun_and_one_that_is_damaged(
    archive: Archive, index: Index
) -> None:
    archive.epochs = [came(*range(5))]
    archive.write()
    pygit2.init_repository(str(archive.folder / "git" / "1.git"), bare=True)
    archive.sync(index)
    archive.check(index)
    archive.epochs[0] += came(5, 6)
    archive.write()
    repository = pygit2.Repository(str(archive.folder / "git" / "0.git"))
    vanished = repository.create_blob(mail(5))
    objects = archive.folder / "git" / "0.git" / "objects"
    (objects / str(vanished)[:2] / str(vanished)[2:]).unlink()
    result = archive.sync(index)
    assert result.added == 1
    assert "1 mail" in result.notes[0]


def test_a_run_that_is_stopped_keeps_what_came(archive: Archive, index: Index) -> None:
    archive.epochs = [came(*range(9))]
    archive.write()
    stop = Event()
    stop.set()
    with pytest.raises(Cancelled):
        index.writer.ingest("list", open_archive(archive.folder), stop=stop, report=quiet)
    Stopping.left = 4
    with pytest.raises(Cancelled):
        index.writer.ingest("list", interrupted(archive), stop=NOBODY, report=quiet)
    assert index.writer.pending_conversations() == 4
    assert archive.sync(index).added == 5
    archive.check(index)


ACTS = st.lists(
    st.sampled_from(
        ("add", "add", "add", "remove", "again", "roll", "purge", "edit", "sync", "stop")
    ),
    min_size=1,
    max_size=30,
)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=ACTS, seed=st.randoms(use_true_random=False))
def test_whatever_happens_to_an_archive(
    acts: list[str], seed: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "BATCH", 3)
    monkeypatch.setattr(regroup, "AT_ONCE", 4)
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive(Path(folder) / "list")
        index = open_index(Path(folder) / "index.sqlite3")
        number = 0
        for act in acts:
            entries = archive.epochs[-1]
            past = [raw for epoch in archive.epochs for kind, raw in epoch if raw]
            if act == "add":
                entries.append(("m", mail(number, seed.choice(("Hello.", "Bye.")))))
                number += seed.choice((0, 1, 1))
            elif act in ("remove", "again") and past:
                entries.append(("d" if act == "remove" else "m", seed.choice(past)))
            elif act == "roll" and entries:
                archive.epochs.append([])
            elif act in ("purge", "edit") and past:
                epoch = seed.choice([epoch for epoch in archive.epochs if epoch])
                at = seed.randrange(len(epoch))
                epoch[at] = ("m", b"" if act == "purge" else mail(seed.randrange(9), "Edited."))
            elif act in ("sync", "stop") and archive.epochs[0]:
                archive.write()
                Stopping.left = seed.randrange(5) if act == "stop" else 1000
                with suppress(Cancelled):
                    index.writer.ingest("list", interrupted(archive), stop=NOBODY, report=quiet)
                if act == "sync":
                    archive.check(index)
        if archive.epochs[0]:
            archive.write()
            archive.sync(index)
        archive.check(index)
        index.close()
