"""A digest as one JSON object."""

from __future__ import annotations

from dataclasses import asdict

from core.digest.values import (
    Counts,
    Diffstat,
    Digest,
    SeriesChanges,
    ThreadChanges,
    VersionChanges,
)
from core.json_records import Record, identity_record
from core.model import FollowupTrailer


def digest_record(digest: Digest, *, top: int, explain: bool) -> Record:
    """Return the complete digest; `top` bounds only the most discussed threads."""
    record: Record = {
        "from": digest.start or None,
        "to": digest.end or None,
        "list": digest.list_name,
        "messages": digest.messages,
        "domains": [list(item) for item in digest.domains],
        "contributors": _counts(digest.contributors),
        "bots": _counts(digest.bots),
        "reviewers": [
            [identity_record(one.person), one.trailers] for one in digest.reviewers if one.trailers
        ],
        "repliers": [
            [identity_record(one.person), one.series] for one in digest.reviewers if one.series
        ],
        "days": [list(item) for item in digest.days],
        "series": [_series(news) for news in digest.series],
        "threads": [_thread(news) for news in digest.threads],
        "newcomers": [
            {
                **identity_record(one.person),
                "message_id": one.message_id,
                "subject": one.subject,
                "mails": one.mails,
            }
            for one in digest.newcomers
        ],
        "most_discussed": [one.id for one in digest.most_discussed(top)],
        "unanswered": [one.id for one in digest.unanswered_items()],
        "notes": list(digest.notes),
    }
    if explain:
        record["merges"] = [
            {
                "person": identity_record(merge.person),
                "members": [
                    {**identity_record(one), "mails": mails, "why": why}
                    for one, mails, why in merge.members
                ],
            }
            for merge in digest.merges
        ]
    return record


def _counts(counts: Counts) -> list[list[object]]:
    return [[identity_record(who), count] for who, count in counts]


def _diffstat(diffstat: Diffstat) -> Record:
    return {"files": diffstat.files, "added": diffstat.added, "removed": diffstat.removed}


def _trailers(trailers: tuple[FollowupTrailer, ...]) -> list[Record]:
    return [
        {
            "name": trailer.name,
            "value": trailer.value,
            "number": trailer.number,
            "version": trailer.version,
            "message_id": trailer.message_id,
        }
        for trailer in trailers
    ]


def _series(news: SeriesChanges) -> Record:
    newest = news.newest
    return {
        "id": news.id,
        "subject": news.subject,
        "author": identity_record(news.author),
        "version": newest.version,
        "tag": newest.tag,
        "total": newest.total,
        "arrived": list(newest.arrived),
        "message_ids": list(news.message_ids),
        "replies": news.replies,
        "unanswered": news.unanswered,
        "trailers": _trailers(news.trailers),
        "diffstat": _diffstat(news.diffstat),
        "text": news.text,
        "code": asdict(news.code) if news.code else None,
        "versions": [_version(version) for version in news.versions],
    }


def _version(version: VersionChanges) -> Record:
    return {
        "version": version.version,
        "tag": version.tag,
        "total": version.total,
        "date": version.date.isoformat(),
        "cover": version.cover,
        "arrived": list(version.arrived),
        "before": list(version.before),
        "patches": [
            {
                "number": patch.number,
                "message_id": patch.message_id,
                "subject": patch.subject,
                "author": identity_record(patch.author),
                "arrived": patch.arrived,
                "replies": patch.replies,
                "diffstat": _diffstat(patch.diffstat),
            }
            for patch in version.patches
        ],
    }


def _thread(news: ThreadChanges) -> Record:
    return {
        "kind": "series" if news.is_series else "thread",
        "id": news.id,
        "subject": news.subject,
        "author": identity_record(news.author),
        "date": news.date.isoformat(),
        "began": news.began,
        "replies": news.replies,
        "people": news.people,
        "unanswered": news.unanswered,
        "trailers": _trailers(news.trailers),
    }
