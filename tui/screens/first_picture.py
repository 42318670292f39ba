"""The first picture of a screen, held back until there are rows on it."""

from __future__ import annotations

from contextlib import ExitStack

from textual.screen import Screen


class FirstPicture:
    """Draws nothing until the first rows come: an empty picture takes as long as a full one."""

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._held: ExitStack | None = None

    @property
    def is_held(self) -> bool:
        """Whether nothing is to be drawn now."""
        return self._held is not None

    def hold(self, seconds: float) -> None:
        """Draw nothing until `show`, or until some time has passed."""
        self._held = ExitStack()
        self._held.enter_context(self._screen.app.batch_update())
        self._screen.set_timer(seconds, self.show)

    def show(self) -> None:
        """Draw, if nothing was drawn yet."""
        if self._held is not None:
            held, self._held = self._held, None
            held.close()
            self._screen.refresh(layout=True)
