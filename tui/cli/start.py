"""Where the program starts: an interrupt ends it without a word, also while Python still reads the program."""

from __future__ import annotations

import signal
import sys


def main() -> int:
    """Run the command line and return its exit status."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.argv[1:3] == ["completion", "--words"]:  # with every Tab: at once
        from tui.cli.completion_candidates import print_candidates

        return print_candidates(sys.argv[3:])
    from tui.cli.main import main as run

    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return run()
    except KeyboardInterrupt:  # the second one, while the first is dealt with
        return 130
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is written
