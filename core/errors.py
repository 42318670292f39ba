"""The errors that are shown to the user.

PatchdeskError
├── TargetError      a target cannot be opened
├── SourceError      a mailbox, folder or archive on disk cannot be read
├── FetchError       a server did not answer a request
├── QueryError       a query cannot be parsed
├── ConfigError      the configuration cannot be used
├── ChildError       a child process ended early, failed or did not answer
and, where they are raised:
├── core.index.errors.IndexFileError   the index cannot be opened, read or written
│   └── core.index.errors.IndexDamagedError    the next opening sets the index aside
├── core.triage.journal.JournalError     the triage journal cannot be read or written
├── core.triage.arguments.ArgumentError  a verb's argument is wrong
│   └── core.triage.arguments.SnoozeError    a time, version or tag to snooze until is wrong
├── core.digest.range.RangeError         the range of a digest cannot be parsed
└── core.sync.git_runner.GitError        git failed

`Cancelled` stands apart: no error, the user stopped the work.
"""

from __future__ import annotations


class PatchdeskError(Exception):
    """An error with a hint, each one sentence.

    Both are plain text and may quote a stranger's words: whoever shows them passes them through `core.text.shown`.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class TargetError(PatchdeskError):
    """The target cannot be opened; the hint names the kinds that can."""


class SourceError(PatchdeskError):
    """A mailbox, folder or archive on disk cannot be read."""


class FetchError(PatchdeskError):
    """A server did not answer a request.

    `status` is the HTTP status where there was one; a 404 is a plain "not there". `kind` is one of the kinds of fault
    that `core.fetch.faults` has words for. `wait` is the seconds after which the server wants to be asked
    again, None where it does not say.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        status: int | None = None,
        kind: str = "",
        wait: float | None = None,
    ) -> None:
        super().__init__(message, hint)
        self.status = status
        self.kind = kind
        self.wait = wait


class QueryError(PatchdeskError):
    """A query cannot be parsed; the hint has the allowed values.

    `offset` and `length` (at least 1) are the characters of the query that are wrong.
    """

    def __init__(self, message: str, hint: str = "", *, offset: int = 0, length: int = 1) -> None:
        super().__init__(message, hint)
        self.offset = offset
        self.length = max(1, length)


class ConfigError(PatchdeskError):
    """The configuration cannot be used."""


class ChildError(PatchdeskError):
    """A process of the program ended early, failed unexpectedly or did not answer in time."""


class Cancelled(Exception):  # noqa: N818 - it is no error
    """The user asked for the running job to stop."""
