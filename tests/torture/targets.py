"""The parsers, each with the properties of its result for any bytes: one table for hypothesis and for the fuzzer."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import tempfile
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from core.config import describe, load_config
from core.diff.highlight import highlight
from core.diff.parse import file_changes, read_diff
from core.diff.stat import diffstat
from core.digest.people import Mailmap
from core.digest.range import RangeError, read_time_bound, split_range
from core.errors import QueryError, TargetError
from core.fetch.worker import MOST_EPOCHS, FetchFault, epochs_in
from core.json_records import mail_record, series_record, thread_record, to_line
from core.mail.body import read_in_body_headers, split_body
from core.mail.dates import parse_date
from core.mail.headers import (
    decode_encoded_words,
    parse_addresses,
    parse_headers,
    parse_in_reply_to,
    parse_message_ids,
)
from core.mail.message import message_id_of, parse_mail, parse_message
from core.mail.message_fast import parse_message_fast
from core.mail.subject import MAX_SUBJECT, parse_subject
from core.model import Identity, Series
from core.query.date_ranges import Clock
from core.query.fields import path_matcher
from core.query.lore_query import translate
from core.query.query import leaves, lift_to_rows, parse_query, source_text
from core.query.query import terms as search_terms
from core.search.fuzzy.index import FuzzyEntry, FuzzyIndex
from core.search.fuzzy.typed_query import parse_typed_query
from core.series.grouping import group_messages
from core.series.review_comments import ReplyInThread, place_comments
from core.sources import mbox
from core.sources.mbox import to_mboxrd
from core.sources.message_url import message_id_of as typed_id
from core.sources.message_url import read_url
from core.text import CONTROLS, MARKS_PER_LETTER, shown, shown_lines
from core.triage.arguments import SnoozeError, parse_snooze
from core.triage.events import read_line
from core.triage.journal import Journal
from tests.torture import tokens
from tests.torture.calls import call

NOW: Final = datetime(2025, 6, 5, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Target:
    """A parser under torture."""

    check: Callable[[bytes], None]
    """Feeds it; AssertionError where its result is not well formed."""
    tokens: tuple[bytes, ...]
    size: int
    """Bytes of the smaller input with which growth is measured."""


def text_of(data: bytes) -> str:
    """Return text with all that decoders let through: lone surrogates, controls, NUL."""
    return data.decode("utf-8", "surrogateescape")


def clean(text: str) -> None:
    """Assert that a text may go to a terminal."""
    assert not CONTROLS.search(text), ascii(text[:200])


def inert(line: str) -> None:
    """Assert that a line of JSON holds nothing of the categories that it escapes."""
    for char in line if not line.isascii() or not line.isprintable() else "":
        assert unicodedata.category(char) not in {"Cc", "Cf", "Zl", "Zp", "Cs"}, ascii(char)


def header(data: bytes) -> None:
    headers = parse_headers(data, 0, len(data))
    assert len(headers.names) == len(headers.fields)
    assert 0 <= headers.body_start <= len(data)
    for _, value in headers.fields:
        assert "\n" not in value
        decode_encoded_words(value)
        for person in parse_addresses(value):
            assert "\n" not in person.name
            assert "\n" not in person.address
        for each in parse_message_ids(value):
            assert each
            assert len(each) <= 998
        parse_in_reply_to(value)
        date = parse_date(value)
        assert date is None or date.tzinfo is not None
        if date is not None:
            date.astimezone(UTC) if 2 < date.year < 9999 else date.isoformat()


def subject(data: bytes) -> None:
    text = text_of(data)
    read = parse_subject(text)
    assert read.text == text[:MAX_SUBJECT]
    assert len(read.title) <= len(read.text)
    assert read.version >= 0
    assert (read.number is None) == (read.total is None)
    assert parse_subject(read.text) == read


def mail(data: bytes) -> None:
    opened = parse_mail(data)
    assert opened.message == parse_message(data)
    assert opened.message.message_id
    assert opened.message.date.tzinfo is not None
    opened.message.date.isoformat()
    found = message_id_of(data)
    assert found is None or found == opened.message.message_id
    brief, _ = parse_message_fast(data)
    assert (brief.message_id, brief.subject) == (opened.message.message_id, opened.message.subject)
    line = to_line(mail_record(opened, ("x",), file_changes(opened.body.diff)))
    inert(line)
    assert json.loads(line)["message_id"] == opened.message.message_id
    for part in ("message", "notes", "diffstat", "diff", "signature"):
        for shown_one in shown_lines(getattr(opened.body, part)):
            clean(shown_one)
    (back,) = mbox.split([to_mboxrd([data])])
    assert back.offset >= 0


def body(data: bytes) -> None:
    text = text_of(data)
    for in_body in (True, False):
        split = split_body(text, in_body_headers=in_body)
        blanks = len(text) - len(text.lstrip("\n"))
        rest = text[read_in_body_headers(text)[1] if in_body else blanks :]
        assert rest.startswith(split.message)
        rest = rest[len(split.message) :]
        middle = split.notes + split.diffstat + split.diff
        dashes = rest.partition("\n")[0] + "\n" if rest.startswith("---") else ""
        ends = [
            rest[len(before) + len(middle) :]
            for before in ("", dashes)
            if rest.startswith(before + middle)
        ]
        assert any(end == sep + split.signature for end in ends for sep in ("", "-- \n", "-- "))
    parse_message(b"Subject: Re: x\n\n" + data)


def diff(data: bytes) -> None:
    text = text_of(data)
    read = read_diff(text)
    at = 0
    for file in read.files:
        assert file.start >= at
        at = file.start + len(file.header)
        assert tuple(read.lines[file.start : at]) == file.header
        for hunk in file.hunks:
            assert hunk.start >= at
            at = hunk.end
            rows = list(hunk.lines())
            assert len(rows) == len(hunk.rows) == len(hunk.kinds())
            assert (hunk.added, hunk.removed) == (hunk.kinds().count("+"), hunk.kinds().count("-"))
            assert list(read.lines[hunk.start + 1 : hunk.end]) == list(hunk.rows)
    assert at <= len(read.lines)
    counts = [(file.path, file.change.added, file.change.removed) for file in read.files]
    assert diffstat(text) == counts


def colours(data: bytes) -> None:
    name, _, code = text_of(data).partition("\n")
    lines = code.split("\n")[:200]
    spans = highlight(
        f"a.{('c', 'py', 'sh', 'rs', 'rst', 'yaml', 'mk', 'pl', 'html', 'js')[len(name) % 10]}",
        "+" * len(lines),
        lines,
    )
    assert len(spans) == len(lines)
    for line, found in zip(lines, spans, strict=True):
        at = 0
        for begin, end, _ in found:
            assert at <= begin < end <= len(line)
            at = end


PATCH: Final = b"""From: a@b
Subject: [PATCH] x
Message-ID: <p@x>

