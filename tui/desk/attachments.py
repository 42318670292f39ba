"""Attachments of the open mail: listed, shown or opened where that is harmless, and saved."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.errors import PatchdeskError
from core.text import SafeText, shown, shown_lines
from tui.desk.controller import Controller, DeskView, Handler
from tui.desk.external import raw_of
from tui.desk.mail import MailLoader
from tui.tasks import Tasks
from tui.widgets.choose import Choice, ChooseDialog
from tui.widgets.file_question import FileQuestion
from tui.widgets.path_proposals import PathProposals

if TYPE_CHECKING:
    from core.model import Attachment
    from tui.desk.requests import MailRequest

_MOST_LINES: Final = 20_000
"""Lines of an attachment that are shown."""


class Attachments(Controller):
    """Runs the command that lists the attachments of the mail in the reader."""

    def __init__(self, desk: DeskView, tasks: Tasks, mail: MailLoader) -> None:
        super().__init__(desk, tasks)
        self._loader = mail
        self._file = FileQuestion(desk, PathProposals(tasks, desk.prompt))
        self._opened = ExitStack()
        """The folders of files that a viewer was given."""

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {"mail.attachments": self._choose}

    def close(self) -> None:
        """Delete the files that a viewer was given."""
        self._opened.close()

    def _choose(self) -> None:
        mail, request = self._loader.mail, self._loader.request
        if mail is None or request is None:
            self._desk.show_message("There is no mail here.", "warning")
            return
        if not mail.attachments:
            self._desk.show_message("This message has no attachments.")
            return
        choices = [
            Choice(number, shown(one.name[:60]) or SafeText("(no name)"), shown(_about(one)))
            for number, one in enumerate(mail.attachments)
        ]

        def chosen(number: int | None) -> None:
            if number is not None:
                self._choose_action(request, number, mail.attachments[number])

        self._desk.app.push_screen(ChooseDialog(self._desk.keymap, "Attachments", choices), chosen)

    def _choose_action(self, request: MailRequest, number: int, one: Attachment) -> None:
        from core.mail.attachment_files import file_name, is_text, viewer_suffix

        actions: list[Choice[Callable[[], object]]] = []
        read = partial(self._read, request, number)
        if is_text(one):
            show = partial(read, partial(self._show, one))
            actions.append(Choice(show, SafeText("show"), SafeText("as text, in the reader"), "o"))
        elif (suffix := viewer_suffix(one)) is not None:
            view = partial(read, partial(self._view, suffix))
            actions.append(Choice(view, SafeText("open"), SafeText("in a viewer"), "o"))
        name = file_name(one)

        def save() -> None:
            self._file.ask("Save to", lambda path: read(partial(self._save, path)), value=name)

        actions.append(Choice(save, SafeText("save"), SafeText("to a file"), "s"))

        def chosen(action: Callable[[], object] | None) -> None:
            if action is not None:
                action()

        self._desk.app.push_screen(ChooseDialog(self._desk.keymap, shown(name), actions), chosen)

    def _read(self, request: MailRequest, number: int, then: Callable[[bytes], object]) -> None:
        """Read an attachment again, off the screen's thread."""
        self._tasks.start(
            "attachment",
            lambda _: read_attachment(request, number),
            then=then,
            failed=self._show_error,
            current=lambda: request.session is self._desk.session,
        )

    def _show(self, one: Attachment, data: bytes) -> None:
        lines = shown_lines(data.decode("utf-8", "replace"))[:_MOST_LINES]
        self._desk.show_report(shown(one.name) or SafeText("Attachment"), lines)

    def _save(self, path: Path, data: bytes) -> None:
        self._tasks.start(
            "attachment",
            lambda _: save_attachment(path, data),
            then=lambda _: self._desk.show_message("Saved: {path}", path=path),
            failed=self._show_error,
        )

    def _view(self, suffix: str, data: bytes) -> None:
        folder = self._opened.enter_context(tempfile.TemporaryDirectory(prefix="patchdesk-"))
        self._tasks.start(
            "attachment",
            lambda _: view_attachment(Path(folder, f"attachment{suffix}"), data),
            failed=self._show_error,
        )

    def _show_error(self, error: PatchdeskError) -> None:
        self._desk.show_error(error)


def _about(one: Attachment) -> str:
    return f"{one.content_type[:60]}, {one.size:,} bytes"


def read_attachment(request: MailRequest, number: int) -> bytes:
    """Return the bytes of an attachment. Raises PatchdeskError."""
    from core.mail.mime import attachment_bytes

    data = attachment_bytes(raw_of(request.session, request.message), number)
    if data is None:
        raise PatchdeskError("The attachment is no longer there.", "Reload the message.")
    return data


def save_attachment(path: Path, data: bytes) -> None:
    """Write an attachment to a file, whole or not at all, for the user alone. Raises PatchdeskError."""
    from core.system.paths import replace_file

    replace_file(path, data)


def view_attachment(path: Path, data: bytes) -> None:
    """Write an attachment to a file, and open that in a viewer. Raises PatchdeskError."""
    from core.system.browser import open_file
    from core.system.paths import replace_file

    replace_file(path, data)
    open_file(path, os.environ)
