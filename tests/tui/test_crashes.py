"""A mistake in any work off the screen's thread: it is in the log, on the screen, and the same command works again."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.index.index import Index
from core.model import Body, Message, OpenedMessage
from core.system.browser import Browser
from tests.tui.kit import (
    NOW,
    FakeDesk,
    configure,
    controller,
    idle,
    lantern,
    listing,
    mail_of,
    ready,
    until,
)
from tests.tui.test_digest_screen import _own_folders, app_of, archive, begin
from tests.tui.test_lists import app_on_index, index, made, path, settled
from tests.tui.triage_kit import make
from tui.app import PatchdeskApp
from tui.desk.lists import Lists
from tui.desk.search import Search
from tui.desk.trailers import _Answered
from tui.tasks import GROUPS
from tui.timings import Timings

__all__ = ["_own_folders", "archive", "index", "made", "path"]  # pytest finds fixtures by name


class LongDesk(FakeDesk):
    """The second mail of its list is laid out in two steps."""

    def mail(self, message: Message) -> OpenedMessage:
        mail = mail_of(message)
        if "oil" not in message.message_id:
            return mail
        text = "\n".join(f"line {number}" for number in range(3_000))
        return replace(mail, text=text, body=Body(message=text))


class Breaker:
    """Takes the place of a function: it raises once, when it is armed, and off the screen's thread."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, where: str, stub: object) -> None:
        module, _, name = where.rpartition(".")
        try:
            owner: object = import_module(module)
        except ModuleNotFoundError:
            module, _, kind = module.rpartition(".")
            owner = getattr(import_module(module), kind)
        original = getattr(owner, name)
        self.armed, self.calls, self.crashed = False, 0, 0

        def broken(*args: object, **more: object) -> object:
            if threading.current_thread() is not threading.main_thread():
                self.calls += 1
                if self.armed:
                    self.armed, self.crashed = False, self.calls
                    raise ValueError("injected")
            return original(*args, **more) if stub is None else stub

        monkeypatch.setattr(owner, name, broken)


@dataclass(frozen=True)
class Case:
    """Where the mistake is, and which keys run into it."""

    where: str
    keys: tuple[str, ...]
    again: tuple[str, ...] = ()
    """Keys that run the same once more, where they are others."""
    stub: object = None
    """What the function returns in place of doing its work, where that would leave the machine."""


def line(text: str) -> tuple[str, ...]:
    """Return the keys of a command line."""
    return (":", *("space" if char == " " else char for char in text), "enter")


TARGET = {
    "open": Case("tests.tui.kit.FakeDesk.listings", ("ctrl+r",)),
    "mail": Case("tests.tui.test_crashes.LongDesk.mail", ("G",), ("k", "enter")),
    "layout": Case("tui.reader.mail_layout.layout_mail", ("j",), ("k", "enter", "tab", "j")),
    "text index": Case("tui.reader.text_search.TextIndex", ("enter", "/", "l"), ("i",)),
    "comments": Case("tui.desk.review.find_comments", ("G", "g", "g"), ("G", "g", "g")),
    "row facts": Case("tui.desk.row_facts.count_comments", ("z", "R"), ("z", "M", "z", "R")),
    "close": Case("tests.tui.kit.FakeDesk.close", ("ctrl+r",)),
    "remember": Case("core.system.ui_state.UiState.write", ("t", "n")),
    "search": Case("tui.desk.searcher._search", ("/", "o"), ("i",)),
    "search index": Case("tui.desk.searcher._prepare", ("/",), ("escape", "ctrl+r", "/")),
    "mark query": Case("tui.desk.marks.find_marked", line("mark.query oil")),
    "journal": Case("core.desk.triage_service.TriageService.apply", ("d",)),
    "pipe": Case("tui.desk.external.pipe_mails", ("|", "c", "a", "t", "enter")),
    "mail bytes": Case("tui.desk.external.raw_of", ("e",)),
    "browser": Case(
        "core.system.browser.open_browser",
        ("g", "b"),
        stub=Browser(("true",), needs_terminal=False),
    ),
    "reply": Case(
        "tui.desk.trailers.Trailers._answered",
        ("T",),
        stub=_Answered([], frozenset(), has_scope=False),
    ),
    "apply": Case("tui.desk.applying.try_version", ("a", "a")),
    "paths": Case("tui.widgets.path_proposals.list_folder", ("o", "/"), ("x",)),
    "versions": Case("core.desk.versions.VersionComparer.compare", ("D",)),
    "interdiffs": Case("core.desk.versions.VersionComparer.interdiffs", ("D",), ("q", "D")),
    "version marks": Case("core.desk.versions.VersionComparer.compare", ("ctrl+r",)),
}
LISTS = {
    "read marks": Case("tui.desk.read_marks._mark", ("m",)),
    "view counts": Case("core.desk.list_views.ListViews.count", ("1",), ("0",)),
    "save view": Case("core.desk.list_views.ListViews.save", line("view.save x")),
    "sync": Case("core.sync.process.SyncProcess.results", ("g", "s"), stub=()),
    "review counts": Case("tui.desk.sync.count_reviews", ("g", "s")),
    "sync errors": Case("tui.desk.lists.sync_errors", ("ctrl+r",)),
    "follow": Case("tui.desk.sync.follow_list", (*line("follow moth /x"), "enter"), stub=0),
    "server search": Case("tui.desk.results.search_on_server", ("/", "o", "ctrl+r"), ("ctrl+r",)),
}
DIGESTS = {
    "digest": Case("core.digest.process.DigestProcess.result", ("ctrl+r",)),
    "digest bookmark": Case("core.digest.bookmarks.save_bookmark", ("g", "m")),
    "digest export": Case("tui.digest.loading.write_digest", ()),
}


