"""An archive and a range → a digest.

Each mail of the range is read once; only a few facts are kept of it, so that a long range needs little memory. Then the
archive's log is searched for earlier messages (`core.digest.lookback`), and all is grouped into series and threads by
`core.series.grouping`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from core.digest.archive import Archive
from core.digest.lookback import NewcomerFinder, RelatedMailSelector, look_back
from core.digest.mail_facts import MailFacts, read_mail_facts
from core.digest.people import Mailmap, People, domain_of, rank_people, ranked_names
from core.digest.range import DigestRange
from core.digest.series_changes import RangeMails, repliers, series_changes, thread_changes
from core.digest.values import (
    Digest,
    Entry,
    Newcomer,
    Reviewer,
    SeriesChanges,
    ThreadChanges,
)
from core.model import Identity, Message, Series
from core.series.grouping import group_messages
from core.series.identities import Bots, normalise


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestOptions:
    """The options of a digest."""

    name: str = ""
    """The list's name in the title; else the commonest List-Id, or the archive's name."""
    as_written: bool = False
    """Take every identity as it is written, bots too: the seed's way."""
    earlier: bool = True
    """Look before the range for newcomers' earlier messages and for earlier versions."""
    entries: bool = False
    """Hold the seed's entries."""
    series: bool = True
    """Group the mails into series and threads."""
    patches_only: bool = False
    """Group patches without their diffstats: enough for the seed's list."""
    mailmap: Mailmap | None = None
    bots: Bots | None = None


def build_digest(
    archive: Archive, span: DigestRange, words: tuple[str, str], options: DigestOptions
) -> Digest:
    """Read a range of an archive and return its digest; `title_ends` are the ends as a title names them.

    Blocks, for as long as reading those mails takes. Raises SourceError.
    """
    reading = _RangeReader(archive, span, options)
    known = RangeMails(reading.grouped)
    bots = Bots() if options.as_written else options.bots or Bots()
    machines = {who for who in reading.written if who in bots}
    people = People(
        Counter({who: n for who, n in reading.written.items() if who not in machines}),
        mailmap=None if options.as_written else options.mailmap,
        merge=not options.as_written,
    )
    newcomers: tuple[Newcomer, ...] = ()
    if options.earlier:
        newcomers = _look_back(archive, span, reading, known, people, bots)
    series: tuple[SeriesChanges, ...] = ()
    threads: tuple[ThreadChanges, ...] = ()
    replied: Counter[Identity] = Counter()
    if options.series:
        series, threads, replied = _group(known, people, machines)
    start, end = words
    return Digest(
        list_name=(options.name or reading.list_name() or archive.name).upper(),
        start=start,
        end=end,
        first=reading.first(),
        last=reading.last(),
        messages=len(reading.facts),
        days=tuple(sorted(reading.days.items())),
        domains=_domains(reading.written, people, machines),
        contributors=rank_people(
            _per_person(
                Counter({w: n for w, n in reading.written.items() if w not in machines}), people
            )
        ),
        bots=rank_people(
            Counter({who: n for who, n in reading.written.items() if who in machines})
        ),
        reviewers=_reviewers([*series, *threads], replied, known, people, machines),
        series=series,
        threads=threads,
        newcomers=newcomers,
        entries=reading.entries() if options.entries else (),
        merges=people.merges,
        notes=archive.notes,
    )


