"""NO_COLOR: what is to be read can be read, in every theme."""

from __future__ import annotations

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from core.errors import SourceError
from tui.app import PatchdeskApp
from tui.messages import DeskLike


def nothing(target: str) -> DeskLike:
    raise SourceError(target)


@pytest.mark.parametrize("theme", ["ansi-dark", "ansi-light", "patchdesk", "patchdesk-light"])
def test_text_differs_from_its_ground(theme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = PatchdeskApp(None, nothing, theme=theme)
    sixteen = app.available_themes[theme].ansi
    colour, ground = (
        ("default", "default")
        if sixteen
        else ("#eeeeee", "#111111")
        if app.available_themes[theme].dark
        else ("#111111", "#eeeeee")
    )
    segments = [Segment("words", Style(color=colour, bgcolor=ground))]
    for line_filter in app.get_line_filters():
        if line_filter.enabled:
            segments = line_filter.apply(segments, Color.parse("ansi_default"))
    (segment,) = segments
    assert segment.style is not None
    if segment.style.color is not None and not segment.style.color.is_default:
        assert segment.style.color != segment.style.bgcolor
    if sixteen:
        for used in (segment.style.color, segment.style.bgcolor):
            assert used is None or used.is_default