ELSEWHERE = {
    "attachment",  # tests/tui/test_attachments.py, where there are attachments
    "clipboard",  # test_a_clipboard_that_crashes_is_told
    "landed",  # tests/tui/test_series_actions.py, where there are trees
    "send",  # tests/tui/test_replies.py, where there is a draft to send
}


def test_every_group_has_a_case() -> None:
    assert {*TARGET, *LISTS, *DIGESTS, *ELSEWHERE} == set(GROUPS)


def told(app: PatchdeskApp, group: str) -> bool:
    """Return whether a toast says that a group of tasks has crashed."""
    return any(f"ValueError in {group};" in one.message for one in app._notifications)


async def crash(
    pilot: Pilot[None],
    breaker: Breaker,
    group: str,
    case: Case,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Run into the mistake, then run the same again."""
    app = pilot.app
    assert isinstance(app, PatchdeskApp)
    breaker.armed = True
    await pilot.press(*case.keys)
    await until(pilot, lambda: breaker.crashed > 0, what="the crash")
    await until(pilot, lambda: told(app, group), what="its toast")
    assert "injected" in caplog.text
    assert "Traceback" in caplog.text
    app.clear_notifications()
    await idle(pilot)
    await pilot.press(*(case.again or case.keys))
    await until(pilot, lambda: breaker.calls > breaker.crashed, what="the same once more")
    await idle(pilot)
    assert not told(app, group)


@pytest.mark.parametrize("group", TARGET)
async def test_on_a_target(
    group: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    case = TARGET[group]
    if group == "text index":
        monkeypatch.setattr("tui.reader.page_view._MOST_INDEXED", 5)
    breaker = Breaker(monkeypatch, case.where, case.stub)
    app = PatchdeskApp(
        "lantern",
        lambda _: LongDesk(listing(lantern())),
        clock=lambda: NOW,
        triage=make(tmp_path),
        timings=Timings(),
    )
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await idle(pilot)
        await crash(pilot, breaker, group, case, caplog)


@pytest.mark.parametrize("group", LISTS)
async def test_on_lists(
    group: str,
    path: Path,
    index: Index,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    case = LISTS[group]
    breaker = Breaker(monkeypatch, case.where, case.stub)
    if group == "server search":
        monkeypatch.setattr(Search, "server_list", property(lambda _: "lantern"))
    app = app_on_index(path, index)
    configure(app, timings=Timings(mail_read=3600))
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await idle(pilot)
        if group == "save view":
            await pilot.press("1")
            await until(pilot, lambda: (page := controller(app, Lists).page) is not None and bool(page.wanted.query))  # fmt: skip
        await crash(pilot, breaker, group, case, caplog)


@pytest.mark.parametrize("group", DIGESTS)
async def test_on_a_digest(
    group: str,
    archive: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    case = DIGESTS[group]
    app = app_of(archive)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await begin(pilot, "..")
        await idle(pilot)
        if group == "digest export":
            case = Case(case.where, ("E", *str(tmp_path / "a.txt"), "enter"))
        breaker = Breaker(monkeypatch, case.where, case.stub)
        await crash(pilot, breaker, group, case, caplog)
        assert screen.loader.result is not None


async def test_a_clipboard_that_crashes_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> str:
        raise ValueError("injected")

    monkeypatch.setattr("core.system.clipboard.copy_text", broken)
    monkeypatch.setattr(PatchdeskApp, "is_headless", False)
    app = PatchdeskApp("lantern", lambda _: FakeDesk(listing(lantern())), clock=lambda: NOW)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        for _ in range(2):
            await pilot.press("y", "s")
            await until(pilot, lambda: told(app, "clipboard"), what="its toast")
            app.clear_notifications()
            await idle(pilot)
    assert caplog.text.count("ValueError: injected") == 2
