"""A series or thread → its news in the range."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from core.digest.mail_facts import MailFacts, PatchChanges
from core.digest.people import People
from core.digest.values import Diffstat, PatchSummary, SeriesChanges, ThreadChanges, VersionChanges
from core.digest.version_changes import code_changes
from core.model import FollowupTrailer, Identity, Message, MessageId, Patch, Series, Thread, Version


class RangeMails:
    """The mails of a range, and those from before it that were looked up."""

    def __init__(self, arrived: Iterable[MailFacts]) -> None:
        """Take the mails of the range, the last to arrive first."""
        self._arrived = list(arrived)
        self._facts: dict[MessageId, MailFacts] = {}
        self._places: dict[MessageId, int] = {}
        for at, facts in enumerate(reversed(self._arrived)):
            self._facts.setdefault(facts.message.message_id, facts)
            self._places[facts.message.message_id] = at
        self._earlier: list[MailFacts] = []

    def add_earlier(self, facts: MailFacts) -> None:
        """Add a mail from before the range."""
        if facts.message.message_id not in self._places:
            self._earlier.append(facts)
            self._facts.setdefault(facts.message.message_id, facts)

    def messages(self) -> Iterator[Message]:
        """Yield all mails."""
        for facts in (*self._arrived, *self._earlier):
            yield facts.message

    def __contains__(self, message_id: MessageId) -> bool:
        """Whether a mail arrived in the range."""
        return message_id in self._places

    def in_range(self, ids: Collection[MessageId]) -> bool:
        """Whether one of these mails arrived in the range."""
        return any(one in self._places for one in ids)

    def place(self, ids: Iterable[MessageId]) -> int:
        """Return the place of the last of these mails in the order of arrival."""
        return max((self._places.get(one, -1) for one in ids), default=-1)

    def author(self, message_id: MessageId) -> Identity:
        """Return the author of a message."""
        return self._facts[message_id].author

    def changes(self, message: Message) -> PatchChanges | None:
        """Return the changes of a patch."""
        facts = self._facts.get(message.message_id)
        return facts.changes if facts else None

    def text(self, message: Message) -> str:
        """Return the printed text of a mail that leads a series."""
        facts = self._facts.get(message.message_id)
        return facts.text if facts else ""


def series_changes(
    series: Series, known: RangeMails, machines: set[Identity]
) -> SeriesChanges | None:
    """Return the news of a series, None where nothing but replies arrived."""
    versions = tuple(_version_news(version, known) for version in series.versions)
    at = max((at for at, version in enumerate(versions) if version.is_news), default=-1)
    if at < 0:
        return None
    newest = series.versions[at]
    return SeriesChanges(
        id=series.id,
        subject=series.subject,
        author=series.author,
        versions=versions,
        message_ids=tuple(
            entry.message.message_id
            for version in series.versions
            for entry in version.entries()
            if entry.message.message_id in known
        ),
        replies=len(list(_new_replies(series, known))),
        unanswered=not versions[at].before
        and not any(_by_people(entry, machines) for entry in newest.entries()),
        trailers=_new_trailers(series, known),
        diffstat=_total(newest, known),
        text=_lead_text(newest, known),
        code=code_changes(series.versions[at - 1], newest, known.changes) if at else None,
    )


def _by_people(entry: Patch, machines: set[Identity]) -> bool:
    return any(reply.message.author not in machines for reply in entry.replies)


def _new_replies(series: Series, known: RangeMails) -> Iterator[Message]:
    for version in series.versions:
        for entry in version.entries():
            for reply in entry.replies:
                if reply.message.message_id in known:
                    yield reply.message


def repliers(series: Series, known: RangeMails) -> set[Identity]:
    """Return the authors of replies to a series in the range."""
    return {message.author for message in _new_replies(series, known)}


def _new_trailers(item: Series, known: RangeMails) -> tuple[FollowupTrailer, ...]:
    return tuple(trailer for trailer in item.trailers if trailer.message_id in known)


def _version_news(version: Version, known: RangeMails) -> VersionChanges:
    patches = tuple(_patch_news(patch, known) for patch in version.patches)
    lead = version.cover or version.patches[0]
    return VersionChanges(
        version=version.version,
        minor=version.minor,
        tag=_tag(version, lead.message),
        subject=lead.message.subject.title,
        total=version.total,
        date=version.date,
        cover=version.cover.message.message_id if version.cover else None,
        arrived=tuple(patch.number for patch in patches if patch.arrived),
        before=tuple(patch.number for patch in patches if not patch.arrived),
        missing=version.missing,
        is_news=any(entry.message.message_id in known for entry in version.entries()),
        patches=patches,
    )


def _tag(version: Version, lead: Message) -> str:
    """Return the tag as its first mail has it, with its version and without its counter."""
    words = list(lead.subject.tags) or ["PATCH"]
    if version.version > 1 or version.minor:
        words.append(f"v{version.version}" + (f".{version.minor}" if version.minor else ""))
    return f"[{' '.join(words)}]"


def _patch_news(patch: Patch, known: RangeMails) -> PatchSummary:
    message = patch.message
    changes = known.changes(message)
    return PatchSummary(
        number=patch.number,
        subject=message.subject.title,
        author=message.author,
        message_id=message.message_id,
        arrived=message.message_id in known,
        diffstat=Diffstat(files=len(changes.paths), added=changes.added, removed=changes.removed)
        if changes
        else Diffstat(),
        replies=sum(reply.message.message_id in known for reply in patch.replies),
    )


def _total(version: Version, known: RangeMails) -> Diffstat:
    """Add up the patches: a file that several change counts once, a line as often as it is changed."""
    found = [changes for patch in version.patches if (changes := known.changes(patch.message))]
    return Diffstat(
        files=len({path for changes in found for path in changes.paths}),
        added=sum(changes.added for changes in found),
        removed=sum(changes.removed for changes in found),
    )


def _lead_text(version: Version, known: RangeMails) -> str:
    if version.cover is not None:
        return known.text(version.cover.message)
    return known.text(version.patches[0].message) if version.total == 1 else ""


def thread_changes(
    item: Series | Thread, known: RangeMails, people: People, machines: set[Identity]
) -> ThreadChanges:
    """Return the news of a discussion."""
    if isinstance(item, Series):
        messages = list(_new_replies(item, known))
        began = unanswered = False
    else:
        everything = [item.root, *(reply.message for reply in item.replies)]
        messages = [message for message in everything if message.message_id in known]
        began = item.root.message_id in known and not item.root.subject.is_reply
        unanswered = began and not any(
            reply.message.author not in machines for reply in item.replies
        )
    return ThreadChanges(
        id=item.id,
        is_series=isinstance(item, Series),
        subject=item.subject,
        author=item.author,
        began=began,
        replies=len(messages) - began,
        people=len({people.canonical(message.author) for message in messages}),
        unanswered=unanswered,
        trailers=_new_trailers(item, known) if isinstance(item, Series) else (),
        date=max((message.date for message in messages), default=item.date),
    )
