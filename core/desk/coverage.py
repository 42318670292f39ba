"""The use case of coverage: compare every posting with the newest, and read the replies that give trailers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING, Any

from core.coverage.given_tags import ReplyFacts
from core.coverage.ready import ReadyRule
from core.coverage.retractions import named_patches, names_part, retracted_names
from core.coverage.trailer_states import coverage
from core.coverage.values import Coverage, ForgottenTag, PatchCoverage, Tag
from core.desk.versions import VersionComparer
from core.errors import Cancelled
from core.mail.message import mail_text
from core.model import Identity, Message, MessageId, Series, Version
from core.series.identities import normalise
from core.versions.choose import Choice, postings

if TYPE_CHECKING:
    from core.desk.export import MailOpener
    from core.desk.version_cache import ComparisonCache
    from core.versions.comparison import Comparison


def series_coverage(
    opener: MailOpener,
    series: Series,
    cache: ComparisonCache | None = None,
    stop: Event | None = None,
    version: Version | None = None,
) -> Coverage:
    """Return the review trailers of the newest posting of a series, or of an older `version`.

    Raises PatchdeskError and Cancelled.
    """
    if version is not None:
        series = _until(series, version)
    comparer = VersionComparer(opener, cache)
    known = postings(series)
    comparisons: list[Comparison | None] = []
    for posting in known[:-1]:
        if any(entry.replies for entry in series.versions[posting.at].entries()):
            comparisons.append(comparer.compare(Choice(old=posting, new=known[-1]), stop))
        else:  # nobody answered it, so nothing asks what changed since
            comparisons.append(None)
    return coverage(series, comparisons, reply_facts(_texts(opener), series, stop))


def _until(series: Series, version: Version) -> Series:
    """Return a series as it was at a posting, with all that was said of it and of those before."""
    if version not in series.versions:
        return series
    versions = series.versions[: series.versions.index(version) + 1]
    replies = {
        reply.message.message_id
        for one in versions
        for entry in one.entries()
        for reply in entry.replies
    }
    trailers = tuple(one for one in series.trailers if one.message_id in replies)
    return replace(series, versions=versions, trailers=trailers)


def coverage_record(found: Coverage, rule: ReadyRule | None = None) -> dict[str, Any]:
    """Return a coverage as the JSON object that scripts read; `ready` is null without a rule."""
    return {
        "kind": "coverage",
        "series": found.series,
        "version": found.version,
        "patches": [_patch_record(patch) for patch in found.patches],
        "forgotten": [_forgotten_record(one) for one in found.forgotten],
        "reviewed": found.reviewed,
        "stale": found.stale,
        "ready": None if rule is None else not rule.unready(found),
    }


def _texts(opener: MailOpener) -> Callable[[Message], str]:
    return lambda message: mail_text(opener.raw(message))


def reply_facts(
    read_text: Callable[[Message], str], series: Series, stop: Event | None
) -> dict[MessageId, ReplyFacts]:
    """Read the replies that may say which patches a trailer is for, or take one back. Raises PatchdeskError and Cancelled."""
    for_all: dict[MessageId, list[str]] = {}
    for trailer in series.trailers:
        if trailer.number == 0:
            for_all.setdefault(trailer.message_id, []).append(f"{trailer.name}: {trailer.value}")
    givers = {trailer.message_id for trailer in series.trailers}
    messages = [
        reply.message
        for version in series.versions
        for entry in version.entries()
        for reply in entry.replies
    ]
    first_given: dict[str, datetime] = {}
    for message in messages:
        if message.message_id in givers:
            for name in _names(message.sender):
                first_given[name] = min(message.date, first_given.get(name, message.date))
    facts: dict[MessageId, ReplyFacts] = {}
    for message in messages:
        is_later = any(
            message.date > first_given[name]
            for name in _names(message.sender)
            if name in first_given
        )
        if not is_later and message.message_id not in for_all:
            continue
        if stop is not None and stop.is_set():
            raise Cancelled
        text = read_text(message)
        named = {
            line: numbers
            for line in for_all.get(message.message_id, ())
            if (numbers := named_patches(text, line)) is not None
        }
        parts = frozenset(
            line for line in for_all.get(message.message_id, ()) if names_part(text, line)
        )
        facts[message.message_id] = ReplyFacts(
            retracts=retracted_names(text), patches=named, parts=parts
        )
    return facts


def _names(sender: Identity) -> tuple[str, str]:
    """Return the address and the name of a sender: who takes a trailer back may write from another address."""
    return normalise(sender.address), normalise(sender.name)


def _patch_record(patch: PatchCoverage) -> dict[str, Any]:
    return {
        "number": patch.number,
        "message_id": patch.message_id,
        "tags": [_tag_record(tag) for tag in patch.tags],
        "commenters": [_person_record(one.person) for one in patch.commenters],
        "silent": [_person_record(one) for one in patch.silent],
    }


def _person_record(person: Identity) -> dict[str, Any]:
    return {"name": person.name, "address": person.address}


def _tag_record(tag: Tag) -> dict[str, Any]:
    given = None
    if tag.message_id is not None:
        given = {"version": tag.version, "message_id": tag.message_id}
    return {
        "name": tag.name,
        "by": _person_record(tag.person),
        "given": given,
        "carried": tag.carried,
        "state": tag.state.value,
        "since": list(tag.since),
    }


def _forgotten_record(one: ForgottenTag) -> dict[str, Any]:
    return {"number": one.number, **_tag_record(one.tag)}
