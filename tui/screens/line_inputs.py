"""The line inputs of the main screen: mounted late, fed before anything else, closed by a click elsewhere."""

from __future__ import annotations

from asyncio import Lock
from typing import TYPE_CHECKING

from textual import events
from textual.screen import Screen

from tui.widgets.prompt import Prompt
from tui.widgets.search_bar import SearchBar

if TYPE_CHECKING:
    from tui.widgets.comment_editor import CommentEditor


class LineInputs:
    """The prompt, the search bar and the editor of comments; at most one of them has the keys."""

    def __init__(self) -> None:
        self.prompt, self.bar = Prompt(), SearchBar()
        self.editor: CommentEditor | None = None
        self._mounting = Lock()

    async def mount(self, screen: Screen[None], *, with_editor: bool) -> None:
        """Mount those that are not there yet: not before the first picture, which they would hold up."""
        async with self._mounting:  # the timer and the first key may ask at the same time
            if not screen.is_attached:  # the program ends
                return
            if not self.prompt.is_attached:
                await screen.mount(self.bar, after="TitleBar")
                await screen.mount(self.prompt, before="StatusBar")
            if self.editor is None and with_editor:
                from tui.widgets.comment_editor import CommentEditor

                self.editor = CommentEditor()
                await screen.mount(self.editor)

    def feed(self, event: events.Key) -> bool | None:
        """Give a key to the input that has the keys: whether it took it, or None where none has them."""
        if self.prompt.asking:
            return self.prompt.feed(event)
        if self.bar.asking:
            return self.bar.line.feed(event)
        if self.editor is not None and self.editor.asking:
            return self.editor.feed(event)
        return None

    def close(self) -> None:
        """Close the input that is open, since another widget was clicked: an unfinished comment is kept."""
        self.prompt.cancel()
        self.bar.confirm()
        if self.editor is not None:
            self.editor.keep()
