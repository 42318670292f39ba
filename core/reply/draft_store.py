"""The drafts on disk: one file each, replaced atomically, locked while it is handed over, kept when it is deleted."""

from __future__ import annotations

import fcntl
import logging
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from core.errors import PatchdeskError
from core.model import MessageId
from core.reply.draft import EDITABLE, Attempt, Draft, DraftState
from core.reply.draft_json import MAX_BYTES, DraftFileError, decode_draft, encode_draft
from core.system.paths import data_dir, private_dir, write_atomically

KEPT_FOR: Final = timedelta(days=30)
"""How long deleted drafts stay, and sent ones are listed."""

_ID: Final = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{8}")
_LEFT: Final = re.compile(rf"({_ID.pattern})(?:\.comment-(\d{{1,4}}))?\.txt")
"""The name of a file that an editor has: the text of a draft, or of its comment with that number."""
_TRIES: Final = 20
_PAUSE: Final = 0.01
_LOG: Final = logging.getLogger(__name__)

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class DraftList:
    """The drafts of a folder, oldest first, and a line for each file that holds none."""

    drafts: tuple[Draft, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EditorFile:
    """A text that an editor had when it, or this program, ended unexpectedly."""

    draft: str
    """The draft's id."""
    comment: int | None
    """The number of the comment, from 0; None for the whole text."""
    path: Path


class DraftStore:
    """The drafts folder of one user. Every change is on disk when a method returns."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    @classmethod
    def default(cls) -> DraftStore:
        """Return the store in the user's data folder."""
        return cls(data_dir() / "drafts", lambda: datetime.now().astimezone())

    def new_id(self) -> str:
        """Return an id that no draft has."""
        return f"{self._clock():%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"

    def list(self) -> DraftList:
        """Return every draft that is not sent, and those sent in the last 30 days."""
        drafts: list[Draft] = []
        problems: list[str] = []
        oldest = self._clock() - KEPT_FOR
        for path in sorted(self._folder.glob("*.json")):
            if not _ID.fullmatch(path.stem):
                continue
            try:
                draft = self._read(path)
            except PatchdeskError as error:
                problems.append(error.message)
                continue
            if draft.state is not DraftState.SENT or draft.changed >= oldest:
                drafts.append(draft)
        # Those of one act have their names of the same second.
        drafts.sort(key=lambda one: one.created)
        return DraftList(tuple(drafts), tuple(problems))

    def load(self, draft_id: str, *, locked: bool = False) -> Draft:
        """Return a draft; one whose handing over was cut short reads as unsure. Raises PatchdeskError.

        `locked`: the caller holds the draft's lock, so nobody else can be handing it over.
        """
        return self._read(self._path(draft_id), locked=locked)

    def open_drafts(self) -> dict[MessageId, Draft]:
        """Return the drafts that have not left yet, by the mail they answer; of several the newest."""
        return {one.answers: one for one in self.list().drafts if one.state in EDITABLE}

    def save(self, draft: Draft) -> Draft:
        """Write a draft, its time of change being now, and return it. Raises PatchdeskError."""
        draft = replace(draft, changed=self._clock())
        try:
            content = encode_draft(draft)
        except UnicodeEncodeError as error:
            raise PatchdeskError(
                "The draft holds a character that UTF-8 cannot hold.", "Write it again."
            ) from error
        write_atomically(self._path(draft.id), content)
        _sync_folder(self._folder)
        return draft

    def edit(self, draft_id: str, change: Callable[[Draft], Draft]) -> Draft:
        """Change a draft under its lock. Raises PatchdeskError where it was sent, is being sent, or is unsure."""
        with self.locked(draft_id):
            draft = self.load(draft_id, locked=True)
            _check_editable(draft)
            return self.save(change(draft))

    def keep(self, draft: Draft) -> Draft:
        """Write a draft that was begun or changed. Raises PatchdeskError where it left, or was changed, meanwhile."""
        with self.locked(draft.id):
            if self.exists(draft.id):
                stored = self.load(draft.id, locked=True)
                _check_editable(stored)
                if stored.changed != draft.changed:
                    raise PatchdeskError(
                        f"Draft {draft.id} was changed elsewhere meanwhile.",
                        "Copy what you wrote, and open the draft again.",
                    )
            return self.save(draft)

    def exists(self, draft_id: str) -> bool:
        """Whether a draft is on disk."""
        return self._path(draft_id).exists()

    def delete(self, draft_id: str) -> None:
        """Take a draft away; its file stays in `gone/` for 30 days. Raises PatchdeskError where it may have left."""
        with self.locked(draft_id):
            draft = self.load(draft_id, locked=True)
            _check_editable(draft)
            gone = private_dir(self._folder / "gone")
            self._path(draft_id).replace(gone / f"{draft_id}.json")
            _sync_folder(self._folder)
        self._clear_old(gone)

    def restore(self, draft_id: str) -> Draft:
        """Bring a deleted draft back. Raises PatchdeskError where it is not there any more."""
        gone = self._folder / "gone" / self._path(draft_id).name
        if not gone.exists():
            raise PatchdeskError(f"There is no deleted draft {draft_id}.")
        gone.replace(self._path(draft_id))
        _sync_folder(self._folder)
        return self.load(draft_id)

    def begin_handing(self, draft: Draft, way: str) -> Draft:
        """Record that a draft is about to be handed to another program. Call it under the draft's lock."""
        attempt = Attempt(time=self._clock(), way=way)
        return self.save(
            replace(draft, state=DraftState.HANDING, attempts=(*draft.attempts, attempt))
        )

    def end_handing(self, draft: Draft, state: DraftState, result: str) -> Draft:
        """Record the outcome of the attempt that `begin_handing` recorded."""
        last = replace(draft.attempts[-1], result=result)
        return self.save(replace(draft, state=state, attempts=(*draft.attempts[:-1], last)))

    def settle(self, draft_id: str, *, sent: bool) -> Draft:
        """Record whether an unsure draft left. Raises PatchdeskError where nothing is unsure of it."""
        with self.locked(draft_id):
            draft = self.load(draft_id, locked=True)
            if draft.state is not DraftState.UNSURE:
                raise PatchdeskError(
                    f"Draft {draft_id} is {draft.state.value}; only an unsure one can be settled."
                )
            state, result = (DraftState.SENT, "sent") if sent else (DraftState.READY, "not sent")
            return self.end_handing(draft, state, result)

    @contextmanager
    def locked(self, draft_id: str) -> Iterator[None]:
        """Hold a draft's lock. Raises PatchdeskError where another process, or thread, has it."""
        private_dir(self._folder)
        path = self._path(draft_id).with_suffix(".lock")
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise PatchdeskError(f"{path} cannot be locked: {error.strerror}.") from error
        try:
            if not _lock(descriptor):
                raise PatchdeskError(
                    f"Draft {draft_id} is in use.", "It is being edited or sent; try again."
                )
            yield
        finally:
            os.close(descriptor)

    def editor_file(self, draft_id: str) -> Path:
        """Return where the text lies while an editor has it; after a crash it is still there."""
        return self._path(draft_id).with_suffix(".txt")

    def comment_file(self, draft_id: str, number: int) -> Path:
        """Return where a comment lies while an editor has it; after a crash it is still there."""
        return self._path(draft_id).with_suffix(f".comment-{number}.txt")

    def left_in_editor(self) -> Sequence[EditorFile]:
        """Return the texts that an editor left, of drafts that can be changed and that nobody edits now."""
        found = []
        for path in sorted(self._folder.glob("*.txt")):
            name = _LEFT.fullmatch(path.name)
            if name is None or self._is_held(self._path(name[1])):
                continue
            try:
                _check_editable(self.load(name[1]))
            except PatchdeskError as error:
                _LOG.info("%s stays: %s", path.name, error.message)
                continue
            found.append(EditorFile(name[1], None if name[2] is None else int(name[2]), path))
        return found

    def deleted(self) -> tuple[Draft, ...]:
        """Return the deleted drafts that `restore` brings back, oldest first."""
        return DraftStore(self._folder / "gone", self._clock).list().drafts

    def _path(self, draft_id: str) -> Path:
        if not _ID.fullmatch(draft_id):
            raise PatchdeskError(
                f"{draft_id!r} is not the id of a draft.", "“patchdesk drafts” lists them."
            )
        return self._folder / f"{draft_id}.json"

    def _read(self, path: Path, *, locked: bool = False) -> Draft:
        try:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except FileNotFoundError as error:
            raise PatchdeskError(
                f"There is no draft {path.stem}.", "“patchdesk drafts” lists them."
            ) from error
        except OSError as error:
            raise PatchdeskError(f"{path} cannot be read: {error.strerror}.") from error
        try:
            draft = decode_draft(content, path.stem)
        except DraftFileError as error:
            raise PatchdeskError(f"{path}: {error}.", "It was left as it is.") from error
        if draft.state is DraftState.HANDING and (locked or not self._is_held(path)):
            return replace(draft, state=DraftState.UNSURE)
        return draft

    def _is_held(self, path: Path) -> bool:
        """Tell whether another open file holds a draft's lock."""
        try:
            descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def _clear_old(self, gone: Path) -> None:
        oldest = (self._clock() - KEPT_FOR).timestamp()
        for path in gone.glob("*.json"):
            try:
                if path.stat().st_mtime < oldest:
                    path.unlink()
            except OSError as error:
                _LOG.warning("An old draft stays: %s", error)


def _lock(descriptor: int) -> bool:
    """Take the lock of an open file; wait a moment, since listing the drafts holds it for an instant."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE)
        else:
            return True
    return False


def _check_editable(draft: Draft) -> None:
    reasons = {
        DraftState.SENT: ("was sent", "Reply again to say more."),
        DraftState.HANDING: ("is being sent", "Wait for it."),
        DraftState.UNSURE: (
            "may have been sent",
            f"Look whether it arrived, then “patchdesk send --settle {draft.id} sent” or “not”.",
        ),
    }
    if draft.state in reasons:
        reason, hint = reasons[draft.state]
        raise PatchdeskError(f"Draft {draft.id} {reason}.", hint)


def _sync_folder(folder: Path) -> None:
    """Make a rename in a folder last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
