"""References for `git format-patch --stdout`: patches without Message-IDs, which only their order connects.

Their dates are those of the authors, maybe days apart and in any order, and their senders the authors. Counter, total
and the place in the file tell which patches were written at once; git-send-email(1) would have made one thread of it.
"""

from __future__ import annotations

from dataclasses import replace

from core.mail.message import is_made_up
from core.model import Message


class FormatPatchThreader:
    """Lets patches that follow one another in a file answer the first of them."""

    def __init__(self) -> None:
        self._first: Message | None = None
        self._last = 0

    def thread(self, message: Message) -> Message:
        """Return a mail, the next of its file, with a reference to the first of its series where it is in one."""
        number, total = message.subject.number, message.subject.total
        if (
            number is None
            or not is_made_up(message.message_id)
            or message.references
            or message.subject.is_reply
        ):
            self._first = None
            return message
        first = self._first
        if first is not None and number == self._last + 1 and _goes_on(first, message):
            self._last = number
            first_id = first.message_id
            return replace(message, in_reply_to=first_id, references=(first_id,))
        self._first, self._last = (message, number) if number <= 1 < (total or 0) + 1 else (None, 0)
        return message


def _goes_on(first: Message, message: Message) -> bool:
    mine, theirs = message.subject, first.subject
    return (mine.total, mine.version, mine.minor) == (theirs.total, theirs.version, theirs.minor)
