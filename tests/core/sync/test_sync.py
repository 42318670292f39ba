"""Syncing several lists: whatever is wrong with one, the others come in."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event

import pytest

from core.config import FollowedList, load_config
from core.errors import ConfigError, TargetError
from core.fetch.options import FetchOptions
from core.search.saved_views import save_view
from core.sources.message_url import message_id_of
from core.sync import sync as sync_module
from core.sync.follow import follow
from core.sync.list_folder import DataDirs, SyncDepth, SyncResult, load_sync_errors
from core.sync.sync import sync

MAIL = b"From: a@example.org\nSubject: [PATCH] x\nMessage-ID: <%d@example.org>\nDate: Mon, 1 Jan 2024 00:00:00 +0000\n\nx\n"


def synced(tmp_path: Path, **targets: Path) -> dict[str, SyncResult]:
    results = sync(
        {name: FollowedList(target=str(path)) for name, path in targets.items()},
        DataDirs(tmp_path / "data", tmp_path / "cache"),
        SyncDepth(),
        options=FetchOptions(),
        stop=Event(),
        report=lambda _: None,
    )
    return {result.name: result for result in results}


def maildir(path: Path, names: list[bytes]) -> Path:
    for folder in ("cur", "new", "tmp"):
        (path / folder).mkdir(parents=True)
    for number, name in enumerate(names):
        (path / "new" / os.fsdecode(name)).write_bytes(MAIL % number)
    return path


def test_a_maildirs_mails_are_read_whatever_their_files_are_called(tmp_path: Path) -> None:
    odd = [b"1.caf\xe9.x", b"2.\xff\xfe", b"3.\n", b"4.\x1b]0;x\x07", b"5.\xed\xa0\x80", b"6 plain"]
    folder = maildir(tmp_path / "odd", odd)
    assert synced(tmp_path, odd=folder)["odd"].added == len(odd)
    again = synced(tmp_path, odd=folder)["odd"]
    assert (again.added, again.removed, again.error) == (0, 0, None)
    (folder / "new" / os.fsdecode(odd[0])).unlink()
    assert synced(tmp_path, odd=folder)["odd"].removed == 1


def test_an_unexpected_error_in_one_list_is_logged_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    whole = sync_module._ListSync._ingest

    def breaking(run: sync_module._ListSync, source: object) -> None:
        if run._name == "bad":
            raise ZeroDivisionError("injected")
        whole(run, source)  # type: ignore[arg-type]

    monkeypatch.setattr(sync_module._ListSync, "_ingest", breaking)
    bad, good = maildir(tmp_path / "bad", [b"1"]), maildir(tmp_path / "good", [b"1"])
    results = synced(tmp_path, bad=bad, good=good)
    assert list(results) == ["bad", "good"]
    assert results["bad"].error is not None
    assert "ZeroDivisionError" in results["bad"].error.message
    assert (results["good"].added, results["good"].error) == (1, None)
    assert "Traceback" in caplog.text
    home = DataDirs(tmp_path / "data", tmp_path / "cache")
    kept = load_sync_errors(home, ["bad", "good", "none"])
    assert [(name, one.message) for name, one in kept.items()] == [
        ("bad", results["bad"].error.message)
    ]
    monkeypatch.undo()
    assert synced(tmp_path, bad=bad)["bad"].error is None
    assert load_sync_errors(home, ["bad"]) == {}
    for odd in (b"", b"[]", b"{}", b'{"time": 3, "message": "x", "hint": ""}', b"\xff" * 99_999):
        (home.folder("bad") / "error.json").write_bytes(odd)
        assert load_sync_errors(home, ["bad"]) == {}


def test_what_is_no_utf8_is_refused_with_a_sentence_and_changes_nothing(tmp_path: Path) -> None:
    folder = maildir(tmp_path / os.fsdecode(b"caf\xe9"), [b"1"])
    file = tmp_path / "config" / "config.toml"
    with pytest.raises(TargetError, match="not UTF-8"):
        follow("odd", str(folder), file)
    with pytest.raises(ConfigError):
        save_view("odd", "s:a\udce9", file)
    with pytest.raises(ConfigError):
        save_view("odd\udce9", "s:x", file)
    assert not file.exists()
    (tmp_path / "plain").symlink_to(folder)
    follow("odd", str(tmp_path / "plain"), file)
    assert load_config(file).lists["odd"].target == str(tmp_path / "plain")


def test_an_id_that_is_no_utf8_is_asked_of_no_server() -> None:
    assert message_id_of("caf\udce9@example.org") is None
