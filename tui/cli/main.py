"""The command line. Imports nothing heavy before it knows that it is wanted."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from core import __version__
from core.errors import Cancelled, PatchdeskError
from core.text import shown
from tui.cli import diagnostics as doctor_command
from tui.cli import digest as digest_command
from tui.cli import lists as list_commands
from tui.cli import search as search_command
from tui.cli import triage as triage_command
from tui.cli.mail import MailCommands, read_stdin

if TYPE_CHECKING:
    from core.config import Config
    from core.desk.target_desk import TargetDesk
    from core.system.ui_state import UiState
    from tui.app import PatchdeskApp
    from tui.desk.requests import Desk

_TARGETS = """\
TARGET is one of:
  a Message-ID (with or without <>), or the address of a message or thread on lore.kernel.org or any
  public-inbox; an mbox (also .gz), an .eml file, a maildir; a public-inbox folder (v2, v1, or one bare
  epoch); the name of a list in the configuration; or - for an mbox on standard input.
"""


class _Parser(argparse.ArgumentParser):
    """Says mistakes as one safe sentence."""

    mixes = False
    """Its options may stand between its words: `triage later --until fri ID`."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, with options between the words where these may be there."""
        if not self.mixes:
            return super().parse_known_args(args, namespace)
        self.mixes = False  # it asks this again
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self.mixes = True

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(shown(f"{self.prog}: {message}. See {self.prog} --help.") + "\n")
        raise SystemExit(2)


