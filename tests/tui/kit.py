"""The kit of the screen tests: mails of an invented project, and a desk that the test can hold back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import TypeVar

from textual.app import App
from textual.pilot import Pilot

from core.errors import Cancelled, PatchdeskError
from core.model import (
    Body,
    FollowupTrailer,
    Identity,
    Message,
    MessageId,
    OpenedMessage,
    Patch,
    Reply,
    Series,
    Subject,
    TargetListing,
    Thread,
    Version,
)
from core.progress import Progress, ProgressCallback
from tui.app import PatchdeskApp
from tui.desk.controller import Controller
from tui.desk.mail import MailLoader
from tui.desk.requests import Desk
from tui.reader.message_view import MessageView
from tui.screens.desk import DeskScreen
from tui.tree.series_tree import SeriesTree

C = TypeVar("C", bound=Controller)

NOW = datetime(2025, 6, 2, 12, 0, tzinfo=UTC)

ADA = Identity("Ada Wren", "ada@lantern.example.org")
BO = Identity("Bo Larch", "bo@lantern.example.org")
MIRA = Identity("Míra Ölçek", "mira@lantern.example.org")


def message(
    message_id: str,
    title: str,
    *,
    author: Identity = ADA,
    hours: float = 2,
    number: int | None = None,
) -> Message:
    """Return a mail sent `hours` ago."""
    return Message(
        message_id=MessageId(message_id),
        subject=Subject(text=title, title=title, number=number),
        sender=author,
        author=author,
        date=NOW - timedelta(hours=hours),
        key=message_id,
    )


def reply(
    message_id: str, title: str, depth: int = 0, *, author: Identity = BO, hours: float = 1
) -> Reply:
    """Return an answer."""
    return Reply(message(message_id, title, author=author, hours=hours), depth)


def version(
    name: str,
    titles: Sequence[str],
    *,
    number: int = 1,
    cover: str | None = None,
    missing: Sequence[int] = (),
    replies: Mapping[int, Sequence[Reply]] | None = None,
    tags: Sequence[str] = (),
    hours: float = 2,
) -> Version:
    """Return a version; the mail of patch N is `NAME-vV-N@x`, the cover letter's N is 0."""
    answers = replies or {}
    total = len(titles) + len(missing)
    free = [n for n in range(1, total + 1) if n not in missing]

    def patch(place: int, title: str) -> Patch:
        mail = message(f"{name}-v{number}-{place}@x", title, hours=hours, number=place)
        return Patch(number=place, message=mail, replies=tuple(answers.get(place, ())))

    return Version(
        version=number,
        tags=tuple(tags),
        total=total,
        cover=patch(0, cover) if cover else None,
        patches=tuple(patch(n, title) for n, title in zip(free, titles, strict=True)),
        missing=tuple(missing),
        date=NOW - timedelta(hours=hours),
    )


def series(
    subject: str,
    *versions: Version,
    author: Identity = ADA,
    hours: float = 2,
    trailers: Sequence[FollowupTrailer] = (),
) -> Series:
    """Return a series of these versions."""
    messages = [
        mail
        for one in versions
        for entry in one.entries()
        for mail in (entry.message, *(answer.message for answer in entry.replies))
    ]
    first = next(versions[0].entries())
    return Series(
        id=first.message.message_id,
        subject=subject,
        author=author,
        change_id=None,
        date=NOW - timedelta(hours=hours),
        versions=versions,
        trailers=tuple(trailers),
        replies=sum(len(entry.replies) for one in versions for entry in one.entries()),
        message_ids=frozenset(mail.message_id for mail in messages),
    )


def thread(
    name: str, subject: str, *replies: Reply, author: Identity = MIRA, hours: float = 30
) -> Thread:
    """Return a discussion whose first mail is `NAME@x`."""
    root = message(f"{name}@x", subject, author=author, hours=hours)
    ids = {root.message_id, *(answer.message.message_id for answer in replies)}
    return Thread(
        id=root.message_id,
        subject=subject,
        author=author,
        date=root.date,
        root=root,
        replies=replies,
        message_ids=frozenset(ids),
    )


