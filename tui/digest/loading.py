"""Makes the digests of a screen: one at a time, off its thread, and remembers where they end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from core.errors import PatchdeskError
from core.progress import Progress
from core.text import SafeText, shown
from tui.tasks import Task, Tasks

if TYPE_CHECKING:
    from core.digest.process import DigestResult
    from core.digest.range import AdjacentRanges
    from core.digest.values import Digest

FORMATS: Final = {".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html", ".json": "json"}  # fmt: skip
"""The format that a file's name asks for; any other is text."""

_BEING_MADE: Final = "The digest is still being made."
"""For a key that needs the digest."""
NO_DIGEST: Final = "There is no digest yet: {digest.open} asks for its range."


class DigestSurface(Protocol):
    """The screen that shows digests."""

    def show_digest(self, result: DigestResult) -> None:
        """Show a digest in the place of the one before."""
        ...

    def show_note(self, title: SafeText, template: str, **values: object) -> None:
        """Show a text in the place of a digest: `template` with keys and values filled in."""
        ...

    def show_message(self, template: str, severity: str = "information", **values: object) -> None:
        """Show one sentence until the next key: `template` with keys and values filled in."""
        ...

    def show_error(self, error: PatchdeskError, severity: str = "error") -> None:
        """Show an error and its hint until the next key."""
        ...

    def show_work(self, text: SafeText | None) -> None:
        """Show the running work; None for none."""
        ...


class DigestLoader:
    """Loads the digest of a range of one target; the one shown stays until the next is ready."""

    def __init__(
        self, surface: DigestSurface, tasks: Tasks, target: str, clock: Callable[[], datetime]
    ) -> None:
        self._surface = surface
        self._tasks = tasks
        self._target = target
        self._clock = clock
        self._loading: Task | None = None
        self._range: str | None = None
        """FROM..TO of the latest request."""
        self._ranges: AdjacentRanges | None = None
        self.result: DigestResult | None = None
        """The digest that is shown."""

    @property
    def is_loading(self) -> bool:
        """Whether a digest is being made."""
        return self._loading is not None

    def load(self, range_text: str) -> None:
        """Make the digest of FROM..TO."""
        self.drop()
        self._range, now = range_text, self._clock()
        self._surface.show_work(shown(f"digest of {range_text}"))
        self._loading = self._tasks.start(
            "digest",
            partial(self._make, range_text, now),
            then=partial(self._loaded, now),
            failed=self._failed,
        )

    def reload(self) -> None:
        """Make the latest digest again."""
        if self._range is not None:
            self.load(self._range)

    def _make(self, range_text: str, now: datetime, task: Task) -> DigestResult:
        """Have a child process make a digest. Raises PatchdeskError and Cancelled."""
        from core.digest.process import DigestProcess

        def report(progress: Progress) -> None:
            task.tell_latest(self._show_progress, progress)

        process = DigestProcess(self._target, range_text, now)
        try:
            return process.result(stop=task.stop, report=report)
        finally:
            process.release()  # also where a mistake kept anybody from listening to it

    def _show_progress(self, progress: Progress) -> None:
        done = f" {progress.done:,}" if progress.done else ""
        self._surface.show_work(shown(f"{progress.doing}{done}"))

    def _loaded(self, now: datetime, result: DigestResult) -> None:
        from core.digest.range import AdjacentRanges

        self._loading = None
        self._surface.show_work(None)
        self.result = result
        self._ranges = AdjacentRanges(result.start, result.end, int(now.timestamp()))
        self._surface.show_digest(result)
        self._save_bookmark("read", now)

    def _failed(self, error: PatchdeskError) -> None:
        self._loading = None
        self._surface.show_work(None)
        if self.result is None:
            self._surface.show_note(
                shown(error.message),
                f"{'{hint} ' if error.hint else ''}{{digest.open}} asks for another range; {{app.back}} goes back.",
                hint=error.hint,
            )
        else:
            self._surface.show_error(error)

    def drop(self) -> None:
        """Drop the result of the digest being made."""
        if self._loading is not None:
            self._loading.cancel()
            self._loading = None

    def cancel(self) -> bool:
        """Stop making a digest; return whether one was being made."""
        if self._loading is None:
            return False
        self.drop()
        self._surface.show_work(None)
        if self.result is None:
            self._surface.show_note(
                shown("Stopped."), "{digest.open} asks for a range; {app.back} goes back."
            )
        else:
            self._surface.show_message("Cancelled; showing the previous digest.")
        return True

    def shift(self, direction: int) -> None:
        """Load the range before (-1) or after (1), as long as this one."""
        if self._ranges is None:
            text = _BEING_MADE if self.is_loading else NO_DIGEST
            self._surface.show_message(text, "warning")
            return
        range_text = self._ranges.before() if direction < 0 else self._ranges.after()
        if range_text is not None:
            self.load(range_text)
        elif direction < 0:
            self._surface.show_message("This is the first period of the archive.")
        else:
            self._surface.show_message("This is the latest period.")

    # ------------------------------------------------------------- bookmarks

    def bookmark(self) -> None:
        """Bookmark the end of the digest."""
        if self._ranges is None:
            self._surface.show_message(NO_DIGEST, "warning")
        else:
            self._save_bookmark("mark", self._clock())

    def _end(self) -> str:
        """Return where the digest ends as a text that means the same later: a commit, else a moment."""
        from core.digest.range import format_bound, format_moment

        if self.result is None or self._ranges is None:
            return ""
        digest = self.result.digest
        if self.result.end is not None:
            return format_bound(self.result.end)
        if digest.end:  # the newest commit
            return digest.end
        return format_moment(int(digest.last.timestamp()) if digest.last else self._ranges.now)

    def _save_bookmark(self, kind: str, when: datetime) -> None:
        from core.digest.bookmarks import save_bookmark

        at, end = self._ranges.until if self._ranges is not None else 0, self._end()

        def saved(_: object) -> None:
            if kind == "mark":
                self._surface.show_message(
                    "Bookmarked {end}; {digest.open} will start there.", end=end
                )

        self._tasks.start(
            "digest bookmark",
            lambda _: save_bookmark(self._target, kind, end, when, at=at),
            then=saved,
            failed=self._show_error,
        )

    def _show_error(self, error: PatchdeskError) -> None:
        self._surface.show_error(error)

    # ------------------------------------------------------------- export

    def export(self, path: Path, top: int, web: str) -> None:
        """Write the digest to a file, with `top` entries in each table, and links to the list's address `web`."""
        if self.result is None:
            return
        digest = self.result.digest
        self._surface.show_message("Writing {path} …", path=path)
        self._tasks.start(
            "digest export",
            lambda _: write_digest(digest, path, top, web),
            then=lambda _: self._surface.show_message("Written: {path}", path=path),
            failed=self._show_error,
        )


def write_digest(digest: Digest, path: Path, top: int, web: str) -> None:
    """Write a digest to a file, whole or not at all, for the user alone. Raises PatchdeskError."""
    from core.digest.page import PageFormat, write_page
    from core.system.paths import write_atomically

    form = PageFormat(format=FORMATS.get(path.suffix.lower(), "text"), top=top, web=web)
    page = "".join(f"{line}\n" for line in write_page(digest, form))
    write_atomically(path, page.encode("utf-8", "backslashreplace"))
