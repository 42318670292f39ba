"""The command line; imports nothing heavy before a command needs it."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from typing import Final

from core.errors import Cancelled, PatchdeskError
from tui.cli import (
    apply,
    comments,
    completion,
    coverage,
    diagnostics,
    digest,
    lists,
    mail,
    new,
    reader,
    reply,
    search,
    triage,
    versions,
)
from tui.cli.console import discard_output, ensure_streams, print_error
from tui.cli.parser import build_parser

COMMANDS: Final = (
    *reader.COMMANDS,
    *lists.COMMANDS,
    *new.COMMANDS,
    *mail.COMMANDS,
    *versions.COMMANDS,
    *coverage.COMMANDS,
    *comments.COMMANDS,
    *triage.COMMANDS,
    *reply.COMMANDS,
    *apply.COMMANDS,
    *search.COMMANDS,
    *digest.COMMANDS,
    *diagnostics.COMMANDS,
    *completion.COMMANDS,
)
"""All commands, in the order in which `--help` lists them."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status: 0 done, 1 failed, 2 a wrong call, 130 interrupted."""
    if not ensure_streams():
        return _fail("Standard output is closed.", "Send it somewhere.")
    root = logging.getLogger()
    if not root.handlers:  # else warnings of the log would go to standard error
        root.addHandler(logging.NullHandler())
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["search"]:  # a query may begin with what looks like an option
        words = ["search", *search.query_last(words[1:])]
    try:
        arguments = _parse(words)
        status: int = arguments.run(arguments) if arguments.command else reader.open_followed()
        sys.stdout.flush()
    except PatchdeskError as error:
        return _fail(error.message, error.hint)
    except (KeyboardInterrupt, Cancelled):
        return 130
    except BrokenPipeError:
        discard_output()
        return 0
    except OSError as error:  # all others were translated where they came from
        discard_output()
        name = error.filename or "Standard output"
        return _fail(f"{name} cannot be used: {error.strerror}.", "Check it, and try again.")
    except MemoryError:
        return _fail("There is not enough memory for this.", "Open only a part of it.")
    return status


def _parse(words: Sequence[str]) -> argparse.Namespace:
    """Parse the call; help is flushed here, so that its pipe may be closed like any other."""
    try:
        return build_parser(COMMANDS).parse_args(words)
    except SystemExit:
        sys.stdout.flush()
        raise


def _fail(message: str, hint: str) -> int:
    print_error(message, hint)
    return 1


if __name__ == "__main__":
    sys.exit(main())
