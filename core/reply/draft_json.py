"""Drafts as JSON: the file in the drafts folder, and the object that `patchdesk drafts --json` prints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from core.model import Identity, MessageId
from core.reply.draft import Anchor, Attempt, Draft, DraftComment, DraftState
from core.series.review_comments import PARTS

MAX_BYTES: Final = 8 << 20
"""Bytes of a draft's file that are read."""
_FORMAT: Final = 1


class DraftFileError(Exception):
    """A file holds no draft; says why."""


def encode_draft(draft: Draft) -> bytes:
    """Return the bytes of a draft's file. Raises UnicodeEncodeError for text that UTF-8 cannot hold."""
    content = {
        "format": _FORMAT,
        "id": draft.id,
        "state": draft.state.value,
        "answers": draft.answers,
        "message_id": draft.message_id,
        "from": _address(draft.sender),
        "to": [_address(one) for one in draft.to],
        "cc": [_address(one) for one in draft.cc],
        "subject": draft.subject,
        "references": list(draft.references),
        "comments": [_comment(one) for one in draft.comments],
        "trailers": list(draft.trailers),
        "text": draft.text,
        "composed": draft.composed,
        "created": draft.created.isoformat(),
        "changed": draft.changed.isoformat(),
        "attempts": [
            {"time": one.time.isoformat(), "with": one.way, "result": one.result}
            for one in draft.attempts
        ],
        "series": draft.series,
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode("utf-8") + b"\n"


def decode_draft(content: bytes, name: str) -> Draft:
    """Return the draft that a file of that name holds. Raises DraftFileError."""
    if len(content) > MAX_BYTES:
        raise DraftFileError("it is too large")
    try:
        fields = json.loads(content.decode("utf-8"))
        if not isinstance(fields, dict) or fields.get("format") != _FORMAT:
            raise DraftFileError("it is not a draft in a format that this version reads")
        return _draft(fields, name)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DraftFileError(f"it cannot be read ({type(error).__name__}: {error})") from error


def draft_record(draft: Draft) -> dict[str, Any]:
    """Return a draft as the JSON object that scripts read."""
    return {
        "kind": "draft",
        "id": draft.id,
        "state": draft.state.value,
        "answers": draft.answers,
        "message_id": draft.message_id,
        "to": [_address(one) for one in draft.to],
        "cc": [_address(one) for one in draft.cc],
        "subject": draft.subject,
        "comments": [
            {
                "path": one.anchor.path if one.anchor and one.anchor.path else None,
                "line": one.line,
                "text": one.text,
            }
            for one in draft.comments
        ],
        "trailers": list(draft.trailers),
        "handed": [
            {"time": one.time.isoformat(), "with": one.way, "result": one.result or None}
            for one in draft.attempts
        ],
    }


def _address(one: Identity) -> dict[str, str]:
    return {"name": one.name, "address": one.address}


def _comment(one: DraftComment) -> dict[str, Any]:
    anchor = one.anchor
    return {
        "text": one.text,
        "line": one.line,
        "span": one.span,
        "anchor": None
        if anchor is None
        else {
            "part": anchor.part,
            "path": anchor.path,
            "text": anchor.text,
            "ordinal": anchor.ordinal,
        },
    }


def _draft(fields: Mapping[str, Any], name: str) -> Draft:
    if fields["id"] != name:
        raise DraftFileError("it is another draft's file")
    text = fields["text"]
    return Draft(
        id=name,
        state=DraftState(fields["state"]),
        answers=MessageId(_text(fields["answers"])),
        message_id=MessageId(_text(fields["message_id"])),
        sender=_identity(fields["from"]),
        to=tuple(map(_identity, _list(fields["to"]))),
        cc=tuple(map(_identity, _list(fields["cc"]))),
        subject=_text(fields["subject"]),
        references=tuple(MessageId(_text(one)) for one in _list(fields["references"])),
        comments=tuple(map(_read_comment, _list(fields["comments"]))),
        trailers=tuple(map(_text, _list(fields["trailers"]))),
        text=None if text is None else _text(text),
        composed=_text(fields["composed"]),
        created=_time(fields["created"]),
        changed=_time(fields["changed"]),
        attempts=tuple(
            Attempt(time=_time(one["time"]), way=_text(one["with"]), result=_text(one["result"]))
            for one in _list(fields["attempts"])
        ),
        series=_text(fields["series"]),
    )


def _read_comment(fields: Mapping[str, Any]) -> DraftComment:
    anchor = fields["anchor"]
    line = fields["line"]
    if line is not None and not isinstance(line, int):
        raise TypeError("a line is a number")
    span = fields.get("span", 1)
    if not isinstance(span, int) or span < 1:
        raise ValueError("a span is a number from 1")
    if anchor is None:
        return DraftComment(text=_text(fields["text"]), line=line)
    if anchor["part"] not in PARTS:
        raise ValueError("there is no such part")
    return DraftComment(
        text=_text(fields["text"]),
        line=line,
        span=span,
        anchor=Anchor(
            part=anchor["part"],
            path=_text(anchor["path"]),
            text=_text(anchor["text"]),
            ordinal=int(anchor["ordinal"]),
        ),
    )


def _identity(fields: Mapping[str, Any]) -> Identity:
    return Identity(_text(fields["name"]), _text(fields["address"]))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a string is missing")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("a list is missing")
    return value


def _time(value: object) -> datetime:
    time = datetime.fromisoformat(_text(value))
    if time.tzinfo is None:
        raise ValueError("a time has no zone")
    return time
