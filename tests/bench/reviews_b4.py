"""The trailers that `show --mbox --trailers all` writes into patches, against those of `b4 am`."""

from __future__ import annotations

import email
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from core.coverage.people import named_person
from core.desk.mbox_export import version_as_mbox
from core.mail.message import parse_mail, parse_message
from core.model import Message, MessageId, OpenedMessage, Series, TargetListing, Version
from core.series.grouping import group_messages
from core.sources.mbox import split, unescape_from
from tests.bench.corpus import mails_of

_SERIES: Final = 300

Tags = list[frozenset[tuple[str, str]]]
"""For each patch its trailers: name in lower case, value."""


class ThreadMails:
    """The mails of an archive, by Message-ID."""

    def __init__(self, raws: Mapping[MessageId, bytes]) -> None:
        self._raws = raws

    def mail(self, message: Message) -> OpenedMessage:
        """Open one mail."""
        return parse_mail(self.raw(message), message.key)

    def raw(self, message: Message) -> bytes:
        """Return one mail's bytes."""
        return self._raws[message.message_id]


def trailers(archive: Path) -> Iterator[str]:
    """Yield how many series have the same trailers in all patches, of the newest that were given one, and the others."""
    raws: dict[MessageId, bytes] = {}
    messages = []
    for mail in mails_of(archive):
        message = parse_message(mail.raw, mail.key)
        raws[message.message_id] = mail.raw
        messages.append(message)
    found = [one for one in group_messages(messages) if isinstance(one, Series)]
    opener = ThreadMails(raws)
    same, unlike = 0, []
    judged = 0
    for series in sorted(found, key=lambda one: one.date, reverse=True):
        version = series.versions[-1]
        if not version.complete or not any(
            one.posting == next(version.entries()).message.message_id for one in series.trailers
        ):
            continue
        judged += 1
        thread = [*dict.fromkeys(one.message_id for one in version.messages())]
        ours = _ours(opener, [parse_message(raws[one], one) for one in thread], version)
        theirs = _b4s([raws[one] for one in thread], version)
        if ours == theirs:
            same += 1
        else:
            unlike.append((version, ours, theirs))
        if judged == _SERIES:
            break
    share = 100 * same / max(1, judged)
    lines = [line for one in unlike for line in _differences(opener, *one)]
    unexplained = sum("unexplained" in line for line in lines)
    yield (
        f"reviews: trailers as b4 am writes them: {same} of {judged} series, {share:.1f} %; "
        f"{unexplained} trailers unlike without an explanation   asked: >= 99 %"
    )
    yield from lines


def _differences(opener: ThreadMails, version: Version, ours: Tags, theirs: Tags) -> Iterator[str]:
    replies = [opener.mail(reply.message) for entry in version.entries() for reply in entry.replies]
    foreign = [one.text.casefold() for one in replies if one.message.has_diff]
    for at, (patch, mine) in enumerate(zip(version.patches, ours, strict=True)):
        others = theirs[at] if at < len(theirs) else frozenset()
        for who, tags in (("ours alone", mine - others), ("b4 alone", others - mine)):
            for name, value in sorted(tags):
                why = "unexplained"
                if who == "b4 alone" and name == "nacked-by":
                    why = "a Nacked-by is not written"
                elif who == "b4 alone" and any(value.casefold() in text for text in foreign):
                    why = "of another patch, which a reply carries"
                elif who == "b4 alone" and name == "link":
                    why = "a Link in prose"
                yield f"  {who} ({why}): {name}: {value}  <{patch.message.message_id}>"


def _ours(opener: ThreadMails, messages: Sequence[Message], version: Version) -> Tags:
    (series, *_) = (
        item
        for item in group_messages(messages)
        if version.patches[0].message.message_id in item.message_ids
    )
    listing = TargetListing(name="", items=(series,), mails=len(messages), done=True)
    first = version.patches[0].message.message_id
    box = version_as_mbox(opener, listing, first, partial=True, trailers="all")
    return [_tags(unescape_from(one.escaped)) for one in split([box])]


def _b4s(raws: Sequence[bytes], version: Version) -> Tags:
    import b4

    logging.getLogger("b4").setLevel(logging.CRITICAL)
    b4.can_network = False
    b4.MAIN_CONFIG = {**b4.DEFAULT_CONFIG, "attestation-policy": "off"}
    box = b4.LoreMailbox()
    for raw in raws:
        box.add_message(email.message_from_bytes(raw, policy=b4.emlpolicy))
    series = box.get_series(codereview_trailers=False)
    if series is None:
        return []
    wanted = [patch.message.message_id for patch in version.patches]
    made = {
        parse_message(raw).message_id: _tags(raw)
        for raw in (one.as_bytes(policy=b4.emlpolicy) for one in series.get_am_ready())
    }
    return [made.get(one, frozenset()) for one in wanted]


def _tags(raw: bytes) -> frozenset[tuple[str, str]]:
    """Return the trailers of a patch; b4 writes addresses anew (`<a@b>` as `a@b`), so they are compared alone."""
    return frozenset(
        (
            one.name.casefold(),
            named_person(one.value).address.casefold() or " ".join(one.value.split()),
        )
        for one in parse_message(raw).trailers
    )
