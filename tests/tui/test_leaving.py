"""A dialog that is left twice, as by an Esc that was pressed twice on a slow line, takes nothing else with it."""

from __future__ import annotations

import pytest

from tests.tui.kit import app_with, ready


@pytest.mark.parametrize("key", ["y", "question_mark", "ctrl+p"])
async def test_a_dialog_left_twice_takes_nothing_with_it(key: str) -> None:
    app = app_with()
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        await pilot.press(key)
        await pilot.pause()
        dialog = app.screen
        assert len(app.screen_stack) == 2
        dialog.dismiss()
        dialog.dismiss()
        await pilot.pause()
        assert len(app.screen_stack) == 1
        await pilot.press("j", "k")
        assert app.is_running