Trim it before.
---
 f | 2 +-

diff --git a/f b/f
--- a/f
+++ b/f
@@ -1,3 +1,3 @@
 int a;
-light();
+trim_and_light();
 int a;
"""


def remarked(data: bytes) -> None:
    first, *others = data.split(b"\0")
    patch = parse_mail(PATCH + first)
    answers = [
        ReplyInThread(
            parse_mail(b"Message-ID: <r%d@x>\nSubject: Re: x\n\n%s" % (at, other)), at % 3
        )
        for at, other in enumerate(others[:200])
    ]
    said = place_comments(patch, answers)
    depth = -1
    for remark in said:
        assert remark.depth <= depth + 1
        depth = remark.depth
        if remark.place is not None:
            lines = getattr(patch.body, remark.place.part).split("\n")
            assert 0 <= remark.place.line < len(lines)


def series(data: bytes) -> None:
    """Each record is one mail: its id, what it answers, subject, sender, how late, text."""
    messages = []
    for record in data.split(b"\0")[:400]:
        one, above, title, sender, late, text = [*record.split(b"|", 5), *[b""] * 6][:6]
        late = late[-4:]
        minute = int(late) if late.isdigit() else 0
        raw = (
            b"Message-ID: <%s@x>\nReferences: %s\nSubject: %s\nFrom: %s\nDate: Mon, %d Jun 2025 %02d:00:00 +0000\n\n%s"
            % (
                one[:2],
                b" ".join(b"<%c@x>" % c for c in above[:5]),
                title,
                sender,
                1 + minute % 28,
                minute % 24,
                text,
            )
        )
        messages.append(parse_message(raw))
    items = group_messages(messages)
    named = sorted(each for item in items for each in item.message_ids)
    assert named == sorted({message.message_id for message in messages})
    for item in items:
        fields = series_record(item) if isinstance(item, Series) else thread_record(item)
        inert(to_line(fields))


@functools.cache
def index() -> FuzzyIndex:
    rows = (
        "ARM64 PMU Partitioning",
        "drm: mend it",
        "Ünïcode in the title",
        "x" * 900,
        "net: v2 [PATCH] odd",
        "",
    )
    return FuzzyIndex.build(
        FuzzyEntry(row, title, "Colton Lewis", "colton@example.org", f"id-{row}@example.org", row)
        for row, title in enumerate(rows)
    )


def query(data: bytes) -> None:
    text = text_of(data)
    terms = parse_typed_query(text)
    assert all(word.text for word in terms.words)
    hits = index().search(text, 5)
    assert len(hits) <= 5
    try:
        tree = parse_query(text, Clock(NOW, UTC))
    except QueryError as error:
        clean(shown(error.message))
        return
    assert len(list(leaves(tree))) <= len(text)
    lift_to_rows(tree)
    source_text(tree, text)
    translate(tree, ("x",))
    for term in search_terms(tree):
        for word in term.words:
            path_matcher(word)("drivers/net/" + "a" * 50 + "/" + text[:200])


def journal(data: bytes) -> None:
    """Lines of a journal, read as a file and one by one."""
    SCRATCH.write_bytes(data)
    try:
        batches = list(Journal(SCRATCH, host="h").read_from(most=7))
    finally:
        SCRATCH.unlink()
    events = [event for batch in batches for event in batch.events]
    ends = data.rfind(b"\n") + 1
    lines = data[:ends].split(b"\n")[:-1]
    alone = [event for line in lines if (event := read_line(line)) is not None]
    assert len(events) <= len(alone)
    for event in events:
        again = read_line(event.line())
        assert again == event
        clean(event.line().decode("ascii").rstrip("\n"))
    with contextlib.suppress(SnoozeError):
        until = parse_snooze(text_of(data)[:200], NOW, has_tag=lambda _tag: True)
        assert until.encode()


SCRATCH: Final = Path(tempfile.gettempdir(), f"torture-{os.getpid()}.toml")


def config(data: bytes) -> None:
    SCRATCH.write_bytes(data)
    try:
        read = load_config(SCRATCH)
    finally:
        SCRATCH.unlink()
    for line in (*read.problems, *describe(read)):
        clean(line)


def mailbox(data: bytes) -> None:
    pieces = list(mbox.split([data]))
    step = 1 + len(data) % 97
    chunks = (
        [data[at : at + step] for at in range(0, len(data), step)] if len(data) < 20_000 else [data]
    )
    assert list(mbox.split(chunks)) == pieces
    at = 0
    for piece in pieces:
        assert piece.offset >= at
        at = piece.offset + piece.length
        assert piece.escaped == data[piece.offset : at]
        mbox.unescape_from(piece.escaped)
    assert at <= len(data)
    for small in mbox.split([data], cap=64):
        assert len(small.escaped) <= 64
    assert mbox.sniff_format(data[: 64 << 10]) in {"mbox", "mail", ""}


def judged(data: bytes) -> None:
    if data[:1] == b"=":
        data = data[1:]
        text = data[: len(data) & ~3].decode("utf-32-le", "replace")
    else:
        text = data.decode("utf-8", "surrogateescape")
    lines = shown_lines(text)
    assert len(lines) == text.count("\n") + 1
    for line in (shown(text), *lines):
        clean(line)
        marks = 0
        for char in line if not line.isascii() else "":
            assert unicodedata.category(char) not in {"Cc", "Zl", "Zp", "Cs"}
            assert unicodedata.bidirectional(char) not in BIDI
            marks = marks + 1 if unicodedata.combining(char) else 0
            assert marks <= MARKS_PER_LETTER
    once = shown(text)
    assert shown(once) == once


BIDI: Final = frozenset({"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"})


def names(data: bytes) -> None:
    text = text_of(data)
    typed_id(text)
    with contextlib.suppress(TargetError):
        read = read_url(text)
        assert read.message_id
        assert read.base[:7] in {"", "http://", "https:/"}
    with contextlib.suppress(RangeError):
        for end in split_range(text):
            moment = read_time_bound(end, NOW)
            assert moment is None or isinstance(moment.time, int)
    Mailmap(text).resolve(Identity(text[:50], text[-50:]))


def manifest(data: bytes) -> None:
    """An inbox's list of epochs."""
    try:
        found = epochs_in(data)
    except FetchFault:
        return
    assert len(found.entries) <= MOST_EPOCHS
    for path, fingerprint, modified in found.entries:
        assert {type(path), type(fingerprint)} == {str}
        assert isinstance(modified, int)


TARGETS: Final[dict[str, Target]] = {
    "header": Target(header, tokens.HEADER, 20_000),
    "subject": Target(subject, tokens.SUBJECT, 20_000),
    "mime": Target(mail, tokens.MIME, 30_000),
    "body": Target(body, tokens.BODY, 30_000),
    "diff": Target(diff, tokens.DIFF, 30_000),
    "colours": Target(colours, tokens.DIFF, 8_000),
    "remarks": Target(remarked, tokens.REMARKS, 20_000),
    "series": Target(series, tokens.SERIES, 4_000),
    "query": Target(query, tokens.QUERY, 20_000),
    "journal": Target(journal, tokens.JOURNAL, 20_000),
    "config": Target(config, tokens.CONFIG, 10_000),
    "mbox": Target(mailbox, tokens.MBOX, 50_000),
    "text": Target(judged, tokens.TEXT, 20_000),
    "names": Target(names, tokens.NAMES, 20_000),
    "manifest": Target(manifest, tokens.MANIFEST, 20_000),
    "calls": Target(call, tokens.CALLS, 2_000),
}