class _RangeReader:
    """The mails of the range, read once."""

    def __init__(self, archive: Archive, span: DigestRange, options: DigestOptions) -> None:
        whole = options.series and not options.patches_only
        lists: Counter[tuple[str, ...]] = Counter()
        days: Counter[int] = Counter()
        written: Counter[tuple[str, str]] = Counter()
        times: list[int] = []
        placed: list[tuple[tuple[int, int], MailFacts]] = []
        for arrival in archive.arrivals(span):
            facts = read_mail_facts(arrival.raw, arrival.key, replies=whole, sizes=whole)
            message = facts.message
            placed.append((arrival.place, facts))
            written[facts.author.name, facts.author.address] += 1
            lists[message.list_ids] += 1
            days[arrival.time // 86400] += 1
            times.append(arrival.time)
        placed.sort(key=lambda item: item[0], reverse=True)
        self.facts = [facts for _, facts in placed]
        """The last to arrive first."""
        self.grouped = [
            facts for facts in self.facts if whole or not facts.message.subject.is_reply
        ]
        """Those that make series and threads."""
        self.written = Counter({Identity(*who): n for who, n in written.items()})
        """Mails by true author, as written."""
        self.days = {_utc(day * 86400).strftime("%Y-%m-%d"): n for day, n in days.items()}
        self._times = times
        self._lists: Counter[str] = Counter()
        for names, n in lists.items():
            self._lists.update(dict.fromkeys(names, n))

    def list_name(self) -> str:
        """Return the first label of the commonest List-Id; of several as common the first in the alphabet."""
        common = min(self._lists.items(), key=lambda item: (-item[1], item[0]), default=("", 0))
        return common[0].partition(".")[0]

    def first(self) -> datetime | None:
        return _utc(min(self._times)) if self._times else None

    def last(self) -> datetime | None:
        return _utc(max(self._times)) if self._times else None

    def entries(self) -> tuple[Entry, ...]:
        return tuple(
            Entry(
                title=facts.message.subject.title,
                subject=facts.message.subject.text,
                author=facts.author,
                text=facts.text,
            )
            for facts in self.facts
            if facts.announced
        )


def _utc(time: int) -> datetime:
    return datetime.fromtimestamp(time, UTC)


def _per_person(written: Counter[Identity], people: People) -> Counter[Identity]:
    counts: Counter[Identity] = Counter()
    for who, n in written.items():
        counts[people.canonical(who)] += n
    return counts


def _domains(
    written: Counter[Identity], people: People, machines: set[Identity]
) -> tuple[tuple[str, int], ...]:
    """Count mails by domain: that of the address written, unless the mailmap knows a better address."""
    counts: Counter[str] = Counter()
    for who, n in written.items():
        if who not in machines:
            counts[domain_of(people.mapped(who))] += n
    return ranked_names(counts)


def _look_back(
    archive: Archive,
    span: DigestRange,
    reading: _RangeReader,
    known: RangeMails,
    people: People,
    bots: Bots,
) -> tuple[Newcomer, ...]:
    """Add to `known` the earlier messages that belong to the arrivals; return the newcomers: senders without an earlier
    mail.
    """
    first = reading.first()
    if first is None:
        return ()
    debuts: dict[Identity, Message] = {}
    addresses: dict[Identity, set[str]] = {}
    for facts in reversed(reading.facts):
        message = facts.message
        # A relay sends for the author; any other sender is who wrote to the list, whosever patch it was.
        who = people.canonical(facts.author if " via " in message.sender.name else message.sender)
        if who not in bots:
            debuts.setdefault(who, message)
            known_as = addresses.setdefault(who, people.addresses(who))
            known_as.add(normalise(message.sender.address))
    newcomers = NewcomerFinder((who, addresses[who]) for who in debuts)
    relatives = RelatedMailSelector(
        (facts.message for facts in reading.facts), int(first.timestamp())
    )
    for key in look_back(archive.mails_before(span), newcomers, relatives):
        raw = archive.read(key)
        if raw:
            known.add_earlier(read_mail_facts(raw, ""))
    mails = _per_person(reading.written, people)
    return tuple(
        Newcomer(
            person=who,
            message_id=debuts[who].message_id,
            subject=debuts[who].subject.text,
            mails=mails[who],
        )
        for who in newcomers.left
    )


def _group(
    known: RangeMails, people: People, machines: set[Identity]
) -> tuple[tuple[SeriesChanges, ...], tuple[ThreadChanges, ...], Counter[Identity]]:
    """Return the series and threads, and to how many series each person replied."""
    series: list[SeriesChanges] = []
    threads: list[ThreadChanges] = []
    replied: Counter[Identity] = Counter()
    for item in group_messages(known.messages()):
        if not known.in_range(item.message_ids):
            continue
        news = None
        if isinstance(item, Series):
            news = series_changes(item, known, machines)
            others = {people.canonical(who) for who in repliers(item, known) if who not in machines}
            replied.update(others - {people.canonical(item.author)})
        if news is not None:
            series.append(news)
        else:
            threads.append(thread_changes(item, known, people, machines))
    series.sort(key=lambda news: known.place(news.message_ids), reverse=True)
    threads.sort(key=lambda news: (news.replies, news.date, news.id), reverse=True)
    return tuple(series), tuple(threads), replied


def _reviewers(
    news: Iterable[SeriesChanges | ThreadChanges],
    replied: Counter[Identity],
    known: RangeMails,
    people: People,
    machines: set[Identity],
) -> tuple[Reviewer, ...]:
    """Count the trailers of each person by the sender of the reply, since a trailer can name anybody."""
    given: Counter[Identity] = Counter()
    for one in news:
        for trailer in one.trailers:
            who = known.author(trailer.message_id)
            if who not in machines:
                given[people.canonical(who)] += 1
    # The order of the other tables, and below it those who gave none by the series they replied to.
    everyone = rank_people(Counter({who: given[who] for who in {*given, *replied}}))
    reviewers = [
        Reviewer(person=who, trailers=trailers, series=replied[who]) for who, trailers in everyone
    ]
    return tuple(sorted(reviewers, key=lambda one: (-one.trailers, -one.series)))
