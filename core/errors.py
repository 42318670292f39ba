"""What can go wrong, said for a person.

PatchdeskError
├── TargetError      what was asked for is nothing the program can open
├── SourceError      a mailbox, folder or archive on disk cannot be read
├── FetchError       a server did not give what was asked for
├── QueryError       a query cannot be read
├── ConfigError      the configuration cannot be used
└── ChildError       a process of the program ended early, failed or did not answer

`Cancelled` stands apart: nothing went wrong, somebody pressed a key.
"""

from __future__ import annotations


class PatchdeskError(Exception):
    """What failed, and what to do about it, each as one sentence.

    Both are plain text and may quote a stranger's words: whoever shows them passes them through `core.text.shown`.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class TargetError(PatchdeskError):
    """The target is nothing that can be opened; the hint says what would do."""


class SourceError(PatchdeskError):
    """A mailbox, folder or archive on disk cannot be read."""


class FetchError(PatchdeskError):
    """A server did not give what was asked for.

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
    """A query cannot be read; the hint says what is allowed there.

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