def _parser(search_help: str = "") -> argparse.ArgumentParser:
    parser = _Parser(
        prog="patchdesk",
        description="A terminal desk for reading and triaging mailing-list patches.",
        epilog="With no command: the reader. In it, ? shows every key.",
    )
    parser.add_argument("--version", action="version", version=f"patchdesk {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    def command(name: str, run: Callable[..., int], words: str, more: str = "") -> _Parser:
        sub: _Parser = commands.add_parser(
            name,
            help=words,
            description=f"{words[0].upper()}{words[1:]}.",
            epilog=more,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(run=run)
        return sub

    sub = command("open", _open, "the reader, on TARGET alone", _TARGETS)
    sub.add_argument("target", metavar="TARGET")

    command(
        "demo",
        _demo,
        "the reader, on an archive that ships with the program",
        "Needs no network; your own files are left alone.",
    )

    sub = command("follow", _follow, "record that a list is followed", list_commands.FOLLOW_HELP)
    list_commands.add_follow(sub)
    sub = command("unfollow", _unfollow, "follow a list no more")
    list_commands.add_unfollow(sub)
    sub = command("lists", _lists, "the lists you follow")
    sub.add_argument("--json", action="store_true", help="one JSON object a line")
    sub = command("sync", _sync, "bring in new mail", list_commands.SYNC_HELP)
    list_commands.add_sync(sub)

    sub = command("series", _series, "what a source, or the index, groups into", _TARGETS)
    sub.add_argument("target", metavar="TARGET", nargs="?", help="the index unless said")
    sub.add_argument("--list", metavar="NAME", help="of the index, one list")
    sub.add_argument("--all", action="store_true", help="threads that are no series, too")
    sub.add_argument("--json", action="store_true", help="one JSON object a line")

    sub = command("show", _show, "one message, or with --mbox the series that holds it", _TARGETS)
    sub.add_argument("id", metavar="ID", help="its Message-ID")
    sub.add_argument(
        "--in", dest="target", metavar="TARGET", help="where; else from the index, or fetched"
    )
    form = sub.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object")
    form.add_argument("--raw", action="store_true", help="the bytes as they came")
    form.add_argument("--mbox", action="store_true", help="the patches of its version, for git am")
    sub.add_argument(
        "--partial", action="store_true", help="with --mbox: also where patches are missing"
    )

    sub = command("triage", _triage, "decide on series, or undo it", triage_command.HELP)
    triage_command.add_arguments(sub)
    sub.mixes = True

    sub = command("search", _search, "what the search bar finds", search_help)
    search_command.add_arguments(sub)

    sub = command(
        "digest", _digest, "what arrived between two commits or dates", digest_command.HELP
    )
    digest_command.add_arguments(sub)

    command("config", _config, "what is in force, and where each value comes from")
    command("doctor", _doctor, "what is installed, reachable, writable, and what mends it")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status: 0, 1 it could not be done, 2 the words, 130 interrupted."""
    if not _mend_streams():
        return _complain("Standard output is closed.", "Send it somewhere.")
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["search"]:  # whose query may begin with what looks like an option
        words = ["search", *search_command.arranged(words[1:])]
    try:
        arguments = _read_words(words)
        status: int = arguments.run(arguments) if arguments.command else _welcome()
        sys.stdout.flush()
    except PatchdeskError as error:
        return _complain(error.message, error.hint)
    except (KeyboardInterrupt, Cancelled):
        return 130
    except BrokenPipeError:
        _forget_output()  # whoever read us has left
        return 0
    except OSError as error:  # all others were translated where they came from
        _forget_output()
        what = error.filename or "Standard output"
        return _complain(f"{what} cannot be used: {error.strerror}.", "Check it, and try again.")
    except MemoryError:
        return _complain("There is not enough memory for this.", "Open a part of it alone.")
    return status


def _read_words(words: Sequence[str]) -> argparse.Namespace:
    """Take the call apart; help is written here, so that its pipe may be closed like any other."""
    help_words = search_command.help_words() if words[:1] == ["search"] else ""
    try:
        return _parser(help_words).parse_args(words)
    except SystemExit:
        sys.stdout.flush()
        raise


def _mend_streams() -> bool:
    """Give a standard stream that was closed a substitute; tell whether there is an output."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    return sys.stdout is not None


def _forget_output() -> None:
    """Let nothing that is still to be written complain a second time when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _complain(message: str, hint: str = "") -> int:
    sys.stderr.write(shown(f"patchdesk: {message} {hint}".rstrip()) + "\n")
    return 1


def _settings() -> Config:
    from core.config import load_config
    from core.system.paths import config_file

    return load_config(config_file())


def _warn(config: Config) -> None:
    for problem in config.problems:
        sys.stderr.write(shown(f"patchdesk: {problem}") + "\n")


def _told_settings() -> Config:
    """Return the configuration, once its mistakes are said."""
    config = _settings()
    _warn(config)
    return config


# ------------------------------------------------------------------- the reader


def _open(arguments: argparse.Namespace) -> int:
    return _run_reader(arguments.target, instead=f"patchdesk series {arguments.target}")


def _demo(_: argparse.Namespace) -> int:
    from core.demo import demo_path

    with demo_path() as path:
        return _run_reader(str(path), instead=f"patchdesk series {path}", name="demo")


def _welcome() -> int:
    """Open the followed lists, or say welcome where there are none."""
    followed = bool(_settings().lists)
    instead = "patchdesk series" if followed else "patchdesk series TARGET"
    return _run_reader("" if followed else None, instead=instead)


def _run_reader(target: str | None, *, instead: str, name: str = "") -> int:
    stdin = _take_stdin() if target == "-" else None
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _complain("The reader needs a terminal.", f"{instead} prints what it would show.")
    config = _settings()
    _put_terminal(2)  # Textual draws there, and it may have been sent elsewhere
    # What reads or fetches the target starts first, and works while the screen's modules are imported.
    from core.system.ui_state import UiState, remembered_file

    remembered = UiState(remembered_file())
    opened: Desk | None = None
    if target is not None:
        opened = _reader_desk(target, config, stdin, name=name, remembered=remembered)

    from tui.cli.first_paint import early_rows

    with early_rows() as rows:
        if not config.linear:
            rows.draw(opened, remembered)
        app = _reader(target, opened, config, stdin, remembered)
        rows.is_shown = False  # from here on the application draws
        app.run(mouse=config.mouse)
    return app.return_code or 0


def _reader(
    target: str | None,
    opened: Desk | None,
    config: Config,
    stdin: bytes | None,
    remembered: UiState,
) -> PatchdeskApp:
    """Return the application, on what was opened already."""
    from core.system.log import start_logging
    from core.system.paths import config_file, log_file
    from tui.app import PatchdeskApp
    from tui.cli.triage_opening import triage_opener
    from tui.keys.keymap import keymap_for
    from tui.themes import theme_problem

    start_logging(log_file())
    keymap, wrong = keymap_for(config.keys_preset, config.keys)
    wrong = (*filter(None, [theme_problem(config.theme)]), *wrong)

    asked = {target}

    def opener(wanted: str) -> Desk:
        nonlocal opened
        if opened is not None and wanted == target:
            first, opened = opened, None
            return first
        again = wanted in asked  # who asks again wants what is new
        asked.add(wanted)
        return _reader_desk(wanted, config, stdin, fresh=again)

    return PatchdeskApp(
        target,
        opener,
        lists=tuple(config.lists),
        sync_every=_intervals(config),
        theme=config.theme,
        mouse=config.mouse,
        linear=config.linear,
        triage=triage_opener(config),
        keymap=keymap,
        problems=(*config.problems, *(f"{config_file()}: {problem}" for problem in wrong)),
        web=(config.lists[target].web if target and target in config.lists else "")
        or config.server,
        remembered=remembered,
    )


def _put_terminal(descriptor: int) -> bool:
    """Put the terminal in the place of a standard stream that is not one; tell whether it is one now."""
    if os.isatty(descriptor):
        return True
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        return False
    os.dup2(terminal, descriptor)
    os.close(terminal)
    return True


def _reader_desk(
    target: str,
    config: Config,
    stdin: bytes | None,
    *,
    name: str = "",
    fresh: bool = False,
    remembered: UiState | None = None,
) -> Desk:
    """Return what the reader reads a target with: of a followed list, what the index holds."""
    from tui.cli.list_opening import lists_desk

    lists = lists_desk(target, config, remembered) if stdin is None else None
    if lists is not None:
        return lists
    return _desk(target, config, stdin, name=name, apart=True, fresh=fresh)


def _intervals(config: Config) -> dict[str, float]:
    if not any(followed.sync_every for followed in config.lists.values()):
        return {}
    from core.sync.process import sync_intervals

    return sync_intervals(config.lists)


def _take_stdin() -> bytes:
    """Return all of standard input, and put the terminal in its place for the keyboard; say what is waited for.

    Raises PatchdeskError where there is no terminal.
    """
    says = sys.stderr.isatty()
    if says:
        sys.stderr.write("patchdesk: reading standard input …")
        sys.stderr.flush()
    try:
        content = read_stdin()
    finally:
        if says:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
    if not _put_terminal(0):
        return content
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    return content


# ------------------------------------------------------------------- commands that print


def _desk(
    target: str,
    config: Config,
    stdin: bytes | None = None,
    *,
    name: str = "",
    apart: bool = False,
    fresh: bool = False,
) -> TargetDesk:
    from core.desk.target_desk import open_target_desk
    from core.system.paths import cache_dir

    return open_target_desk(
        target,
        config=config,
        cache=cache_dir(),
        stdin=stdin,
        name=name,
        apart=apart,
        fresh=fresh,
    )


def _print(lines: Iterable[str]) -> None:
    """Write lines to standard output, as UTF-8 whatever the locale says."""
    for line in lines:
        sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.buffer.flush()


def _mail_commands() -> MailCommands:
    return MailCommands(_told_settings(), _desk, _print)


def _series(arguments: argparse.Namespace) -> int:
    return _mail_commands().series(arguments)


def _show(arguments: argparse.Namespace) -> int:
    return _mail_commands().show(arguments)


# ------------------------------------------------------------------- followed lists


def _follow(arguments: argparse.Namespace) -> int:
    return list_commands.follow(arguments, _print)


def _unfollow(arguments: argparse.Namespace) -> int:
    return list_commands.unfollow(arguments, _print)


def _lists(arguments: argparse.Namespace) -> int:
    return list_commands.lists(arguments, _told_settings(), _print)


def _sync(arguments: argparse.Namespace) -> int:
    return list_commands.sync(arguments, _told_settings(), _print)


def _search(arguments: argparse.Namespace) -> int:
    return search_command.run(arguments, _told_settings(), _print)


# ------------------------------------------------------------------- the rest


def _triage(arguments: argparse.Namespace) -> int:
    return triage_command.run(arguments, _told_settings(), _print)


def _digest(arguments: argparse.Namespace) -> int:
    return digest_command.run(arguments, _told_settings(), _print)


def _config(_: argparse.Namespace) -> int:
    from tui.cli import config_command

    return config_command.run(_told_settings(), _print)


def _doctor(_: argparse.Namespace) -> int:
    return doctor_command.run(_settings(), _print)


if __name__ == "__main__":
    sys.exit(main())
