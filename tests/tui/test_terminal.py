"""The real program as a guest of the terminal: what it takes for keys, and how it leaves."""

from __future__ import annotations

import base64
import os
import signal
import termios
import time
from pathlib import Path

import pytest

from tests.tui.terminal import Terminal, running
from tests.tui.test_pty import mbox
from tui.terminal.input_filter import InputFilter
from tui.terminal.paste import one_line

LEFT = [b"\x1b[?1000l", b"\x1b[?1003l", b"\x1b[?2004l", b"\x1b[?7h", b"\x1b[?1049l", b"\x1b[?25h"]
"""What switches mouse, paste, wrapping, screen and cursor back."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "a.mbox"
    file.write_bytes(mbox())
    return file


def ended(terminal: Terminal) -> int:
    """Wait for the end of the program; return its status."""
    end = time.monotonic() + 30
    while terminal.process.poll() is None and time.monotonic() < end:
        terminal.read(0.1)
    terminal.read(0.1)
    status = terminal.process.poll()
    assert status is not None, "it never ended"
    return status


@pytest.mark.parametrize("term", ["dumb", "unknown", ""])
def test_a_terminal_without_a_cursor_is_refused_in_a_sentence(path: Path, term: str) -> None:
    with running(["open", str(path)], path.parent, environment={"TERM": term}) as terminal:
        assert ended(terminal) == 1
        assert "cannot draw on this terminal" in terminal.text()
        assert "patchdesk series" in terminal.text()
        assert b"\x1b" not in terminal.output
        assert terminal.output.count(b"\n") == 1


def test_a_terminal_that_does_not_know_its_size_gets_a_picture(path: Path) -> None:
    with running(["open", str(path)], path.parent, size=(0, 0)) as terminal:
        terminal.see("Trim first.")
        terminal.quit()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_leaves_the_terminal_as_it_was(path: Path, number: signal.Signals) -> None:
    with running(["open", str(path)], path.parent) as terminal:
        before = terminal.modes()
        terminal.see("Trim first.")
        assert terminal.modes() != before
        terminal.process.send_signal(number)
        assert ended(terminal) == 128 + number
        assert terminal.modes() == before
        assert [mode for mode in LEFT if mode not in terminal.output] == []
        assert b"Traceback" not in terminal.output


def test_a_program_that_hangs_ends_on_a_signal_all_the_same(path: Path) -> None:
    hang = (
        "import tui.app, time; tui.app.PatchdeskApp.exit = "
        "lambda *a, **k: [time.sleep(0.1) for _ in range(600)]"
    )
    with running(["open", str(path)], path.parent, before=hang) as terminal:
        before = terminal.modes()
        terminal.see("Trim first.")
        terminal.process.send_signal(signal.SIGTERM)
        assert ended(terminal) == 128 + signal.SIGTERM
        assert terminal.modes() == before
        assert [mode for mode in LEFT if mode not in terminal.output] == []


def test_a_crash_leaves_the_terminal_as_it_was(path: Path) -> None:
    crash = (
        "import tui.desk.panes as p\n"
        "def crash(*a, **k): raise ValueError('a mistake')\n"
        "p.Panes._toggle_full = crash"
    )
    with running(["open", str(path)], path.parent, before=crash) as terminal:
        before = terminal.modes()
        terminal.see("Trim first.")
        terminal.press("tf")
        assert ended(terminal) != 0
        assert terminal.modes() == before
        assert [mode for mode in LEFT if mode not in terminal.output] == []


LATE_ANSWERS = {
    "the colour of the background": "\x1b]11;rgb:1e1e/1e1e/1e1e\x07",
    "a colour, ended by ST": "\x1b]4;7;rgb:ffff/ffff/ffff\x1b\\",
    "device attributes": "\x1b[?62;1;2;4;6;9;15;22;29c",
    "secondary device attributes": "\x1b[>41;390;0c",
    "the version": "\x1bP>|XTerm(390)\x1b\\",
    "kitty's keyboard flags": "\x1b[?5u",
    "kitty's graphics": "\x1b_Gi=31;OK\x1b\\",
    "a privacy message": "\x1b^QdQ\x1b\\",
    "a status string": "\x1bP1$r0m\x1b\\",
    "an unknown sequence": "\x1b[1;2;3;4;5$z",
    "a key let go": "\x1b[113;1:3u",
    "a number beyond all": "\x1b[99999999999999999999;1u",
}


@pytest.mark.parametrize("answer", LATE_ANSWERS.values(), ids=LATE_ANSWERS)
def test_answers_of_the_terminal_are_no_keys(answer: str) -> None:
    whole = InputFilter()
    assert whole.feed(f"j{answer}k") == "jk"
    assert not whole.is_waiting
    for size in (1, 2, 3, 7):
        pieces = InputFilter()
        text = f"j{answer}k"
        assert "".join(pieces.feed(text[i : i + size]) for i in range(0, len(text), size)) == "jk"


@pytest.mark.parametrize(
    ("sent", "parsed"),
    [
        ("\x1b[A", "\x1b[A"),
        ("\x1bOP", "\x1bOP"),
        ("\x1b[1;5C", "\x1b[1;5C"),
        ("\x1b[3~", "\x1b[3~"),
        ("\x1b[97;5u", "\x1b[97;5u"),
        ("\x1b[97:65;2u", "\x1b[97;2;65u"),
        ("\x1b[97:65:113;2:1;65u", "\x1b[97;2;65u"),
        ("\x1bj", "\x1bj"),
        ("\x1b[<0;12;3M", "\x1b[<0;12;3M"),
        ("\x1b[M !!", "\x1b[M !!"),
        ("\x1b[12;40R", "\x1b[12;40R"),
        ("\x1b[?2026;2$y", "\x1b[?2026;2$y"),
        ("\x1b[I", "\x1b[I"),
        ("\x1b[200~a\x1b]11;x\x07\x1b[Z\x1b[201~", "\x1b[200~a\x1b]11;x\x07\x1b[Z\x1b[201~"),
    ],
)
def test_keys_mouse_and_pastes_pass(sent: str, parsed: str) -> None:
    assert InputFilter().feed(sent) == parsed
    bytewise = InputFilter()
    assert "".join(map(bytewise.feed, sent)) == parsed


def test_what_begins_like_a_sequence_is_a_key_after_some_silence() -> None:
    for keys in ("\x1b", "\x1b[", "\x1b]", "\x1bP"):
        wanted = InputFilter()
        assert wanted.feed(keys) == ""
        assert wanted.is_key
        assert wanted.flush() == keys
    broken_off = InputFilter()
    assert broken_off.feed("\x1b]11;rgb:") == ""
    assert not broken_off.is_key
    assert broken_off.flush() == ""
    assert broken_off.feed("j") == "j"


def test_late_answers_do_nothing_to_the_program(path: Path) -> None:
    with running(
        ["open", str(path)], path.parent, environment={"BROWSER": "/bin/false"}
    ) as terminal:
        terminal.see("Trim first.")
        terminal.rest(0.5)
        before = terminal.press("".join(LATE_ANSWERS.values()))
        terminal.press("\x1b[47:63;2:1u")  # ? with an alternate: help
        terminal.see("In the tree", since=before)
        terminal.press("\x1b")
        terminal.rest(0.5)
        assert "Opened" not in terminal.text(before)
        terminal.quit()
    log = path.parent / ".local/state/patchdesk/patchdesk.log"
    assert not log.exists() or "Traceback" not in log.read_text()


def test_an_editor_gets_the_terminal_as_the_shell_had_it(path: Path) -> None:
    asked = path.parent / "modes"
    script = path.parent / "editor"
    script.write_text(
        f"#!/bin/sh\nstty -a >{asked}.new\necho SHOWN\nsleep 1\nmv {asked}.new {asked}\n"
    )
    script.chmod(0o755)
    with running(["open", str(path)], path.parent, environment={"VISUAL": str(script)}) as terminal:
        terminal.see("Trim first.")
        terminal.press("\re")
        terminal.see("SHOWN")
        terminal.press("?")  # typed into the editor, and dropped
        end = time.monotonic() + 20
        while not asked.exists() and time.monotonic() < end:
            terminal.read(0.1)
        since = len(terminal.output)
        terminal.rest(0.5)
        assert "In the reader" not in terminal.text(since)
        terminal.quit()
    modes = asked.read_text().split()
    assert {"echo", "icanon", "isig", "icrnl"} <= {mode.rstrip(";") for mode in modes}


def test_it_is_suspended_and_comes_back(path: Path, tmp_path: Path) -> None:
    with running(["open", str(path)], tmp_path, shell=True) as terminal:
        terminal.see("Trim first.")
        before = terminal.press("\x1a")
        terminal.see("Stopped", since=before)
        since = terminal.press("stty -a; echo READY\r")
        terminal.see("READY", since=since + 10)
        terminal.rest(0.3)
        said = terminal.text(since)
        assert " echo " in said.replace(";", " ")
        assert " icanon " in said.replace(";", " ")
        assert b"\x1b[?1049l" in terminal.output[before:]
        since = terminal.press("fg\r")
        terminal.see("Trim first.", since=since)
        terminal.press("Q")
        terminal.rest(0.5)
        terminal.press("exit\r")
        ended(terminal)


def test_a_terminal_that_goes_away_ends_it(path: Path) -> None:
    with running(["open", str(path)], path.parent) as terminal:
        terminal.see("Trim first.")
        os.close(terminal.master)
        terminal.master = os.open(os.devnull, os.O_RDWR)
        terminal.process.wait(30)
        assert terminal.process.returncode is not None


def test_modes_differ_while_it_runs(path: Path) -> None:
    with running(["open", str(path)], path.parent) as terminal:
        terminal.see("Trim first.")
        assert not terminal.modes()[3] & termios.ECHO  # type: ignore[operator]
        terminal.quit()


@pytest.mark.parametrize(
    ("pasted", "line"),
    [
        ("one\ntwo\r\n  three\n", "one two three"),
        ("a\tb", "a b"),
        ("Message-ID: <a.b@example.org>", "a.b@example.org"),
        ("Subject: x\nMessage-Id:\n <a@b>\nFrom: y", "a@b"),
        ("the Message-ID: <a@b> of it", "the Message-ID: <a@b> of it"),
        ("  vhost: fix\u2028it ", "vhost: fix it"),
    ],
)
def test_a_paste_is_one_line(pasted: str, line: str) -> None:
    assert one_line(pasted) == line


def test_a_pasted_header_finds_its_mail(path: Path) -> None:
    with running(["open", str(path)], path.parent) as terminal:
        terminal.see("Trim first.")
        terminal.press("/")
        terminal.rest(0.3)
        before = terminal.press(
            "\x1b[200~Subject: [PATCH] wick\nMessage-ID: <wick@lantern.example.org>\nTo: x\x1b[201~"
        )
        terminal.see("wick@lantern.example.org", since=before)
        terminal.rest(0.3)
        assert "Message-ID: <" not in terminal.text(before)
        terminal.press("\r")
        terminal.rest(0.3)
        terminal.quit()


def tool(folder: Path, name: str, script: str) -> Path:
    """Write a program and return it."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_what_no_program_takes_goes_to_the_terminal(path: Path) -> None:
    with running(["open", str(path)], path.parent) as terminal:
        terminal.see("Trim first.")
        terminal.press("y")
        terminal.see("b4 am")
        terminal.press("m")
        terminal.see("Copied to the terminal")
        terminal.quit()
    assert b"\x1b]52;c;" + base64.b64encode(b"wick@lantern.example.org") in terminal.output


def test_a_browser_that_fails_leaves_the_address(path: Path) -> None:
    bad = tool(path.parent, "bad", "exit 1")
    with running(["open", str(path)], path.parent, environment={"BROWSER": str(bad)}) as terminal:
        terminal.see("Trim first.")
        terminal.press("gb")
        terminal.see(
            "bad failed. The address is https://lore.kernel.org/r/wick@lantern.example.org"
        )
        terminal.quit()


def test_a_text_browser_gets_the_terminal(path: Path) -> None:
    lynx = tool(
        path.parent, "lynx", 'stty -a; echo "SHOWN $1"; read line; echo "READ $line"; sleep 1'
    )
    with running(["open", str(path)], path.parent, environment={"BROWSER": str(lynx)}) as terminal:
        terminal.see("Trim first.")
        before = terminal.press("gb")
        terminal.see("SHOWN https://lore.kernel.org/r/wick@lantern.example.org", since=before)
        assert " icanon" in terminal.text(before)
        before = terminal.press("words\r")
        terminal.see("READ words", since=before)
        terminal.see("Trim first.", since=before)
        terminal.quit()
