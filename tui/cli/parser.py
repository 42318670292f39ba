"""The argument parser: a subparser for each command; a mistake is one safe sentence."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from core import __version__
from core.text import shown

TARGETS: Final = """\
TARGET is one of:
  a Message-ID (with or without <>), or the URL of a message or thread on lore.kernel.org or any
  public-inbox; an mbox (also .gz), an .eml file, a maildir; a public-inbox folder (v2, v1, or one bare
  epoch); the name of a followed list; or - for an mbox on standard input.
"""


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the program, as the parser and the manual need it."""

    name: str
    summary: str
    """One line for the list of commands: imperative, lower case, no full stop."""
    run: Callable[[argparse.Namespace], int]
    """Runs it and returns the exit status; may raise PatchdeskError and Cancelled."""
    add_arguments: Callable[[argparse.ArgumentParser], None] | None = None
    details: str | Callable[[], str] = ""
    """Text below the options in `--help`; a function where making it needs imports."""
    intermixed: bool = False
    """Options may stand between the arguments: `triage snooze --until fri ID`."""


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that prints errors as one safe sentence and makes long help only when asked for."""

    command: Command | None = None
    _is_intermixing = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse; for an intermixed command with options between the arguments."""
        command = self.command
        if self._is_intermixing or command is None or not command.intermixed:
            return super().parse_known_args(args, namespace)
        self._is_intermixing = True  # parse_known_intermixed_args calls this method again
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._is_intermixing = False

    def format_help(self) -> str:
        """Return the help, with the details of the command below it."""
        if self.command is not None:
            details = self.command.details
            self.epilog = details if isinstance(details, str) else details()
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        """Print the error of the call, and exit with status 2."""
        sys.stderr.write(shown(f"{self.prog}: {message}. See {self.prog} --help.") + "\n")
        raise SystemExit(2)


def add_message(parser: argparse.ArgumentParser, about: str) -> None:
    """Add the arguments that name a message: its Message-ID, described by `about`, and where to look for it."""
    parser.add_argument("id", metavar="ID", help=about)
    add_source(parser)


def add_source(parser: argparse.ArgumentParser) -> None:
    """Add `--in TARGET`: where messages that are named by an id are looked for."""
    parser.add_argument(
        "--in",
        dest="target",
        metavar="TARGET",
        help="where to look (default: the index, else it is fetched)",
    )


def build_parser(commands: Sequence[Command]) -> Parser:
    """Return the parser of the whole command line; its namespace has the function to `run`, and `commands`."""
    parser = Parser(
        prog="patchdesk",
        description="A terminal desk for reading and triaging mailing-list patches.",
        epilog="Without a command: open the reader on the followed lists. There ? shows every key.",
    )
    parser.add_argument("--version", action="version", version=f"patchdesk {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for command in commands:
        sub: Parser = subparsers.add_parser(
            command.name,
            help=command.summary,
            description=f"{command.summary[0].upper()}{command.summary[1:]}.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.command = command
        if command.add_arguments is not None:
            command.add_arguments(sub)
        sub.set_defaults(run=command.run)
    parser.set_defaults(commands=tuple(commands))
    return parser
