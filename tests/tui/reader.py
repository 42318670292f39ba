"""A reader alone on a screen, for tests of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from core.model import OpenedMessage
from tests.tui.mails import NOW
from tui.reader.message_view import MessageView
from tui.themes import DEFAULT_THEME, THEMES, add_diff_colours


class Host(App[None]):
    """As little around the reader as there can be."""

    CSS = "MessageView { width: 1fr; height: 1fr; }"

    def __init__(self, shown: OpenedMessage | None = None, theme: str = DEFAULT_THEME) -> None:
        super().__init__()
        self._shown = shown
        self._first_theme = theme
        self.opened: list[str] = []
        for own in THEMES:
            self.register_theme(own)

    def get_css_variables(self) -> dict[str, str]:
        return add_diff_colours(super().get_css_variables())

    def compose(self) -> ComposeResult:
        yield MessageView(clock=lambda: NOW, zone=UTC)

    def on_mount(self) -> None:
        self.theme = self._first_theme
        if self._shown is not None:
            self.reader.show(self._shown)

    def on_message_view_reply_requested(self, event: MessageView.ReplyRequested) -> None:
        self.opened.append(event.message.message_id)

    @property
    def reader(self) -> MessageView:
        return self.query_one(MessageView)


@asynccontextmanager
async def reading(
    shown: OpenedMessage | None, size: tuple[int, int] = (80, 24), theme: str = DEFAULT_THEME
) -> AsyncIterator[tuple[MessageView, Pilot[None]]]:
    app = Host(shown, theme)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        yield app.reader, pilot


async def settle(pilot: Pilot[Any]) -> None:
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    tasks = pilot.app.query_one(MessageView)._tasks
    while not tasks.is_idle:
        await pilot.pause(0.005)
    await pilot.pause()


def screen(view: MessageView) -> list[str]:
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


def everything(view: MessageView) -> list[str]:
    """Return all rows of the page."""
    rows = [view._page.row(at) for at in range(view._page.count)]
    return ["".join(text for text, _ in (*row.gutter, *row.pieces)).rstrip() for row in rows]
