"""What the tests of triage are made of: the application with a journal of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from textual.pilot import Pilot

from core.desk.triage_service import Journal, TriageService
from core.model import Series, Thread
from core.triage.journal import FILE
from tests.tui.kit import NOW, FakeDesk, desk_screen, lantern, listing, until
from tui.app import PatchdeskApp
from tui.desk.requests import Session
from tui.tree.triage_tree import TriageTree

ME = "me@lantern.example.org"


def make(
    folder: Path, now: Callable[[], datetime] = lambda: NOW
) -> Callable[[Session], TriageService]:
    """Return what gives the decisions on what is opened, in a journal in `folder`."""

    def made(session: Session) -> TriageService:
        index = getattr(session.desk, "index", None)
        return TriageService(index, Journal(folder / FILE, host="desk"), (ME,), clock=now)

    return made


def triage_app(
    folder: Path, *items: Series | Thread, linear: bool = False, triage: bool = True
) -> PatchdeskApp:
    """Return the application on a listing, with a journal in `folder`."""
    shown = items or lantern()
    return PatchdeskApp(
        "lantern",
        lambda _: FakeDesk(listing(shown)),
        clock=lambda: NOW,
        linear=linear,
        triage=make(folder) if triage else None,
    )


def tree(app: PatchdeskApp) -> TriageTree:
    """Return the tree."""
    return desk_screen(app).series_tree


def said(app: PatchdeskApp) -> str:
    """Return what the status line says."""
    text = desk_screen(app).status._said
    return text[0] if text else ""


async def told(pilot: Pilot[None], text: str) -> None:
    """Wait until the status line says something that begins so."""
    app = pilot.app
    assert isinstance(app, PatchdeskApp)
    await until(pilot, lambda: said(app).startswith(text), what=text)


async def known(pilot: Pilot[None]) -> None:
    """Wait until it is known how series stand."""
    app = pilot.app
    assert isinstance(app, PatchdeskApp)
    screen = desk_screen(app)
    await until(pilot, lambda: bool(screen.status._told), what="how series stand")


def subjects(app: PatchdeskApp) -> Sequence[str]:
    """Return the subjects of the series that are shown."""
    rows = tree(app)._rows
    return [rows[at].item.subject for at in range(len(rows)) if rows[at].depth == 0]


def statuses(app: PatchdeskApp) -> dict[str, str]:
    """Return how the series stand that anything was decided on, by their subjects' first word."""
    names = {str(item.id): item.subject.split()[0] for item in lantern()}
    return {
        names.get(str(handle), str(handle)): str(one.status)
        for handle, one in tree(app).standings.items()
    }
