"""The use case of coverage: compare every posting with the newest, and read the replies that give trailers."""

from __future__ import annotations

from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING, Any

from core.coverage.ready import ReadyRule
from core.coverage.retractions import named_patches, retracted_names
from core.coverage.trailer_states import ReplyFacts, coverage
from core.coverage.values import Coverage, ForgottenTag, PatchCoverage, Tag
from core.desk.versions import VersionComparer
from core.errors import Cancelled
from core.model import MessageId, Series, Version
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
    given_to = _postings_with_trailers(series)
    comparisons: list[Comparison | None] = []
    for posting in known[:-1]:
        if posting.at in given_to:
            comparisons.append(comparer.compare(Choice(old=posting, new=known[-1]), stop))
        else:  # nothing was given to it, so nothing asks what changed since
            comparisons.append(None)
    return coverage(series, comparisons, _reply_facts(opener, series, stop))


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


def _postings_with_trailers(series: Series) -> set[int]:
    """Return the places of the postings to which replies gave trailers."""
    givers = {trailer.message_id for trailer in series.trailers}
    return {
        at
        for at, version in enumerate(series.versions)
        for entry in version.entries()
        for reply in entry.replies
        if reply.message.message_id in givers
    }


def _reply_facts(
    opener: MailOpener, series: Series, stop: Event | None
) -> dict[MessageId, ReplyFacts]:
    """Read the replies with trailers for retractions and patch numbers."""
    given: dict[MessageId, list[str]] = {}
    for trailer in series.trailers:
        if trailer.number == 0:
            given.setdefault(trailer.message_id, []).append(f"{trailer.name}: {trailer.value}")
    givers = {trailer.message_id for trailer in series.trailers}
    messages = [
        reply.message
        for version in series.versions
        for entry in version.entries()
        for reply in entry.replies
    ]
    people = {one.sender.address.casefold() for one in messages if one.message_id in givers}
    facts: dict[MessageId, ReplyFacts] = {}
    for message in messages:
        if message.sender.address.casefold() not in people:
            continue
        if stop is not None and stop.is_set():
            raise Cancelled
        text = opener.mail(message).text
        named = {
            line: numbers
            for line in given.get(message.message_id, ())
            if (numbers := named_patches(text, line)) is not None
        }
        facts[message.message_id] = ReplyFacts(retracts=retracted_names(text), patches=named)
    return facts


def _patch_record(patch: PatchCoverage) -> dict[str, Any]:
    return {
        "number": patch.number,
        "message_id": patch.message_id,
        "tags": [_tag_record(tag) for tag in patch.tags],
        "commenters": [{"name": one.name, "address": one.address} for one in patch.commenters],
        "silent": [{"name": one.name, "address": one.address} for one in patch.silent],
    }


def _tag_record(tag: Tag) -> dict[str, Any]:
    given = None
    if tag.message_id is not None:
        given = {"version": tag.version, "message_id": tag.message_id}
    return {
        "name": tag.name,
        "by": {"name": tag.person.name, "address": tag.person.address},
        "given": given,
        "carried": tag.carried,
        "state": tag.state.value,
        "since": list(tag.since),
    }


def _forgotten_record(one: ForgottenTag) -> dict[str, Any]:
    return {"number": one.number, **_tag_record(one.tag)}
