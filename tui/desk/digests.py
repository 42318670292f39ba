"""Opens the digest of the open target, and shows in the reader a mail chosen in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from core.model import MessageId
from core.text import SafeText, shown
from tui.desk.controller import Controller, DeskView, Handler
from tui.desk.lists import Lists
from tui.desk.mail import MailLoader
from tui.desk.opening import Opening
from tui.desk.requests import Session
from tui.keys.commands import COMMANDS, Pane
from tui.tasks import Tasks

if TYPE_CHECKING:
    from textual.screen import Screen

_KEPT: Final = "digest"
"""The name under which the application keeps a digest that was left for a mail of it."""


class Digests(Controller):
    """Runs the digest commands where no digest is open: each asks for one."""

    def __init__(
        self, desk: DeskView, tasks: Tasks, opening: Opening, lists: Lists, mail: MailLoader
    ) -> None:
        super().__init__(desk, tasks)
        self._opening = opening
        self._lists = lists
        self._loader = mail
        self._left: Screen[Any] | None = None
        """The digest that was left for a mail of it."""
        self._read_from_it = ""
        """The id of that mail's series; "" while the digest itself is on the screen."""

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        names = (command.name for command in COMMANDS if command.name.startswith("digest."))
        return dict.fromkeys(names, self._open)

    def _open(self) -> None:
        """Ask for the range of a digest of the open archive, or of one of the followed lists."""
        session = self._desk.session or self._opening.pending
        if session is not None and session.target:
            self._show(session.target)
            return
        page = self._lists.page
        names = (page.wanted.lists if page is not None else ()) or self._lists.followed
        if not names:
            text = "No list or archive is open; {app.open} opens one."
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
        from core.sync.follow import list_web
        from tui.digest.screen import DigestScreen

        self._forget()
        config = self._desk.settings.config
        screen = DigestScreen(
            self._desk.keymap,
            target,
            self._desk.settings.clock,
            self._read,
            tasks=self._tasks,
            show_help=self._desk.show_help,
            web=list_web(config.lists.get(target)) if config is not None else "",
        )
        self._desk.app.push_screen(screen, self._closed)

    # ------------------------------------------------------------- from a digest into a mail, and back

    def _read(self, message_id: MessageId) -> bool:
        """Go to a mail of the digest on the screen; keep the digest for the way back. Return whether the mail is there."""
        if not self._desk.series_tree.go_to_mail(message_id):
            return False
        self._loader.read_here()
        if self._left is None:
            digest = self._left = self._desk.app.screen
            self._desk.app.install_screen(digest, _KEPT)
        row = self._desk.series_tree.row
        self._read_from_it = row.item.id if row is not None else ""
        return True

    def _closed(self, _: None) -> None:
        """Give the keys to the mail that was opened; where none was, the digest is done with."""
        if self._read_from_it:
            self._desk.focus_pane(Pane.READER)
        else:
            self._forget()
            self._desk.focus_pane(Pane.TREE)

    def back(self) -> bool:
        """Go from a series that was opened out of a digest back to that, where it was left."""
        row, item_id, digest = self._desk.series_tree.row, self._read_from_it, self._left
        if digest is None or (self._desk.has_class("-full") and not self._desk.settings.linear):
            return False
        if row is None or row.item.id != item_id:
            self._forget()  # the reader went elsewhere since
            return False
        self._read_from_it = ""
        self._desk.app.push_screen(digest, self._closed)
        return True

    def on_session(self, session: Session, before: Session | None, /) -> None:
        """Forget the digest of the session before."""
        if before is not None and before.target != session.target:
            self._forget()

    def _forget(self) -> None:
        """Let the digest go that was left for a mail."""
        digest, self._left, self._read_from_it = self._left, None, ""
        if digest is not None:
            self._desk.app.uninstall_screen(digest)
            digest.remove()
