"""All controllers of the main screen as one: each call goes to its members in their order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from tui.desk.controller import ArgumentHandler, Controller, Handler, Refresh

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.message import Message

    from core.desk.lists_desk import ListPage
    from core.model import OpenedMessage
    from core.text import SafeText
    from tui.desk.requests import Session
    from tui.keys.commands import Command
    from tui.tree.items import Items
    from tui.tree.rows import Whole
    from tui.widgets.prompt import Proposal

K = TypeVar("K")
V = TypeVar("V")


class Controllers:
    """Asks its members in their order; closes them in reverse."""

    def __init__(self, *members: Controller) -> None:
        self.members = members
        self.handlers: Mapping[str, Handler] = {}
        """The handler of each command."""
        self.argument_handlers: Mapping[str, ArgumentHandler] = {}
        """The handlers of commands that take an argument."""
        self.listeners: Mapping[type[Message], Callable[[Any], object]] = {}
        """The listener of each class of widget message."""

    def __iter__(self) -> Iterator[Controller]:
        return iter(self.members)

    def start(self) -> None:
        """Collect the members' handlers, and start them. Raises ValueError where two have the same."""
        self.handlers = merged(member.commands() for member in self)
        self.argument_handlers = merged(member.argument_commands() for member in self)
        self.listeners = merged(member.messages() for member in self)
        for member in self:
            member.start()

    def close(self) -> None:
        """Close all in reverse order: writers need the readers they were made from."""
        for member in reversed(self.members):
            member.close()

    def disabled_reason(self, command: Command) -> str:
        """Return the first reason why a command cannot be run now; "" where there is none."""
        return next(filter(None, (member.disabled_reason(command) for member in self)), "")

    def completions(self, name: str, text: str) -> Sequence[Proposal]:
        """Return the possible arguments of a command, from the first member that knows it."""
        found = (member.completions(name, text) for member in self)
        return next((proposals for proposals in found if proposals is not None), ())

    def cancel(self) -> bool:
        """Stop the first running job; return whether any ran."""
        return any(member.cancel() for member in self)

    def back(self) -> bool:
        """Go one level back, at the first that has one; say whether any had."""
        return any(member.back() for member in self)

    @property
    def reader_title(self) -> SafeText | None:
        """The text above the reader, from the first member that has one."""
        titles = (member.reader_title for member in self)
        return next((title for title in titles if title is not None), None)

    @property
    def work_text(self) -> SafeText | None:
        """The running work, from the first member that has any."""
        texts = (member.work_text for member in self)
        return next((text for text in texts if text is not None), None)

    @property
    def is_idle(self) -> bool:
        """Whether no change is pending."""
        return all(member.is_idle for member in self)

    def on_open(self, session: Session) -> None:
        """Tell all that a target was opened."""
        for member in self:
            member.on_open(session)

    def on_session(self, session: Session, before: Session | None) -> None:
        """Tell all that another session is shown."""
        for member in self:
            member.on_session(session, before)

    def on_page(self, page: ListPage) -> None:
        """Tell all of a page of followed lists."""
        for member in self:
            member.on_page(page)

    def on_mail(self, mail: OpenedMessage) -> None:
        """Tell all of the mail in the reader."""
        for member in self:
            member.on_mail(mail)

    def on_shown(self) -> None:
        """Tell all that other items are in the tree."""
        for member in self:
            member.on_shown()

    def on_items(
        self,
        items: Items | Sequence[Whole],
        refresh: Refresh,
        *,
        after: Controller | None = None,
    ) -> Items | Sequence[Whole] | None:
        """Return the items left by each member, or by each one behind `after`; None as soon as one holds them back."""
        first = 0 if after is None else self.members.index(after) + 1
        for member in self.members[first:]:
            left = member.on_items(items, refresh)
            if left is None:
                return None
            items = left
        return items


def merged(parts: Iterator[Mapping[K, V]]) -> dict[K, V]:
    """Return mappings as one. Raises ValueError where two have the same key."""
    found: dict[K, V] = {}
    for key, value in chain.from_iterable(part.items() for part in parts):
        if key in found:
            raise ValueError(f"{key} is given twice")
        found[key] = value
    return found
