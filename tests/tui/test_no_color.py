"""With NO_COLOR nothing has a colour, and what only its ground set off can still be told apart."""

from __future__ import annotations

import pytest
from rich.style import Style

from tests.tui.kit import NOW, FakeDesk, lantern, listing, ready
from tui.app import PatchdeskApp


def styles(app: PatchdeskApp) -> list[tuple[str, Style]]:
    strips = app.screen._compositor.render_strips()
    return [(s.text, s.style) for strip in strips for s in strip if s.style is not None]


@pytest.mark.parametrize(
    "theme", ["patchdesk", "patchdesk-light", "patchdesk-contrast", "ansi-dark", "nord"]
)
async def test_no_style_has_a_colour(theme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = PatchdeskApp("x", lambda _: FakeDesk(listing(lantern())), theme=theme, clock=lambda: NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("j")
        await pilot.pause()
        found = styles(app)
        assert not [style for _, style in found if style.color or style.bgcolor]
        under_cursor = [style for text, style in found if "do not spill when tilted" in text]
        assert any(style.reverse for style in under_cursor)
        others = [style for text, style in found if "Which lamps" in text]
        assert not others[0].reverse
        await pilot.press("enter", "/", *"line 3 ")
        await pilot.pause()
        match = [style for text, style in styles(app) if text == "line 3 "]
        assert any(style.reverse for style in match)  # beside what is typed
