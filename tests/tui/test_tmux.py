"""The real program inside tmux: what it draws, how it leaves, and what is copied."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tui.test_pty import mbox

pytestmark = pytest.mark.skipif(
    shutil.which("tmux") is None, reason="needs tmux (apt-get install tmux)"
)


class Tmux:
    """A tmux server of its own with one window, in which a shell runs."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm-256color",
            "TMUX_TMPDIR": str(home),
            "PS1": "$ ",
            "XDG_DATA_HOME": str(home / "data"),
        }
        self.do(
            "-f",
            os.devnull,
            "new-session",
            "-d",
            "-x",
            "100",
            "-y",
            "30",
            "bash --norc --noediting -i",
        )

    def do(self, *arguments: str) -> str:
        """Run a command of tmux; return what it prints."""
        return subprocess.run(
            ["tmux", *arguments], env=self.environment, capture_output=True, text=True, check=True
        ).stdout

    def screen(self) -> str:
        """Return what the window shows."""
        return self.do("capture-pane", "-p")

    def modes(self) -> str:
        """Return whether the alternate screen is on, the cursor shown, and the mouse taken."""
        return self.do(
            "display-message", "-p", "#{alternate_on} #{cursor_flag} #{mouse_any_flag}"
        ).strip()

    def type(self, *keys: str) -> None:
        """Press keys, by tmux's names."""
        self.do("send-keys", *keys)

    def send(self, data: bytes) -> None:
        """Send bytes as the terminal does."""
        self.do("send-keys", "-H", *(f"{byte:02x}" for byte in data))

    def until(self, true: Callable[[], bool], what: str) -> None:
        """Wait until something is so."""
        end = time.monotonic() + 60
        while not true():
            assert time.monotonic() < end, f"{what} never came:\n{self.screen()}"
            time.sleep(0.05)

    def see(self, text: str) -> None:
        """Wait until a text is on the screen."""
        self.until(lambda: text in self.screen(), text)

    def start(self, *arguments: str) -> None:
        """Start the program in the shell."""
        code = "import sys; from tui.cli.main import main; sys.exit(main(sys.argv[1:]))"
        line = shlex.join([sys.executable, "-c", code, *arguments])
        self.type("-l", f"{line}; echo STATUS $?")
        self.type("Enter")

    def program(self) -> int:
        """Return the process in the foreground."""
        pane = self.do("display-message", "-p", "#{pane_pid}").strip()
        children = Path(f"/proc/{pane}/task/{pane}/children").read_text().split()
        return int(children[-1])


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    (tmp_path / "a.mbox").write_bytes(mbox())
    server = Tmux(tmp_path)
    try:
        yield server
    finally:
        subprocess.run(["tmux", "kill-server"], env=server.environment, check=False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_leaves_the_window_as_it_was(tmux: Tmux, number: signal.Signals) -> None:
    before = tmux.modes()
    tmux.start("open", str(tmux.home / "a.mbox"))
    tmux.see("Trim first.")
    assert tmux.modes() == "1 0 1"
    os.kill(tmux.program(), number)
    tmux.see(f"STATUS {128 + number}")
    assert tmux.modes() == before == "0 1 0"
    tmux.type("stty -a", "Enter")
    tmux.until(lambda: " echo " in tmux.screen().replace(";", " "), "the echo")


def test_it_is_suspended_and_comes_back(tmux: Tmux) -> None:
    tmux.start("open", str(tmux.home / "a.mbox"))
    tmux.see("Trim first.")
    tmux.type("C-z")
    tmux.see("Stopped")
    assert tmux.modes() == "0 1 0"
    tmux.type("fg", "Enter")
    tmux.see("Trim first.")
    assert tmux.modes() == "1 0 1"
    tmux.type("Q")
    tmux.until(lambda: tmux.modes() == "0 1 0", "the shell's screen")


def test_late_answers_are_no_keys(tmux: Tmux) -> None:
    tmux.start("open", str(tmux.home / "a.mbox"))
    tmux.see("Trim first.")
    tmux.see("0/2 triaged")  # the last to come
    before = tmux.screen()
    tmux.send(b"\x1b]11;rgb:1e1e/1e1e/1e1e\x07\x1b[?62;4c\x1bP>|XTerm(390)\x1b\\")
    tmux.type("?")
    tmux.see("In the tree")
    tmux.type("Escape")
    tmux.until(lambda: tmux.screen() == before, "the screen before")


def test_what_is_copied_is_in_the_buffer_of_tmux(tmux: Tmux) -> None:
    """By default tmux ignores OSC 52 of a program in it (`set-clipboard external`)."""
    tmux.do("set-option", "-g", "set-clipboard", "external")
    tmux.start("open", str(tmux.home / "a.mbox"))
    tmux.see("Trim first.")
    tmux.type("y")
    tmux.see("b4 am")
    tmux.type("m")
    tmux.see("Copied to tmux: wick@lantern.example.org")
    assert tmux.do("show-buffer") == "wick@lantern.example.org"
