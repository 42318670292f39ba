"""The command line. Imports nothing heavy before it knows that it is wanted."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NoReturn

from core import __version__
from core.errors import Cancelled, PatchdeskError
from core.text import shown, shown_lines
from tui import digest_command

if TYPE_CHECKING:
    from core.config import Config
    from core.desk import Desk
    from core.model import Listing, Message, Series, Thread

_TARGETS = """\
TARGET is one of:
  a Message-ID (with or without <>), or the address of a message or thread on lore.kernel.org or any
  public-inbox; an mbox (also .gz), an .eml file, a maildir; a public-inbox folder (v2, v1, or one bare
  epoch); the name of a list in the configuration; or - for an mbox on standard input.
"""


class _Parser(argparse.ArgumentParser):
    """Says mistakes as one safe sentence."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(shown(f"{self.prog}: {message}. See {self.prog} --help.") + "\n")
        raise SystemExit(2)


def _parser() -> argparse.ArgumentParser:
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

    sub = command("series", _series, "what a source groups into", _TARGETS)
    sub.add_argument("target", metavar="TARGET")
    sub.add_argument("--all", action="store_true", help="threads that are no series, too")
    sub.add_argument("--json", action="store_true", help="one JSON object a line")

    sub = command("show", _show, "one message, or with --mbox the series that holds it", _TARGETS)
    sub.add_argument("id", metavar="ID", help="its Message-ID")
    sub.add_argument("--in", dest="target", metavar="TARGET", help="where; else it is fetched")
    form = sub.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object")
    form.add_argument("--raw", action="store_true", help="the bytes as they came")
    form.add_argument("--mbox", action="store_true", help="the patches of its version, for git am")
    sub.add_argument(
        "--partial", action="store_true", help="with --mbox: also where patches are missing"
    )

    sub = command(
        "digest", _digest, "what arrived between two commits or dates", digest_command.HELP
    )
    digest_command.add_arguments(sub)

    command("config", _config, "what is in force, and where each value comes from")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status: 0, 1 it could not be done, 2 the words, 130 interrupted."""
    arguments = _parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments) if arguments.command else _welcome()
        sys.stdout.flush()
    except PatchdeskError as error:
        return _complain(error.message, error.hint)
    except (KeyboardInterrupt, Cancelled):
        return 130
    except BrokenPipeError:
        # Whoever read us has left; a second complaint at interpreter exit is spared.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    return status


def _complain(message: str, hint: str = "") -> int:
    sys.stderr.write(shown(f"patchdesk: {message} {hint}".rstrip()) + "\n")
    return 1


def _settings() -> Config:
    from core.config import load_config
    from core.paths import config_file

    return load_config(config_file())


def _warn(config: Config) -> None:
    for problem in config.problems:
        sys.stderr.write(shown(f"patchdesk: {problem}") + "\n")


# ------------------------------------------------------------------- the reader


def _open(arguments: argparse.Namespace) -> int:
    return _run_reader(arguments.target, instead=f"patchdesk series {arguments.target}")


def _demo(_: argparse.Namespace) -> int:
    from core.demo import demo_path

    with demo_path() as path:
        return _run_reader(str(path), instead=f"patchdesk series {path}", name="demo")


def _welcome() -> int:
    return _run_reader(None, instead="patchdesk series TARGET")


def _run_reader(target: str | None, *, instead: str, name: str = "") -> int:
    stdin = _take_stdin() if target == "-" else None
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _complain("The reader needs a terminal.", f"{instead} prints what it would show.")
    config = _settings()
    _warn(config)
    # What reads or fetches the target starts first, and works while the screen's modules are imported.
    opened = _desk(target, config, stdin, name=name, apart=True) if target is not None else None

    from core.log import start_logging
    from core.paths import log_file
    from tui.app import PatchdeskApp

    start_logging(log_file())

    def opener(wanted: str) -> Desk:
        nonlocal opened
        if opened is not None and wanted == target:
            first, opened = opened, None
            return first
        return _desk(wanted, config, stdin, apart=True)

    app = PatchdeskApp(target, opener, theme=config.theme, mouse=config.mouse)
    app.run(mouse=config.mouse)
    return app.return_code or 0


def _take_stdin() -> bytes:
    """Return all of standard input, and put the terminal in its place for the keyboard.

    Raises PatchdeskError where there is no terminal.
    """
    content = sys.stdin.buffer.read()
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        return content
    os.dup2(terminal, 0)
    os.close(terminal)
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
) -> Desk:
    from core.desk import open_desk
    from core.paths import cache_dir

    return open_desk(target, config=config, cache=cache_dir(), stdin=stdin, name=name, apart=apart)


def _read(target: str) -> tuple[Desk, Listing]:
    from core.export import read_all

    config = _settings()
    _warn(config)
    stdin = sys.stdin.buffer.read() if target == "-" else None
    desk = _desk(target, config, stdin)
    listing = read_all(desk)
    if listing.note:
        sys.stderr.write(shown(f"patchdesk: {listing.note}") + "\n")
    return desk, listing


def _print(lines: Iterable[str]) -> None:
    """Write lines to standard output, as UTF-8 whatever the locale says."""
    for line in lines:
        sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.buffer.flush()


def _series(arguments: argparse.Namespace) -> int:
    from core.model import Series
    from core.records import series_record, thread_record, to_line

    desk, listing = _read(arguments.target)
    desk.close()
    items = [item for item in listing.items if arguments.all or isinstance(item, Series)]
    if arguments.json:
        _print(
            to_line(series_record(item) if isinstance(item, Series) else thread_record(item))
            for item in items
        )
    else:
        _print(line for item in items for line in _outline(item))
    return 0


def _outline(item: Series | Thread) -> Sequence[str]:
    """Return a series or thread as lines for a person."""
    from core.model import Thread

    day = f"{item.date:%Y-%m-%d}"
    if isinstance(item, Thread):
        return [shown(f"{day}  {item.subject}  ({item.author}, {len(item.replies)} replies)")]
    lines = [shown(f"{day}  {item.subject}  ({item.author}, {item.replies} replies)")]
    for version in item.versions:
        name = f"v{version.version}" + (f".{version.minor}" if version.minor else "")
        words = " ".join((*version.tags, name))
        lines.append(shown(f"    {words}  {len(version.patches)}/{version.total}"))
        lines += [
            shown(f"        {patch.number}/{version.total} {patch.message.subject.title}")
            for patch in version.entries()
        ]
        lines += [
            shown(f"        {number}/{version.total} is missing") for number in version.missing
        ]
    return lines


def _show(arguments: argparse.Namespace) -> int:
    from core.export import find_message, mbox_of, show_record
    from core.model import MessageId
    from core.records import to_line

    if arguments.partial and not arguments.mbox:
        sys.stderr.write("patchdesk show: --partial goes with --mbox.\n")
        return 2
    wanted = MessageId(arguments.id.strip().removeprefix("<").removesuffix(">"))
    desk, listing = _read(arguments.target or wanted)
    try:
        message = find_message(listing, wanted)
        if message is None:
            return _complain(
                f"There is no message {wanted} in {listing.name}.",
                "patchdesk series TARGET --all --json lists the ids that are there.",
            )
        if arguments.raw:
            sys.stdout.buffer.write(desk.raw(message))
        elif arguments.mbox:
            sys.stdout.buffer.write(
                mbox_of(desk, listing, message.message_id, partial=arguments.partial)
            )
        elif arguments.json:
            _print([to_line(show_record(desk, message))])
        else:
            _print(_readable(desk, message))
    finally:
        desk.close()
    return 0


def _readable(desk: Desk, message: Message) -> Sequence[str]:
    """Return one mail as lines for a person."""
    mail = desk.mail(message)
    headers = [
        f"From: {message.sender}",
        f"Date: {message.date:%a, %d %b %Y %H:%M:%S %z}",
        f"Subject: {message.subject.text}",
        f"To: {', '.join(map(str, message.to))}",
        f"Cc: {', '.join(map(str, message.cc))}",
        f"Message-ID: <{message.message_id}>",
        *(f"Attachment: {part.name} ({part.content_type})" for part in mail.attachments),
        *(f"Cut: {words}" for words in message.capped),
    ]
    return [*(shown(line) for line in headers), "", *shown_lines(mail.text)]


def _digest(arguments: argparse.Namespace) -> int:
    config = _settings()
    _warn(config)
    return digest_command.run(arguments, config, _print)


def _config(_: argparse.Namespace) -> int:
    from core.config import describe, with_git

    config = _settings()
    _warn(config)
    _print(describe(with_git(config)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
