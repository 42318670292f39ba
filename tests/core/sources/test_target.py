"""Kinds of targets: a path, a Message-ID, an address, standard input, or nothing that can be opened."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

import pygit2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import PatchdeskError, TargetError
from core.fetch.options import LORE, FetchOptions, inbox_url
from core.model import MessageId
from core.sources.isolated_archive import IsolatedArchive
from core.sources.lore import LoreThreadSource
from core.sources.mailbox import MailboxSource
from core.sources.maildir import MaildirSource
from core.sources.message_url import MessageUrl, message_id_of, read_url
from core.sources.target import open_target
from tests.core.archives import make_epoch

MAIL = b"Subject: s\nMessage-ID: <a@example.org>\n\ntext\n"
MBOX = b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + MAIL
LOCAL = "http://127.0.0.1:8080"

URLS = {
    "https://lore.kernel.org/kvm/a@b.c/": ("https://lore.kernel.org/kvm", "a@b.c"),
    "https://lore.kernel.org/kvm/a@b.c": ("https://lore.kernel.org/kvm", "a@b.c"),
    "https://lore.kernel.org/all/a@b.c/T/#u": ("https://lore.kernel.org/all", "a@b.c"),
    "https://lore.kernel.org/all/a@b.c/T/#m0123456789abcdef": (
        "https://lore.kernel.org/all",
        "a@b.c",
    ),
    "https://lore.kernel.org/all/a@b.c/t/": ("https://lore.kernel.org/all", "a@b.c"),
    "https://lore.kernel.org/all/a@b.c/raw": ("https://lore.kernel.org/all", "a@b.c"),
    "https://lore.kernel.org/all/a@b.c/t.mbox.gz": ("https://lore.kernel.org/all", "a@b.c"),
    "https://lore.kernel.org/all/a@b.c/#t": ("https://lore.kernel.org/all", "a@b.c"),
    "https://lore.kernel.org/all/a@b.c/?x=y": ("https://lore.kernel.org/all", "a@b.c"),
    "https://lore.kernel.org/r/a@b.c": ("https://lore.kernel.org/all", "a@b.c"),
    "https://lore.kernel.org/r/87abcdef": ("https://lore.kernel.org/all", "87abcdef"),
    "https://lore.kernel.org/kvm/87abcdef/T/": ("https://lore.kernel.org/kvm", "87abcdef"),
    "https://lore.kernel.org/kvm/a%2Fb%3D%2B%40c.d/": ("https://lore.kernel.org/kvm", "a/b=+@c.d"),
    "https://lore.kernel.org/kvm/a+b@c.d/": ("https://lore.kernel.org/kvm", "a+b@c.d"),
    "HTTPS://Lore.Kernel.Org/kvm/A@B.c/": ("https://lore.kernel.org/kvm", "A@B.c"),
    "http://lore.kernel.org/kvm/a@b.c/": ("https://lore.kernel.org/kvm", "a@b.c"),
    "https://public-inbox.org/git/a@b.c/": ("https://public-inbox.org/git", "a@b.c"),
    "https://example.org/inboxes/git/a@b.c/": ("https://example.org/inboxes/git", "a@b.c"),
    f"{LOCAL}/list/a@b.c/": (f"{LOCAL}/list", "a@b.c"),
    f"{LOCAL}/a@b.c/": (f"{LOCAL}/all", "a@b.c"),
    "http://[::1]:8080/list/a@b.c/": ("http://[::1]:8080/list", "a@b.c"),
    "https://patch.msgid.link/a@b.c": ("", "a@b.c"),
    "https://lkml.kernel.org/r/a@b.c": ("", "a@b.c"),
    "https://patchwork.kernel.org/project/kvm/patch/a@b.c/": ("", "a@b.c"),
    " https://lore.kernel.org/kvm/a@b.c/\n": ("https://lore.kernel.org/kvm", "a@b.c"),
}


@pytest.mark.parametrize("url", URLS)
def test_the_address_of_a_message_names_its_inbox_and_id(url: str) -> None:
    base, message_id = URLS[url]
    assert read_url(url) == MessageUrl(base, MessageId(message_id))
    source = open_target(url, fetch=FetchOptions(server=f"{LOCAL}/other"))
    assert isinstance(source, LoreThreadSource)
    assert source.inbox == (base or f"{LOCAL}/other")
    source.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://lore.kernel.org/kvm/", "a list's or a search's address"),
        ("https://lore.kernel.org/", "a list's or a search's address"),
        ("https://lore.kernel.org", "a list's or a search's address"),
        ("https://lore.kernel.org/kvm/?q=s:fix", "a list's or a search's address"),
        ("https://lore.kernel.org/kvm/new.atom", "a list's or a search's address"),
        ("https://user:secret@lore.kernel.org/kvm/a@b.c/", "a user name or password"),
        ("ftp://example.org/a@b.c", "only http:// and https://"),
        ("news://example.org/a@b.c", "only http:// and https://"),
        ("imap://example.org/INBOX", "only http:// and https://"),
        ("file:///etc/passwd", "a file's address"),
        ("https:///a@b.c", "only http:// and https://"),
        ("https://[::1/a@b.c", "not a valid address"),
        ("https://host:99999/a@b.c", "not a valid address"),
        ("https://lore.kernel.org/kvm/%3C%3E@%20/", "no Message-ID in it"),
    ],
)
def test_other_addresses_are_called_what_they_are(url: str, words: str) -> None:
    with pytest.raises(TargetError, match=words) as caught:
        open_target(url)
    assert caught.value.hint
    assert "secret" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "a@b.c",
        "<a@b.c>",
        " <a@b.c> ",
        "id:a@b.c",
        "mid:a@b.c",
        "Message-ID: <a@b.c>",
        "rfc822msgid:a@b.c",
    ],
)
def test_a_message_id_may_be_written_so(text: str) -> None:
    source = open_target(text)
    assert isinstance(source, LoreThreadSource)
    assert source.message_id == "a@b.c"
    assert source.inbox == LORE
    source.close()


@pytest.mark.parametrize(
    "text", ["a/b=+%@c.d", "20250602192702.2125115-1-me@host", "a@[127.0.0.1]", "é@b"]
)
def test_odd_message_ids_are_taken(text: str) -> None:
    assert message_id_of(text) == text


@pytest.mark.parametrize("text", ["", "@", "a@", "@b", "a b@c", "<a@b> <c@d>", "x" * 999 + "@b"])
def test_other_text_is_no_message_id(text: str) -> None:
    assert message_id_of(text) is None


def test_bare_ids_are_asked_from_the_server_that_is_set() -> None:
    git = {"b4.midmask": ("https://one.example.org/x/%s", f"{LOCAL}/git/%s")}
    assert FetchOptions().base == LORE
    assert FetchOptions(git_config=git).base == f"{LOCAL}/git"
    assert FetchOptions(git_config=git, server=f"{LOCAL}/set/").base == f"{LOCAL}/set"
    assert inbox_url("https://lore.kernel.org/%s") == "https://lore.kernel.org/all"
    assert inbox_url("https://lore.kernel.org") == "https://lore.kernel.org/all"


def test_each_kind_of_path_gets_its_source(tmp_path: Path) -> None:
    (tmp_path / "list.mbox").write_bytes(MBOX)
    (tmp_path / "one.eml").write_bytes(MAIL)
    make_epoch(tmp_path / "list" / "git" / "0.git", [("m", MAIL)])
    for name in ("cur", "new", "tmp"):
        (tmp_path / "maildir" / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to("list.mbox")
    for name, kind in {
        "list.mbox": MailboxSource,
        "one.eml": MailboxSource,
        "link": MailboxSource,
        "maildir": MaildirSource,
        "list": IsolatedArchive,
        "list/git": IsolatedArchive,
        "list/git/0.git": IsolatedArchive,
    }.items():
        source = open_target(str(tmp_path / name))
        assert isinstance(source, kind), name
        source.close()


def test_a_path_that_exists_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a@b.c", "<a@b.c>", "https:"):
        Path(name).write_bytes(MBOX)
        source = open_target(name)
        assert isinstance(source, MailboxSource)
        source.close()


def test_a_home_folder_may_be_written_as_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "list.mbox").write_bytes(MBOX)
    source = open_target("~/list.mbox")
    assert source.name == "list.mbox"
    source.close()


def test_standard_input_is_read_where_it_is_asked_for() -> None:
    source = open_target("-", stdin=MBOX)
    assert isinstance(source, MailboxSource)
    for nothing in (None, b""):
        with pytest.raises(TargetError, match="Nothing came on standard input"):
            open_target("-", stdin=nothing)
    with pytest.raises(TargetError, match="standard input is a text file"):
        open_target("-", stdin=b"hello")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nothing to open"),
        ("  ", "nothing to open"),
        ("foo", "not a file or folder here, nor a Message-ID"),
        ("foo\0bar", "not a file or folder here"),
        ("foo\x1b[2J", "not a file or folder here"),
        ("x" * 5000, "not a file or folder here"),
        ("some/where", "There is no file or folder"),
        ("list.mbox", "There is no file or folder"),
        ("a b@c", "neither a file here nor a valid Message-ID"),
    ],
)
def test_what_is_no_target_is_told_what_would_do(text: str, words: str) -> None:
    with pytest.raises(TargetError, match=words) as caught:
        open_target(text)
    assert caught.value.hint


def test_folders_without_mail_are_called_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "list.mbox").write_bytes(MBOX)
    pygit2.init_repository(str(tmp_path / "repository"))
    for name, words in {"empty": "an empty folder", "files": "a folder, but not of mail"}.items():
        with pytest.raises(TargetError, match=words) as caught:
            open_target(str(tmp_path / name))
    assert str(tmp_path / "files" / "list.mbox") in caught.value.hint


def test_what_cannot_be_read_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "nowhere").symlink_to("missing")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.fsencode(tmp_path / "socket")[-100:])
    listener.close()
    for name in ("fifo", "circle", "nowhere", "socket"):
        with pytest.raises(TargetError) as caught:
            open_target(str(tmp_path / name))
        assert caught.value.hint, name
    for device in ("/dev/zero", "/dev/tty"):
        with pytest.raises(TargetError):
            open_target(device)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_says_so(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(MBOX)
    (tmp_path / "secret").chmod(0)
    with pytest.raises(TargetError, match="permission denied"):
        open_target(str(tmp_path / "secret"))


@given(text=st.text(max_size=60) | st.from_regex(r"https?://[^\s]{0,40}", fullmatch=True))
@settings(max_examples=200, deadline=None)
def test_no_text_makes_it_fail_otherwise(text: str) -> None:
    with contextlib.suppress(PatchdeskError):
        open_target(text, stdin=b"").close()
