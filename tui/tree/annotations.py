"""Facts about mails that arrive after their rows are drawn: patches unchanged since an earlier version, numbers of
comments, the first words of replies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from core.model import Message, MessageId, Patch
from tui.tree.badges import Asked, comment_key_of
from tui.tree.rows import Kind, Row


@dataclass(slots=True)
class WantedFacts:
    """The mails that are to be read for the rows in view."""

    patches: dict[Asked, Patch] = field(default_factory=dict)
    """Those whose comments are to be counted."""
    replies: dict[MessageId, Message] = field(default_factory=dict)
    """Those whose first words are to be shown."""


class RowAnnotations:
    """Keeps them by Message-ID, and which are wanted. Knows no widget."""

    def __init__(self, changed: Callable[[], object], wanted: Callable[[], object]) -> None:
        """`changed` is called where rows say more than before, `wanted` where the first row wants a fact."""
        self._changed = changed
        self._want = wanted
        self._compared: set[MessageId] = set()
        self._unchanged: dict[MessageId, str] = {}
        self._counts: dict[Asked, int] = {}
        self._words: dict[MessageId, str] = {}
        self._wanted = WantedFacts()

    # ------------------------------------------------------------- versions

    def is_compared(self, posting: MessageId) -> bool:
        """Whether a posting was compared with the version before it."""
        return posting in self._compared

    def add_unchanged(self, posting: MessageId, same_as: Mapping[MessageId, str]) -> None:
        """Mark the patches of a posting that equal those of an earlier version, each with that version's name, `v2`."""
        self._compared.add(posting)
        self._unchanged.update(same_as)
        if same_as:
            self._changed()

    def clear_versions(self) -> None:
        """Forget all comparisons of versions: another target is shown, or this one was read again."""
        self._compared.clear()
        self._unchanged.clear()
        self._changed()

    # ------------------------------------------------------------- what is to be read

    def annotated(self, row: Row) -> Row:
        """Return a row with its facts, as far as they are known, and want the others.

        A patch's row says which version it equals, `= v2`, a reply's its first words.
        """
        if row.message is None:
            return row
        name = row.message.message_id
        if row.kind is Kind.REPLY:
            if name not in self._words:
                self._note_first()
                self._wanted.replies[name] = row.message
            return replace(row, words=self._words.get(name, ""))
        if (commented := comment_key_of(row)) is not None and commented[0] not in self._counts:
            self._note_first()
            self._wanted.patches[commented[0]] = commented[1]
        same_as = self._unchanged.get(name) if row.kind is Kind.PATCH and not row.news else None
        return replace(row, news=f"= {same_as}") if same_as else row

    def comment_count(self, row: Row) -> int:
        """Return how many comments a patch's row has, 0 while that is unknown."""
        commented = comment_key_of(row)
        return self._counts.get(commented[0], 0) if commented is not None else 0

    @property
    def are_wanted(self) -> bool:
        """Whether facts are wanted that were not requested yet."""
        return bool(self._wanted.patches or self._wanted.replies)

    def _note_first(self) -> None:
        """Tell that a fact is wanted, if it is the first since `take_wanted`."""
        if not self.are_wanted:
            self._want()

    def take_wanted(self) -> WantedFacts:
        """Return the mails that were wanted since the last call."""
        wanted, self._wanted = self._wanted, WantedFacts()
        return wanted

    def add_counts(self, counts: Mapping[Asked, int]) -> None:
        """Record how many comments patches have."""
        self._counts.update(counts)
        if any(counts.values()):
            self._changed()

    def add_words(self, words: Mapping[MessageId, str]) -> None:
        """Record the first words of replies."""
        self._words.update(words)
        if any(words.values()):
            self._changed()
