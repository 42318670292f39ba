"""The program as its user runs it: processes with a home of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

INBOX_OF_OLD_MAIL = '[views]\nInbox = "d:1970.."\n'
"""Configuration by which the first view also shows what was old at the first sync: the mails of most tests are."""


def complaints(err: str) -> list[str]:
    """Return the lines of stderr but for the note on mail that was old at a list's first sync."""
    return [line for line in err.splitlines() if "start outside the inbox" not in line]


class Program:
    """`patchdesk` with all that it keeps in one folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.data = home / ".local" / "share" / "patchdesk"
        self.config = home / ".config" / "patchdesk" / "config.toml"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
        }

    def start(self, *arguments: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        """Start a command."""
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "tui.cli.main", *arguments],
            cwd=self.home,
            env=self.environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command; return its status, standard output and standard error."""
        with self.start(*arguments) as child:
            out, err = child.communicate(timeout=100)
        assert "Traceback" not in err, err
        return child.returncode, out, err

    def do(self, *arguments: str) -> str:
        """Run a command that must succeed without a complaint; return its output.

        The mails of these tests are old, so the first sync of a list says that they start outside its inbox: no
        complaint.
        """
        status, out, err = self.run(*arguments)
        assert (status, complaints(err)) == (0, []), (arguments, out, err)
        return out

    def records(self, *arguments: str) -> list[dict[str, Any]]:
        """Run a command that prints JSON lines."""
        return [json.loads(line) for line in self.do(*arguments, "--json").splitlines()]

    def list(self, name: str) -> dict[str, Any]:
        """Return the record of one list from `lists --json`."""
        (found,) = [record for record in self.records("lists") if record["name"] == name]
        return found
