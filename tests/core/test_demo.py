"""The demo: the shipped archive equals its scripts, and the desk finds the structure that they describe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Event

import pytest

from core.demo import demo_path
from core.diff.parse import read_diff
from core.mail.message import parse_mail, parse_message
from core.model import MessageId, Series, Thread
from core.series.grouping import group_messages
from core.sources.mailbox import open_file
from core.sources.mbox import to_mboxrd
from tests.demo.build import SHIPPED, build
from tests.demo.history import git
from tests.demo.people import PEOPLE
from tests.demo.truth import BuiltSeries, BuiltVersion, Demo

RESERVED = re.compile(r"(\.invalid|(^|[.@])example\.org)$")
"""Names that nobody can have (RFC 2606)."""


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "slackwater"


@pytest.fixture(scope="module")
def demo(repo: Path) -> Iterator[Demo]:
    """The demo, built where everything tries to make it another one."""
    home = repo.parent
    (home / ".gitconfig").write_text(
        "[core]\n\tabbrev = 7\n[diff]\n\tnoprefix = true\n\tcontext = 1\n\talgorithm = patience\n"
        "[user]\n\tname = Somebody Else\n\temail = else@example.org\n[log]\n\tdate = relative\n"
        "[commit]\n\tgpgSign = true\n[format]\n\tsignature = mine\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("TZ", "Pacific/Chatham")
        patch.setenv("GIT_AUTHOR_NAME", "Somebody Else")
        patch.setenv("GIT_COMMITTER_DATE", "2001-01-01T00:00:00Z")
        patch.setenv("GIT_DIR", str(home / "nowhere"))
        yield build(repo)


@pytest.fixture(scope="module")
def items(demo: Demo) -> list[Series | Thread]:
    with demo_path() as path:
        source = open_file(path)
        messages = [
            parse_message(mail.raw, mail.key)
            for mail in source.mails(stop=Event(), report=lambda _: None)
        ]
    assert len(messages) == len(demo.mails)
    return group_messages(messages)


def _by_key(demo: Demo, key: str) -> BuiltSeries:
    return next(series for series in demo.series if series.key == key)


def test_what_ships_is_what_the_scripts_say(demo: Demo) -> None:
    assert demo.mbox == SHIPPED.read_bytes(), "run: python -m tests.demo.build"
    assert len(demo.mbox) < 1_500_000


def test_it_is_found_from_the_package() -> None:
    with demo_path() as path:
        assert path.read_bytes() == SHIPPED.read_bytes()


def test_its_bytes_do_nothing_to_a_terminal() -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    found = re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text)
    assert found == []


def test_nobody_in_it_can_be_real(demo: Demo) -> None:
    domains = {match[1] for match in re.finditer(rb"[\w.-]+@((?:[\w-]+\.)+[a-z]+)\b", demo.mbox)}
    assert len(domains) > 15
    for domain in domains - {b"z"}:
        assert RESERVED.search(domain.decode()), domain
    links = re.findall(rb"https?://([^/\s]+)", demo.mbox)
    assert all(RESERVED.search(link.decode()) for link in links)


def test_it_has_what_a_visitor_should_meet(demo: Demo) -> None:
    """The purposes of the demo; each line is one thing to look at."""
    versions = [version for series in demo.series for version in series.versions]
    assert 36 <= len(demo.series) <= 44
    assert 250 <= len(demo.mails) <= 360
    assert max(len(series.versions) for series in demo.series) == 3
    assert sum(series.change_id is not None for series in demo.series) >= 8
    assert any(version.missing and version.cover for version in versions)
    assert any(version.minor and len(version.patches) == 1 < version.total for version in versions)
    assert {"RFC", "RESEND", "1.4.y", "client"} <= {tag for v in versions for tag in v.tags}
    assert any(version.total >= 2 and version.cover is None for version in versions)
    assert {trailer.name for series in demo.series for trailer in series.trailers} == {
        "Reviewed-by",
        "Acked-by",
        "Tested-by",
        "Nacked-by",
    }
    senders = {parse_message(raw).sender.name for _, raw in demo.mails}
    assert len(senders) == len(PEOPLE)
    scripts = ("潮見", "דפנה", "سمير", "Ελένη", "Приливин", "Dvořáček", "Łękawa")
    assert all(any(name in sender for sender in senders) for name in scripts)
    files = [
        file.change for _, raw in demo.mails for file in read_diff(parse_mail(raw).body.diff).files
    ]
    assert {file.status for file in files} >= {"added", "deleted", "renamed", "modified"}
    assert max(file.added for file in files) > 1000
    assert b"GIT binary patch" in demo.mbox
    assert b"new mode 100755" in demo.mbox
    encodings = {
        raw.split(b"Transfer-Encoding: ", 1)[1].split(b"\n", 1)[0]
        for _, raw in demo.mails
        if b"multipart" not in raw
    }
    assert encodings == {b"7bit", b"8bit", b"base64", b"quoted-printable"}


def test_the_newest_of_all_is_the_welcome(demo: Demo, items: list[Series | Thread]) -> None:
    newest = items[0]
    assert isinstance(newest, Series)
    assert newest.subject == _by_key(demo, "welcome").subject
    assert newest.subject.startswith("Welcome to patchdesk")


def _parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _lines(raw: bytes) -> list[str]:
    part = _parsed(raw).get_body(("plain",))
    assert part is not None
    text = part.get_content()
    assert isinstance(text, str)
    return text.split("\n")


def test_every_remark_quotes_what_was_really_said(demo: Demo) -> None:
    mails = dict(demo.mails)
    quoted = 0
    for name, raw in demo.mails:
        parent = mails.get(str(_parsed(raw)["In-Reply-To"] or "").strip("<>"))
        mine = [line[1:].removeprefix(" ") for line in _lines(raw) if line.startswith(">")]
        if parent is None or name in _hostile(demo):
            continue
        theirs = set(_lines(parent))
        assert [line for line in mine if line not in theirs] == [], name
        quoted += len(mine)
    assert quoted > 300


def _hostile(demo: Demo) -> frozenset[str]:
    """Mails with quotes of text that is in no mail."""
    return frozenset(name for name, raw in demo.mails if b"mallory@" in raw.split(b"\nTo: ")[0])


def _versions(demo: Demo) -> list[tuple[str, BuiltVersion]]:
    return [(series.key, version) for series in demo.series for version in series.versions]


def test_every_complete_version_applies_and_gives_its_tree(demo: Demo, repo: Path) -> None:
    mails = dict(demo.mails)
    applied = 0
    for key, version in _versions(demo):
        if version.missing and not version.minor:
            continue
        git(repo, "checkout", "--quiet", "--force", version.base)
        mbox = to_mboxrd(mails[patch.message_id] for patch in version.patches)
        git(repo, "am", "--quiet", "--patch-format=mboxrd", stdin=mbox)
        trees = git(repo, "rev-parse", "HEAD^{tree}", f"{version.tip}^{{tree}}").split()
        assert trees[0] == trees[1], (key, version.version)
        applied += 1
    assert applied > 45


def _found(series: Series) -> list[object]:
    """Return the structure that the desk found, in the form of `_meant`."""
    return [
        (
            version.version,
            version.minor,
            version.tags,
            version.total,
            version.missing,
            [
                (p.number, p.message.message_id, p.message.subject.title, p.message.author.address)
                for p in version.entries()
            ],
        )
        for version in series.versions
    ]


def _meant(series: BuiltSeries) -> list[object]:
    return [
        (
            version.version,
            version.minor,
            version.tags,
            version.total,
            version.missing,
            [
                (p.number, p.message_id, p.title, p.author)
                for p in (version.cover, *version.patches)
                if p is not None
            ],
        )
        for version in series.versions
    ]


def test_the_desk_finds_the_series_that_were_meant(
    demo: Demo, items: list[Series | Thread]
) -> None:
    found = {item.id: item for item in items if isinstance(item, Series)}
    assert len(found) == len(demo.series)
    for series in demo.series:
        first = series.versions[0].cover or series.versions[0].patches[0]
        item = found[MessageId(first.message_id)]
        assert _found(item) == _meant(series), series.key
        assert item.subject == series.subject
        assert item.change_id == series.change_id
        places = {p.message_id for v in series.versions for p in (v.cover, *v.patches) if p}
        assert item.message_ids == places | series.replies
        assert item.replies == len(series.replies)


def test_the_desk_finds_the_trailers_that_were_given(
    demo: Demo, items: list[Series | Thread]
) -> None:
    found = {
        (t.name, t.value, t.number, t.version, t.message_id)
        for item in items
        if isinstance(item, Series)
        for t in item.trailers
    }
    meant = {
        (t.name, t.value, t.number, t.version, t.message_id)
        for series in demo.series
        for t in series.trailers
    }
    assert len(meant) > 50
    assert found == meant


def test_the_desk_finds_the_threads_that_were_meant(
    demo: Demo, items: list[Series | Thread]
) -> None:
    found = {
        item.id: (item.message_ids - {item.id}, item.root.subject.text)
        for item in items
        if isinstance(item, Thread)
    }
    assert found == {thread.message_id: (thread.replies, thread.subject) for thread in demo.threads}


def test_a_mail_delivered_through_two_lists_is_one_mail(
    demo: Demo, items: list[Series | Thread]
) -> None:
    names = [name for name, _ in demo.mails]
    (twice,) = {name for name in names if names.count(name) == 2}
    (item,) = (item for item in items if item.id == twice)
    assert isinstance(item, Thread)
    assert item.lists == ("announce", "devel")
    assert len(item.root.id_conflicts) == 1
