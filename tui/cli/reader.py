"""The commands that open the reader, and the wiring of the application: desks, journal, settings."""

from __future__ import annotations

import argparse
import atexit
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.cli.console import attach_tty, load_config, print_error, read_stdin
from tui.cli.parser import TARGETS, Command

if TYPE_CHECKING:
    from core.config import Config
    from core.desk.lists_desk import ListDesk
    from core.desk.triage_service import TriageService
    from core.system.ui_state import UiState
    from tui.app import PatchdeskApp
    from tui.desk.requests import Desk, Session
    from tui.tasks import Tasks


_NO_SCREEN: Final = frozenset({"", "dumb", "unknown"})
"""Values of TERM that name a terminal without a cursor that can be moved, or none."""


# ------------------------------------------------------------------- commands


def _add_open(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", metavar="TARGET", help="see below")


def _open(arguments: argparse.Namespace) -> int:
    return _run(arguments.target, instead=f"patchdesk series {arguments.target}")


def _demo(_: argparse.Namespace) -> int:
    from core.demo import demo_path

    with demo_path() as path:
        return _run(str(path), instead=f"patchdesk series {path}", name="demo")


def open_followed() -> int:
    """Open the followed lists, or the welcome screen where there are none; return the exit status."""
    followed = bool(load_config().lists)
    instead = "patchdesk series" if followed else "patchdesk series TARGET"
    return _run("" if followed else None, instead=instead)


COMMANDS: Final = (
    Command("open", "open TARGET in the reader", _open, _add_open, TARGETS),
    Command(
        "demo",
        "open a built-in demo list in the reader",
        _demo,
        details="Needs no network; your own files are left alone.",
    ),
)


# ------------------------------------------------------------------- start


def _run(target: str | None, *, instead: str, name: str = "") -> int:
    """Run the reader on a target ("" for the followed lists, None for the welcome) until it is quit.

    `instead` is the command that prints the same where there is no terminal.
    """
    term = os.environ.get("TERM", "")
    if term in _NO_SCREEN and sys.stdout.isatty():
        print_error(
            f"The reader cannot draw on this terminal (TERM is {term or 'not set'}).",
            f"Set TERM to its type, such as xterm; {instead} prints what it would show.",
        )
        return 1
    stdin = _take_stdin() if target == "-" else None
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print_error("The reader needs a terminal.", f"{instead} prints what it would show.")
        return 1
    config = load_config()
    attach_tty(2)  # Textual draws there, and it may have been redirected
    # What reads or fetches the target starts first, and works while the screen's modules are imported.
    from core.system.ui_state import UiState, ui_state_file

    remembered = UiState(ui_state_file())
    desks = _Desks(config, stdin, target, remembered, name)

    from tui.cli.first_paint import first_paint
    from tui.terminal.modes import assume_size, save_shell_modes
    from tui.terminal.signals import quit_on_signals

    save_shell_modes()
    assume_size()
    with quit_on_signals() as signals, first_paint() as rows:
        if not config.linear:
            rows.draw(desks.first, remembered, config.panes)
            rows.draw_when_read(desks.first, remembered, config.panes)
        app = signals.app = _application(desks)
        rows.hand_over()
        app.run(mouse=config.mouse)
    return end(app.tasks, app.return_code or 0)


def end(tasks: Tasks, status: int) -> int:
    """Return the exit status; where work still runs, end the process with it at once.

    Python would first free the memory of that work, which takes a second for a mail of 64 MiB.
    """
    if tasks.busy_groups:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def _take_stdin() -> bytes:
    """Return all of standard input and put the terminal in its place; on a terminal say that it is read.

    Raises PatchdeskError where there is too much.
    """
    notify = sys.stderr.isatty()
    if notify:
        sys.stderr.write("patchdesk: reading standard input …")
        sys.stderr.flush()
    try:
        content = read_stdin()
    finally:
        if notify:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
    if attach_tty(0):
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    return content


def _application(desks: _Desks) -> PatchdeskApp:
    from core.system.log import start_logging
    from core.system.paths import config_file, log_file
    from tui.app import PatchdeskApp
    from tui.keys.keymap import keymap_for
    from tui.themes import theme_problem
    from tui.timings import Timings

    start_logging(log_file())
    config, target = desks.config, desks.target
    keymap, wrong = keymap_for(config.keys_preset, config.keys, config.keys_langmap)
    wrong = (*filter(None, [theme_problem(config.theme)]), *wrong)
    followed = config.lists.get(target or "")
    return PatchdeskApp(
        target,
        desks.open,
        lists=tuple(config.lists),
        sync_every=_sync_intervals(config),
        theme=config.theme,
        mouse=config.mouse,
        panes=config.panes,
        linear=config.linear,
        triage=triage_opener(config),
        config=None if desks.is_demo else config,
        keymap=keymap,
        problems=(*config.problems, *(f"{config_file()}: {problem}" for problem in wrong)),
        web=(followed.web if followed is not None else "") or config.server,
        remembered=desks.remembered,
        timings=Timings(preview_read=config.read_after),
    )


def _sync_intervals(config: Config) -> dict[str, float]:
    """Return seconds between two automatic syncs, by list."""
    if not any(followed.sync_every for followed in config.lists.values()):
        return {}
    from core.sync.process import sync_intervals

    return sync_intervals(config.lists)


# ------------------------------------------------------------------- desks


@dataclass(frozen=True, slots=True)
class _Opened:
    """A desk that was opened before the application asks for it."""

    target: str
    desk: Desk


class _Desks:
    """Opens a desk for each target; the first one at once, before the application is there."""

    def __init__(
        self,
        config: Config,
        stdin: bytes | None,
        target: str | None,
        remembered: UiState,
        name: str,
    ) -> None:
        self.config = config
        self.is_demo = name == "demo"
        self.target = target
        self.remembered = remembered
        self._stdin = stdin
        self._asked = {target}
        self._ahead: _Opened | None = None
        if target is not None:
            desk = self._open(target, name=name, remembered=remembered)
            self._ahead = _Opened(target, desk)

    @property
    def first(self) -> Desk | None:
        """The desk that was opened ahead, until the application takes it."""
        return self._ahead.desk if self._ahead is not None else None

    def open(self, target: str) -> Desk:
        """Return a desk; a target that is opened again is read anew, past the caches. Raises PatchdeskError."""
        ahead = self._ahead
        if ahead is not None and target == ahead.target:
            self._ahead = None
            return ahead.desk
        again = target in self._asked
        self._asked.add(target)
        return self._open(target, fresh=again)

    def _open(
        self,
        target: str,
        *,
        name: str = "",
        fresh: bool = False,
        remembered: UiState | None = None,
    ) -> Desk:
        from tui.cli.mail import open_target

        desk = lists_desk(target, self.config, remembered) if self._stdin is None else None
        if desk is not None:
            return desk
        return open_target(target, self.config, self._stdin, name=name, apart=True, fresh=fresh)


def lists_desk(target: str, config: Config, remembered: UiState | None = None) -> ListDesk | None:
    """Return the desk of followed lists in the index: for "" of all, for a synced list's name of that one.

    `remembered` has which of all lists were shown last, and their order. A path that exists comes
    before a list's name; then, and for a list not in the index, the result is None.
    Raises IndexFileError.
    """
    from core.system.paths import data_dir

    index = data_dir() / "index.sqlite3"
    if not target:
        from core.desk.list_position import recall
        from core.desk.list_query import ListQuery
        from core.desk.lists_desk import ListDesk
        from core.search.saved_views import saved_views

        wanted = recall(remembered, config.lists).wanted if remembered is not None else ListQuery()
        inbox = saved_views(config.views)[0]
        return ListDesk(index, replace(wanted, query=inbox.query, name=inbox.name), config)
    if target not in config.lists or not index.exists():
        return None
    if os.path.exists(os.path.expanduser(target)):  # noqa: PTH110, PTH111 - pathlib's raises for odd names
        return None
    from core.desk.list_query import ListQuery
    from core.desk.lists_desk import ListDesk, known_lists

    return (
        ListDesk(index, ListQuery(lists=(target,)), config)
        if target in known_lists(index)
        else None
    )


# ------------------------------------------------------------------- triage


def triage_opener(config: Config) -> Callable[[Session], TriageService]:
    """Return a function that opens the triage service of a session; it blocks, so it runs in a thread.

    Followed lists have their own. The journal is the user's; for the demo it is a temporary one that is removed at
    exit.
    """

    def opened(session: Session) -> TriageService:
        if session.lists is not None:
            return session.lists.triage
        from core.config import with_git
        from core.desk.triage_service import Journal, TriageService
        from core.system.paths import data_dir
        from core.triage.journal import FILE

        folder = data_dir()
        if _is_demo(session.target):
            folder = Path(tempfile.mkdtemp(prefix="patchdesk-demo-"))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
        me = with_git(config).me_addresses
        return TriageService(None, Journal(folder / FILE), me, repos=config.repos)

    return opened


def _is_demo(target: str) -> bool:
    from core.demo import demo_path

    with demo_path() as path:
        return target == str(path)
