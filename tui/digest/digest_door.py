"""The way from the main screen into a digest, and back to the mail that is to be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from core.model import MessageId
from core.text import SafeText, shown
from tui.keys.commands import COMMANDS, Pane

if TYPE_CHECKING:
    from tui.desk.opening import ReadingScreen


def digest_actions(screen: ReadingScreen) -> Mapping[str, Callable[[], object]]:
    """Return what the commands of a digest do on the main screen: all begin one, since none is open there."""
    names = (command.name for command in COMMANDS if command.name.startswith("digest."))
    return dict.fromkeys(names, lambda: open_digest(screen))


def open_digest(screen: ReadingScreen) -> None:
    """Ask for the range of a digest of what is open: an archive, or one of the lists that are followed."""
    session = screen._shown or screen._coming
    if session is not None and session.target:
        _show(screen, session.target)
        return
    names = [shown(name) for name in _names(screen)]
    if not names:
        screen.show_message(
            "There is nothing to make a digest of: {app.open} opens an archive.", "warning"
        )
    elif len(names) == 1:
        _show(screen, names[0])
    else:
        from tui.widgets.choose import Choice, ChooseDialog

        def take(name: SafeText | None) -> None:
            if name is not None:
                _show(screen, name)

        choices = [Choice(name, name) for name in names]
        screen.app.push_screen(ChooseDialog(screen.keymap, "Digest of", choices), take)


def _names(screen: ReadingScreen) -> Iterable[str]:
    """Return the lists that are on the screen, or all."""
    from core.config import load_config
    from core.system.paths import config_file

    page = getattr(screen, "_page", None)
    return (page.wanted.lists if page is not None else ()) or load_config(config_file()).lists


def _show(screen: ReadingScreen, target: str) -> None:
    from tui.digest.screen import DigestScreen

    to_reader = False

    def read(message_id: MessageId) -> bool:
        nonlocal to_reader
        to_reader = screen.series_tree.go_to_mail(message_id)
        if to_reader and (row := screen.series_tree.row) is not None:
            screen.read_row(row)
        return to_reader

    def back(_: None) -> None:
        screen.focus_pane(Pane.READER if to_reader else Pane.TREE)

    screen.app.push_screen(DigestScreen(screen.keymap, target, screen._clock, read), back)
