"""Reads the mails of rows in view for what the rows say of them: numbers of comments, first words of replies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from textual.message import Message

from core.model import MessageId
from tui.desk.controller import Controller
from tui.desk.reply_reading import count_comments, read_first_words
from tui.desk.requests import Session
from tui.tasks import Task
from tui.tree.annotations import WantedFacts
from tui.tree.badges import Asked
from tui.tree.view import TreeView

_MOST: Final = 200
"""Mails that wait to be read: some screens of rows; those seen first are dropped."""
_AT_ONCE: Final = 10
"""Replies whose words are shown at once: each time the tree is drawn anew."""


class RowFacts(Controller):
    """Answers the requests of the tree, the latest rows first; what an earlier one left over is read after them."""

    _left = WantedFacts()
    """The mails that are still to be read."""

    def messages(self) -> Mapping[type[Message], Callable[[Any], object]]:
        """Return the listener of the tree's requests."""
        return {TreeView.FactsRequested: self._requested}

    def on_session(self, session: Session, before: Session | None, /) -> None:
        """Read no mails of the session before any more."""
        del session, before
        self._left = WantedFacts()

    @property
    def is_idle(self) -> bool:
        """Whether the rows want nothing that is still to be requested."""
        return not self._desk.series_tree.annotations.are_wanted

    def _requested(self, event: TreeView.FactsRequested) -> None:
        session, wanted = self._desk.session, event.wanted
        if session is None:
            return
        patches = {**wanted.patches, **self._left.patches}
        replies = {**wanted.replies, **self._left.replies}
        self._left = WantedFacts(
            dict(list(patches.items())[:_MOST]), dict(list(replies.items())[:_MOST])
        )
        self._tasks.start(
            "row facts",
            partial(
                self._read, session, WantedFacts(dict(self._left.patches), dict(self._left.replies))
            ),
            failed=lambda _: self._forget(),
            current=lambda: session is self._desk.session,
            replace=True,
        )

    def _forget(self) -> None:
        """Leave what could not be read until its rows are drawn again."""
        self._left = WantedFacts()

    def _read(self, session: Session, wanted: WantedFacts, task: Task) -> None:
        """Read mails, and tell what is in them as it comes; replies come first, since they are quick. Raises Cancelled."""
        words: dict[MessageId, str] = {}
        for name, message in wanted.replies.items():
            if task.is_cancelled or session.stop.is_set():
                return
            words[name] = read_first_words(session, message)
            if len(words) >= _AT_ONCE:
                task.tell(self._take_words, words)
                words = {}
        task.tell(self._take_words, words)
        for key, entry in wanted.patches.items():
            if task.is_cancelled or session.stop.is_set():
                return
            task.tell(self._take_count, key, count_comments(session, entry))

    def _take_words(self, words: Mapping[MessageId, str]) -> None:
        for name in words:
            self._left.replies.pop(name, None)
        self._desk.series_tree.annotations.add_words(words)

    def _take_count(self, key: Asked, count: int) -> None:
        self._left.patches.pop(key, None)
        self._desk.series_tree.annotations.add_counts({key: count})
