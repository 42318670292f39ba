"""Values as JSON objects, one a line: the form that scripts rely on.

Strings carry the decoded original; characters that could act on a terminal are written as `\\uXXXX`. A date is null
where neither the mail's Date nor a Received header can be read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from core.mail.message import UNKNOWN_DATE
from core.model import FileChange, Identity, OpenedMessage, Series, Thread, Trailer, Version

if TYPE_CHECKING:
    from core.search.hits import SearchHit

Record = dict[str, Any]

# Categories Cc, Cf, Zl, Zp and Cs, less what json escapes already; a regular expression has no categories.
_ACTIVE = re.compile(
    "[\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001345f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def _escape(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]


def to_line(record: Record) -> str:
    """Return a record as one line of JSON, without its line end."""
    return _ACTIVE.sub(_escape, json.dumps(record, ensure_ascii=False))


def _moment(date: datetime) -> str | None:
    return None if date == UNKNOWN_DATE else date.isoformat()


def identity_record(identity: Identity) -> Record:
    """Return `{"name", "address"}`."""
    return {"name": identity.name, "address": identity.address}


def _version_record(version: Version) -> Record:
    return {
        "version": version.version,
        "minor": version.minor,
        "tags": list(version.tags),
        "total": version.total,
        "cover": version.cover.message.message_id if version.cover else None,
        "date": _moment(version.date),
        "complete": version.complete,
        "missing": list(version.missing),
        "patches": [
            {
                "number": patch.number,
                "message_id": patch.message.message_id,
                "subject": patch.message.subject.title,
                "author": identity_record(patch.message.author),
            }
            for patch in version.patches
        ],
    }


def series_record(series: Series) -> Record:
    """Return a series with its versions and the trailers given to it."""
    return {
        "kind": "series",
        "id": series.id,
        "lists": list(series.lists),
        "subject": series.subject,
        "author": identity_record(series.author),
        "date": _moment(series.date),
        "change_id": series.change_id,
        "replies": series.replies,
        "versions": [_version_record(version) for version in series.versions],
        "trailers": [
            {
                "name": trailer.name,
                "value": trailer.value,
                "number": trailer.number,
                "version": trailer.version,
                "posting": trailer.posting,
                "message_id": trailer.message_id,
            }
            for trailer in series.trailers
        ],
    }


def thread_record(thread: Thread) -> Record:
    """Return a thread that is no series."""
    return {
        "kind": "thread",
        "id": thread.id,
        "lists": list(thread.lists),
        "subject": thread.subject,
        "author": identity_record(thread.author),
        "date": _moment(thread.date),
        "replies": len(thread.replies),
    }


def hit_record(hit: SearchHit, top: SearchHit) -> Record:
    """Return a search hit in the series or thread `top`."""
    return {
        "kind": hit.kind,
        "id": hit.id,
        "series": top.id,
        "lists": list(top.lists),
        "author": identity_record(hit.author),
        "subject": hit.subject,
        "date": _moment(hit.date),
        "score": round(hit.score, 1),
    }


def _trailer_record(trailer: Trailer) -> Record:
    return {"name": trailer.name, "value": trailer.value}


def mail_record(mail: OpenedMessage, lists: Sequence[str], files: Sequence[FileChange]) -> Record:
    """Return one mail, with the files its diff touches."""
    message = mail.message
    return {
        "message_id": message.message_id,
        "lists": list(lists),
        "from": identity_record(message.sender),
        "to": [identity_record(to) for to in message.to],
        "cc": [identity_record(cc) for cc in message.cc],
        "date": _moment(message.date),
        "subject": message.subject.text,
        "in_reply_to": message.in_reply_to,
        "references": list(message.references),
        "body": mail.text,
        "trailers": [_trailer_record(trailer) for trailer in message.trailers],
        "files": [
            {
                "path": file.path,
                "old_path": file.old_path,
                "added": file.added,
                "removed": file.removed,
                "status": file.status,
            }
            for file in files
        ],
        "attachments": [
            {"name": part.name, "content_type": part.content_type, "size": part.size}
            for part in mail.attachments
        ],
        "capped": list(message.truncations),
    }