def small_series(name: str, subject: str, **more: object) -> Series:
    """Return a series of two patches without a cover letter."""
    one = version(name, [f"{subject}: first half", f"{subject}: second half"])
    return replace(series(subject, one), **more)  # type: ignore[arg-type]


def lantern() -> tuple[Series | Thread, ...]:
    """Return a listing with some of everything."""
    review = (
        reply("wick-r1@x", "wick: trim before lighting", author=BO, hours=3),
        reply("wick-r2@x", "wick: trim before lighting", 1, author=ADA, hours=2.5),
    )
    given = (
        FollowupTrailer(name="Reviewed-by", value=str(BO), number=1, version=2, posting=MessageId("wick2-0@x"), message_id=MessageId("wick-r1@x")),
        FollowupTrailer(name="Acked-by", value=str(MIRA), number=0, version=2, posting=MessageId("wick2-0@x"), message_id=MessageId("wick-r3@x")),
    )  # fmt: skip
    wick = series(
        "Steady light in a draught",
        version("wick", ["wick: trim", "wick: turn"], number=1, cover="Steady light", hours=200),
        version(
            "wick",
            ["wick: trim before lighting", "wick: turn slowly"],
            number=2,
            cover="Steady light in a draught",
            missing=[3],
            replies={1: review, 0: [reply("wick-r3@x", "Steady light in a draught", author=MIRA)]},
            tags=["RFC"],
            hours=5,
        ),
        trailers=given,
        hours=2,
    )
    oil = series(
        "oil: do not spill when tilted",
        version("oil", ["oil: do not spill when tilted"], hours=70),
        author=BO,
        hours=70,
    )
    glass = small_series(
        "glass", "glass: 防風ガラスを追加する", author=MIRA, date=NOW - timedelta(days=20)
    )
    talk = thread(
        "talk",
        "Which lamps still burn whale oil?",
        reply("talk-1@x", "Which lamps still burn whale oil?", author=ADA),
    )
    return wick, oil, talk, glass


def mail_of(of: Message) -> OpenedMessage:
    """Return the text of a mail: its subject and some lines."""
    lines = "\n".join(f"line {n} of {of.subject.title}" for n in range(1, 101))
    return OpenedMessage(
        message=replace(of),  # read anew, it is another object
        headers=(("From", str(of.author)), ("Subject", of.subject.text)),
        text=lines,
        body=Body(message=lines),
    )


def listing(
    items: Sequence[Series | Thread], *, name: str = "lantern", done: bool = True, note: str = ""
) -> TargetListing:
    """Return a listing."""
    return TargetListing(name=name, items=tuple(items), mails=7 * len(items), done=done, note=note)


class FakeDesk:
    """Answers with `steps`: a listing to yield, an error to raise, an Event to wait for, a Progress to report.

    A mail whose id is in `mail_gates` is given once that Event is set. Waiting ends when the desk is stopped or
    closed, as the real one's does.
    """

    def __init__(self, *steps: TargetListing | Exception | Event | Progress) -> None:
        self.steps = steps
        self.mail_gates: dict[str, Event] = {}
        self.mail_error: PatchdeskError | None = None
        self.asked: list[str] = []
        self.closed = Event()
        self.deaf = False
        """It does not hear that it is to stop."""

    def listings(self, *, stop: Event, report: ProgressCallback) -> Iterator[TargetListing]:
        for step in self.steps:
            if isinstance(step, Event):
                while not step.wait(0.005):
                    if not self.deaf and (stop.is_set() or self.closed.is_set()):
                        raise Cancelled
            elif isinstance(step, Progress):
                report(step)
            elif isinstance(step, Exception):
                raise step
            else:
                yield step

    def mail(self, message: Message) -> OpenedMessage:
        self.asked.append(message.message_id)
        gate = self.mail_gates.get(message.message_id)
        while gate is not None and not gate.wait(0.005):
            if self.closed.is_set():
                raise Cancelled
        if self.mail_error is not None:
            raise self.mail_error
        return mail_of(message)

    def raw(self, message: Message) -> bytes:
        return f"Subject: {message.subject.text}\nMessage-ID: <{message.message_id}>\n\nText.\n".encode()

    def close(self) -> None:
        self.closed.set()


