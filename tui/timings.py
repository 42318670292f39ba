"""How long the screens wait before they do something unasked: one value, so that tests can set it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Times in seconds."""

    first_picture: float = 0.1
    """That the first picture may wait for the first rows."""
    opening_note: float = 0.4
    """After which opening the first target is worth a note in the reader."""
    settled_in: float = 0.5
    """After which the program is on the screen, and may do work that the first picture did not need."""
    cursor_rests: float = 0.06
    """That the cursor rests on a row before its mail is read."""
    painted: float = 0.05
    """In which the beginning of a large mail is surely on the screen."""
    mail_read: float = 0.7
    """That a mail is open in the reader before it is marked read."""
    preview_read: float = 3.0
    """That a preview stands there in full before it is marked read; 0: it never is."""
    results_grow: float = 0.4
    """Between two answers to one query while the list it searches grows."""
    report_every: float = 0.05
    """Between two reports of progress: a source may report every mail, and the screen pays for each."""
    error_shown: float = 8.0
    """That an error stays over the panes which is too long for the status bar."""
    sync_due: float = 20.0
    """Between two looks whether a list is to be synced by itself."""
    wake_due: float = 20.0
    """Between two looks whether a snoozed series is due."""
    tags_first: float = 3.0
    """After which repositories are first asked for tags that snoozed series wait for."""
    tags_due: float = 600.0
    """Between two times that they are asked."""
    spinner_turns: float = 0.1
    """Between two pictures of the spinner; also how long work may take before it is worth telling."""
    facts_read: float = 0.3
    """That a row is in view before its mails are read for its number of comments, or a reply's first words."""
    keys_hesitated: float = 0.6
    """After the beginning of a key sequence until the bar shows all keys that may follow, in as many lines as they take."""
    comment_saved: float = 2.0
    """Between two times that a comment which is being written goes to disk."""
    ages_due: float = 60.0
    """Between two times that the ages of the rows are drawn anew."""
    quit: float = 10.0
    """That quitting waits for triage to be written: a disk that hangs must not hold the terminal."""


DEFAULT_TIMINGS: Final = Timings()
"""The times of the program itself."""
