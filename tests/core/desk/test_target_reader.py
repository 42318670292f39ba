"""The process that reads a target on disk: its results, its end, and that nothing outlives it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from threading import Event, Timer

import pytest

from core.config import Config
from core.demo import demo_path
from core.desk.target_desk import TargetDesk, open_target_desk
from core.desk.target_reader import TargetReader
from core.errors import Cancelled, ChildError, PatchdeskError, TargetError
from core.model import TargetListing
from core.sources.mbox import to_mboxrd


def ignore(_: object) -> None:
    """Take a report of progress."""


def desk_on(path: Path, *, apart: bool) -> TargetDesk:
    return open_target_desk(str(path), config=Config(), cache=path.parent / "cache", apart=apart)


def last(desk: TargetDesk) -> TargetListing:
    *_, listing = desk.listings(stop=Event(), report=ignore)
    return listing


def test_it_finds_what_reading_here_finds() -> None:
    with demo_path() as path:
        assert last(desk_on(path, apart=True)) == last(desk_on(path, apart=False))


def test_listings_grow_and_the_last_is_done() -> None:
    with demo_path() as path:
        listings = list(TargetReader(str(path)).listings(stop=Event(), report=ignore))
    assert [listing.mails for listing in listings] == [50, 200, 352]
    assert [listing.done for listing in listings] == [False, False, True]
    assert all(listing.items for listing in listings)


def test_mails_are_opened_here_by_their_keys() -> None:
    with demo_path() as path:
        desk = desk_on(path, apart=True)
        for item in last(desk).items:
            for message_id in item.message_ids:
                assert message_id
            message = getattr(item, "root", None) or next(item.versions[0].entries()).message  # type: ignore[union-attr]
            assert desk.mail(message).message.message_id == message.message_id
        desk.close()
        with pytest.raises(PatchdeskError, match="closed"):
            desk.mail(message)


def test_it_can_be_read_again(tmp_path: Path) -> None:
    mail = b"From: a@example.org\nSubject: %d\nMessage-ID: <%d@example.org>\n\ntext\n"
    path = tmp_path / "some.mbox"
    path.write_bytes(to_mboxrd([mail % (1, 1)]))
    desk = desk_on(path, apart=True)
    assert last(desk).mails == 1
    path.write_bytes(to_mboxrd([mail % (1, 1), mail % (2, 2)]))
    assert last(desk).mails == 2


def test_an_error_comes_across_with_its_hint(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(TargetError, match="is an empty folder") as caught:
        last(desk_on(tmp_path / "empty", apart=True))
    assert caught.value.hint


def test_a_process_that_is_killed_is_no_hang() -> None:
    with demo_path() as path:
        reading = TargetReader(str(path))
        os.kill(reading.pid, signal.SIGSTOP)
        os.kill(reading.pid, signal.SIGKILL)
        with pytest.raises(ChildError, match="has ended"):
            list(reading.listings(stop=Event(), report=ignore))


@pytest.mark.parametrize("by", ["stop", "close"])
def test_it_ends_at_once_when_asked(by: str, tmp_path: Path) -> None:
    fifo_like = tmp_path / "many.mbox"
    with demo_path() as path:
        fifo_like.write_bytes(path.read_bytes() * 200)
    reading = TargetReader(str(fifo_like))
    stop = Event()
    Timer(0.3, stop.set if by == "stop" else reading.close).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        list(reading.listings(stop=stop, report=ignore))
    assert time.monotonic() - started < 1.5
    assert reading.wait(1)


def test_a_folder_named_core_has_no_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").write_text("raise SystemExit(3)")
    (tmp_path / "pickle.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    with demo_path() as path:
        assert last(desk_on(path, apart=True)).mails == 352
