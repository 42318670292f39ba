"""Opens the digest of what is open, and brings the mail that is to be read back into the reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.model import MessageId
from core.text import SafeText, shown
from tui.desk.controller import Controller, DeskView, Handler
from tui.desk.lists import Lists
from tui.desk.mail import MailLoader
from tui.desk.opening import Opening
from tui.keys.commands import COMMANDS, Pane
from tui.tasks import Tasks


class Digests(Controller):
    """Begins a digest with any of its commands, since none is open here."""

    def __init__(
        self, desk: DeskView, tasks: Tasks, opening: Opening, lists: Lists, mail: MailLoader
    ) -> None:
        super().__init__(desk, tasks)
        self._opening = opening
        self._lists = lists
        self._loader = mail

    def commands(self) -> Mapping[str, Handler]:
        """Return what each command does, by its name."""
        names = (command.name for command in COMMANDS if command.name.startswith("digest."))
        return dict.fromkeys(names, self._open)

    def _open(self) -> None:
        """Ask for the range of a digest of what is open: an archive, or one of the followed lists."""
        session = self._desk.session or self._opening.pending
        if session is not None and session.target:
            self._show(session.target)
            return
        page = self._lists.page
        names = (page.wanted.lists if page is not None else ()) or self._lists.followed
        if not names:
            text = "There is nothing to make a digest of: {app.open} opens an archive."
            self._desk.show_message(text, "warning")
        elif len(names) == 1:
            self._show(names[0])
        else:
            self._choose(names)

    def _choose(self, names: Sequence[str]) -> None:
        from tui.widgets.choose import Choice, ChooseDialog

        def chosen(name: SafeText | None) -> None:
            if name is not None:
                self._show(name)

        choices = [Choice(shown(name), shown(name)) for name in names]
        dialog = ChooseDialog(self._desk.keymap, "Digest of", choices)
        self._desk.app.push_screen(dialog, chosen)

    def _show(self, target: str) -> None:
        from tui.digest.screen import DigestScreen

        to_reader = False

        def read(message_id: MessageId) -> bool:
            nonlocal to_reader
            to_reader = self._desk.series_tree.go_to_mail(message_id)
            if to_reader:
                self._loader.read_here()
            return to_reader

        def back(_: None) -> None:
            self._desk.focus_pane(Pane.READER if to_reader else Pane.TREE)

        screen = DigestScreen(
            self._desk.keymap,
            target,
            self._desk.settings.clock,
            read,
            tasks=self._tasks,
            show_help=self._desk.show_help,
        )
        self._desk.app.push_screen(screen, back)
