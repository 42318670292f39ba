"""The driver: Textual's, with filtered input, and with the terminal given back as the shell had it."""

from __future__ import annotations

import os
import select
import signal
import termios
from codecs import getincrementaldecoder
from typing import Any, Final

from textual import constants, events
from textual.drivers.linux_driver import LinuxDriver

from tui.terminal.input_filter import ESC, InputFilter
from tui.terminal.modes import assume_size, shell_modes
from tui.textual_private import XTermParser

_TICK: Final = 0.1
"""Seconds between two looks whether the input is to end."""
_STRING_SILENCE: Final = 10
"""Ticks of silence after which an unfinished string counts as ended."""


class TerminalDriver(LinuxDriver):
    """Reads keys through an InputFilter and lends the terminal in the shell's modes."""

    _was_lent = False

    def start_application_mode(self) -> None:
        """Take the terminal; drop keys typed while another program had it."""
        if self._was_lent:
            with_terminal(termios.tcflush, self.fileno, termios.TCIFLUSH)
        self._was_lent = True
        super().start_application_mode()  # type: ignore[no-untyped-call]
        # Textual gives back the modes that it found: of an earlier drawing, not the shell's.
        if (modes := shell_modes()) is not None:
            self.attrs_before = modes

    def _get_terminal_size(self) -> tuple[int, int]:
        assume_size()
        return super()._get_terminal_size()

    def run_input_thread(self) -> None:
        """Read until the application ends, as LinuxDriver does, with the filter before the parser."""
        parser, wanted = XTermParser(self._debug), InputFilter()
        decode = getincrementaldecoder("utf-8")("replace").decode
        silence = 0
        poll = select.poll()
        poll.register(self.fileno, select.POLLIN)
        while not self.exit_event.is_set():
            wait = constants.ESCAPE_DELAY if wanted.is_waiting else _TICK
            if poll.poll(wait * 1000):
                data = read_some(self.fileno)
                if not data:
                    os.kill(os.getpid(), signal.SIGHUP)  # the terminal is gone, and said nothing
                    return
                silence = 0
                self._parse(parser, wanted.feed(decode(data)))
            else:
                silence += 1
                if wanted.is_key or silence > _STRING_SILENCE:
                    self._parse(parser, wanted.flush())
            for event in parser.tick():
                self.process_message(event)

    def _parse(self, parser: XTermParser, text: str) -> None:
        if text == ESC:  # alone: the parser would wait once more for what follows
            self.process_message(events.Key("escape", ESC))
        elif text:
            for event in parser.feed(text):
                self.process_message(event)


def read_some(descriptor: int) -> bytes:
    """Return the bytes a terminal has sent, b"" where it is gone."""
    try:
        return os.read(descriptor, 1 << 12)
    except OSError:
        return b""


def with_terminal(call: Any, *arguments: Any) -> None:
    """Call a function of termios; a terminal that is gone is no error."""
    try:
        call(*arguments)
    except termios.error:
        return