def app_on(**desks: Desk) -> PatchdeskApp:
    """Return the application with a desk for each target, open on the first."""

    def open_desk(target: str) -> Desk:
        return desks[target]

    return PatchdeskApp(next(iter(desks)), open_desk, clock=lambda: NOW)


def app_with(*items: Series | Thread) -> PatchdeskApp:
    """Return the application on a listing that is there at once."""
    return app_on(lantern=FakeDesk(listing(items or lantern())))


def desk_screen(app: PatchdeskApp) -> DeskScreen:
    """Return the main screen."""
    screen = app.screen_stack[0]
    assert isinstance(screen, DeskScreen)
    return screen


def tree_of(app: PatchdeskApp) -> SeriesTree:
    """Return the tree."""
    return desk_screen(app).query_one(SeriesTree)


def reader_of(app: PatchdeskApp) -> MessageView:
    """Return the reader."""
    return desk_screen(app).query_one(MessageView)


def text_of(app: PatchdeskApp, selector: str | None = None) -> str:
    """Return the screen, or one widget of it, as the text that is to be seen."""
    screen = desk_screen(app)
    widget = screen.query_one(selector) if selector else screen
    if selector:
        region = widget.content_region
        lines = screen._compositor.render_strips()[region.y : region.bottom]
        return "\n".join(strip.crop(region.x, region.right).text.rstrip() for strip in lines)
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


PATIENCE_CPU = 15.0
"""Seconds of this process's CPU time until something that was waited for is given up."""
PATIENCE = 90.0
"""Seconds on the clock, for what sleeps instead: a busy machine is late, and no test fails for that."""


async def until(pilot: Pilot[None], true: Callable[[], bool], *, what: str = "") -> None:
    """Let the application run until something is so; fail where it never is.

    What takes long is asked more and more rarely, since asking for a text on the screen draws the whole of it.
    """
    last, cpu = time.monotonic() + PATIENCE, time.process_time() + PATIENCE_CPU
    delay = 0.005
    while not true():
        if time.monotonic() > last or time.process_time() > cpu:
            raise AssertionError(f"never came: {what}\n{text_of(pilot.app)}")  # type: ignore[arg-type]
        await pilot.pause(delay)
        delay = min(delay * 1.3, 0.1)


def is_idle(app: App[None]) -> bool:
    """Tell whether no widget has a message to handle, no worker and no task runs, and nothing is to come of itself."""
    if isinstance(app, PatchdeskApp) and not app.is_idle:
        return False
    pumps = [
        app,
        *(node for screen in app.screen_stack for node in screen.walk_children(with_self=True)),
    ]
    return not (
        any(pump.message_queue_size for pump in pumps)
        or any(worker.is_running for worker in app.workers)
    )


async def idle(pilot: Pilot[None]) -> None:
    """Let the application run until nothing is left to do; of timers only those count that a key began."""
    quiet = 0

    def is_quiet() -> bool:
        nonlocal quiet
        quiet = quiet + 1 if is_idle(pilot.app) else 0
        return quiet > 2  # handling the last message may have posted one

    await until(pilot, is_quiet, what="an idle application")


async def ready(pilot: Pilot[None]) -> None:
    """Let the application run until the first mail is on the screen."""
    app = pilot.app
    assert isinstance(app, PatchdeskApp)
    mail = controller(app, MailLoader)
    await until(pilot, lambda: mail.mail is not None and not mail.is_reading, what="the first mail")
    await pilot.pause()


def configure(app: PatchdeskApp, **changes: object) -> None:
    """Change settings of the main screen, which the program takes from its command line and configuration."""
    screen = desk_screen(app) if app.is_running else app._desk_screen
    screen.settings = replace(screen.settings, **changes)  # type: ignore[arg-type]


def controller(app: PatchdeskApp, kind: type[C]) -> C:
    """Return the main screen's controller of a kind."""
    return next(one for one in desk_screen(app).controllers if isinstance(one, kind))
