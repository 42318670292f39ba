"""The digest on the screen: asked for, made by a child process, gone through, read from, remembered and exported."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from core.config import Config, FollowedList
from core.desk.target_desk import open_target_desk
from core.digest.bookmarks import load_bookmarks, remembered_file, save_bookmark
from core.digest.process import DigestProcess, DigestResult
from core.digest.range import AdjacentRanges, CommitBound, TimeBound, format_moment
from core.errors import Cancelled, PatchdeskError
from core.sources.mbox import to_mboxrd
from tests.core.inboxes import START, Epoch, mail, patch
from tests.tui.kit import (
    NOW,
    FakeDesk,
    app_on,
    configure,
    controller,
    desk_screen,
    idle,
    lantern,
    listing,
    text_of,
    tree_of,
    until,
)
from tui.app import PatchdeskApp
from tui.desk.mail import MailLoader
from tui.digest.charts import charts
from tui.digest.rows import lines_of
from tui.digest.screen import DigestScreen
from tui.keys.commands import Pane
from tui.widgets.prompt import PromptInput
from tui.widgets.row_text import fit_safe

SMALL, LARGE = (80, 24), (160, 50)
DAY = 86400
HOSTILE = "\x1b]52;c;ZXZpbA==\x07[@click=app.quit]x[/] \u202egnorw"
ADA, BOB, CAROL = "Ada <ada@example.org>", "Bob <bob@example.net>", "Carol <carol@example.com>"


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep what is remembered, and the reader's zone, to this test."""
    for kind in ("DATA", "CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / "xdg" / kind))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def mails() -> list[tuple[float, bytes]]:
    """Return mails by the day of their arrival: two versions, a thread, trailers, hostile names."""

    def when(day: float) -> int:
        return int(START + day * DAY)

    hostile = f"Eve {HOSTILE} <eve@evil.example.org>"
    return [
        (-9, patch("[PATCH] old: once", mid="old", date=when(-9))),
        (-5, mail("[PATCH 0/2] pump: prime", mid="v1.0", date=when(-5))),
        (-5, patch("[PATCH 1/2] pump: one", mid="v1.1", answers="v1.0", date=when(-5))),
        (-5, patch("[PATCH 2/2] pump: two", mid="v1.2", answers="v1.0", date=when(-5))),
        (-1, mail("[PATCH RFC v2 0/3] pump: prime", mid="v2.0", date=when(-1))),
        (-1, patch("[PATCH RFC v2 1/3] pump: one", mid="v2.1", answers="v2.0", date=when(-1))),
        (-1, patch("[PATCH RFC v2 2/3] pump: two", mid="v2.2", answers="v2.0", date=when(-1))),
        (
            -0.5,
            mail(
                "Re: [PATCH RFC v2 1/3] pump: one",
                "Good.\n\nReviewed-by: Bob <bob@example.net>\n",
                sender=BOB,
                mid="r1",
                answers="v2.1",
                date=when(-0.5),
            ),
        ),
        (0, mail("Which pump?", sender=CAROL, mid="talk", date=when(0))),
        (0.1, mail("Re: Which pump?", sender=BOB, mid="t1", answers="talk", date=when(0.1))),
        (0.2, patch(f"[PATCH] {HOSTILE}", sender=hostile, mid="evil", date=when(0.2))),
        (0.3, mail("防風ガラス 👩‍👩‍👧‍👦 glass", sender=CAROL, mid="wide", date=when(0.3))),
    ]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A public-inbox folder."""
    epoch = Epoch(tmp_path / "list")
    for day, raw in mails():
        epoch.add(raw, at=int(START + day * DAY))
    return tmp_path / "list"


def app_of(target: Path) -> PatchdeskApp:
    def opener(wanted: str) -> object:
        return open_target_desk(wanted, config=Config(), cache=target.parent / "cache")

    return PatchdeskApp(str(target), opener, clock=lambda: NOW)  # type: ignore[arg-type]


def screen_of(app: PatchdeskApp) -> DigestScreen:
    assert isinstance(app.screen, DigestScreen)
    return app.screen


def flat(app: PatchdeskApp) -> str:
    """Return the screen in one line, with single blanks."""
    return " ".join(text_of(app).split())


def keeping(app: PatchdeskApp) -> bool:
    """Return whether something is being remembered."""
    return "digest bookmark" in app.tasks.busy_groups


async def type_in(pilot: Pilot[None], phrase: str) -> None:
    """Put words into the prompt, once it asks, and confirm them: faster than key by key."""
    app = pilot.app
    await until(pilot, lambda: isinstance(app.screen, DigestScreen) and app.screen.prompt.asking)
    app.screen.query_one(PromptInput).value = phrase
    await pilot.press("enter")


async def begin(pilot: Pilot[None], phrase: str) -> DigestScreen:
    """Open the digest of a range from the main screen, by keys."""
    app = pilot.app
    assert isinstance(app, PatchdeskApp)
    await until(pilot, lambda: len(tree_of(app)) > 0, what="the listing")
    await pilot.press("g", "d")
    await type_in(pilot, phrase)
    screen = screen_of(app)
    await until(
        pilot, lambda: screen.loader.result is not None or screen.has_class("-noted"), what=phrase
    )
    await pilot.pause()
    return screen


async def again(pilot: Pilot[None], screen: DigestScreen, *keys: str) -> None:
    """Press keys and wait for the digest that they ask for."""
    before = screen.loader.result
    await pilot.press(*keys)
    await until(pilot, lambda: screen.loader.result is not before, what=str(keys))
    await pilot.pause()


async def test_a_range_is_asked_for_and_shown(archive: Path) -> None:
    app = app_of(archive)
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, lambda: len(tree_of(app)) > 0)
        await pilot.press("g", "d")
        await until(
            pilot, lambda: isinstance(app.screen, DigestScreen) and app.screen.prompt.asking
        )
        await pilot.pause()
        text = text_of(app)
        for phrase in ("the last day", "the last week", "the last month", "FROM..TO"):
            assert phrase in text
        assert "since" not in text
        await pilot.press(*"2025-05-28..2025-06-02", "enter")
        await until(pilot, lambda: screen_of(app).loader.result is not None)
        await pilot.pause()
        text = text_of(app)
        assert "TEST: what arrived from 2025-05-28 to 2025-06-02" in text
        for phrase in ("Domains", "Authors", "Reviewers", "Mails a day", "Newcomers", "Unanswered"):
            assert phrase in text
        assert "RFC pump: prime" in text
        (row,) = [line for line in text.splitlines() if "▸ ◆ RFC pump: prime" in line]
        assert row.split()[5:9] == ["v2", "2/3", "R1", "↳1"]


async def test_what_is_inside_unfolds_and_opens_in_the_reader(archive: Path) -> None:
    app = app_of(archive)
    async with app.run_test(size=LARGE) as pilot:
        screen = await begin(pilot, "2025-05-28..")
        await pilot.press("/", *"pump: prime", "enter")
        await pilot.pause()
        assert screen.view.opens == "v2.0"
        await pilot.press("escape", "tab", "tab", "tab", "tab")
        while screen.view.line is not None and screen.view.line.folds != "series v1.0":
            before = screen.view.cursor
            await pilot.press("j")
            assert screen.view.cursor > before, "the series never came"
        await pilot.press("l")
        await pilot.pause()
        text = text_of(app)
        assert "2 of 3 patches arrived, 1 missing" in text
        assert "v2 of [PATCH] pump: prime, sent 2025-05-26" in text
        assert "3/3 missing" in text
        assert "Reviewed-by: Bob <bob@example.net> (v2, patch 1)" in text
        await pilot.press("j", "j")
        assert screen.view.opens == "v2.2"
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is desk_screen(app))
        row = tree_of(app).row
        assert row is not None
        assert row.message is not None
        assert row.message.message_id == "v2.2"
        await until(pilot, lambda: controller(app, MailLoader).mail is not None)
        await until(pilot, lambda: controller(app, MailLoader).mail.message.message_id == "v2.2")  # type: ignore[union-attr]
        assert desk_screen(app).active_pane is Pane.READER


async def test_the_windows_beside_have_the_same_length_and_no_gap(archive: Path) -> None:
    app = app_of(archive)
    async with app.run_test(size=SMALL) as pilot:
        screen = await begin(pilot, "2025-05-29..2025-06-01")
        assert screen.loader.result is not None
        middle = screen.loader.result.digest
        await again(pilot, screen, "<")
        assert screen.loader.result.digest.ends == ("2025-05-26", "2025-05-29")
        before = screen.loader.result.digest
        await again(pilot, screen, ">")
        assert screen.loader.result.digest.ends == ("2025-05-29", "2025-06-01")
        assert screen.loader.result.digest == middle
        await again(pilot, screen, "<")
        await again(pilot, screen, "<")
        earliest = screen.loader.result.digest
        assert earliest.ends == ("2025-05-23", "2025-05-26")
        assert (before.messages, earliest.messages) == (3, 0)
        assert "Nothing arrived." in text_of(app)


async def test_there_is_nothing_before_the_beginning_or_after_now(archive: Path) -> None:
    app = app_of(archive)
    async with app.run_test(size=SMALL) as pilot:
        screen = await begin(pilot, "..")
        made = screen.loader.result
        await pilot.press("<")
        await pilot.pause()
        assert "the first period of the archive" in text_of(app)
        await pilot.press(">")
        await pilot.pause()
        assert "the latest period" in text_of(app)
        assert screen.loader.result is made


async def test_what_was_read_is_remembered_and_older_windows_change_nothing(archive: Path) -> None:
    app = app_of(archive)
    async with app.run_test(size=LARGE) as pilot:
        screen = await begin(pilot, "2025-05-29..2025-05-31")
        await again(pilot, screen, "<")
        await until(pilot, lambda: not keeping(app))
        assert load_bookmarks(str(archive))["read"].until == "2025-05-31"
        await pilot.press("g", "d")
        await until(pilot, lambda: screen.prompt.asking)
        await pilot.pause()
        assert "2025-05-31.. since my last digest" in flat(app)
        await again(pilot, screen, "enter")
        assert screen.loader.result is not None
        assert screen.loader.result.digest.ends[0] == "2025-05-31"
        tip = screen.loader.result.digest.end
        await until(pilot, lambda: not keeping(app))
        assert load_bookmarks(str(archive))["read"].until == tip
    path = remembered_file()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_mark_is_kept_with_its_time(archive: Path) -> None:
    app = app_of(archive)
    async with app.run_test(size=LARGE) as pilot:
        screen = await begin(pilot, "2025-05-20..2025-05-27")
        await pilot.press("g", "m")
        await until(pilot, lambda: "Bookmarked 2025-05-27" in text_of(app))
        await again(pilot, screen, ">")
        await pilot.press("g", "d")
        await until(pilot, lambda: screen.prompt.asking)
        await pilot.pause()
        assert "2025-05-27.. since the bookmark, of 2025-06-02 12:00" in flat(app)
    # The same archive, named otherwise; another has nothing.
    assert load_bookmarks(f"{archive}/../list")["mark"].until == "2025-05-27"
    assert load_bookmarks("elsewhere") == {}


@pytest.mark.parametrize("torn", ["", "[1]", "[" * 5000])
def test_a_file_that_cannot_be_read_gives_no_bookmark_and_is_kept(archive: Path, torn: str) -> None:
    remembered_file().parent.mkdir(parents=True)
    remembered_file().write_text(torn)
    assert load_bookmarks(str(archive)) == {}
    with pytest.raises(PatchdeskError, match="The bookmark was not saved"):
        save_bookmark(str(archive), "mark", "2025-05-01", NOW, at=5)
    assert remembered_file().read_text() == torn


@pytest.mark.parametrize("wrong", ['{"%s": 5}', '{"%s": {"read": {"until": 7}}}'])
def test_a_wrong_bookmark_is_none_and_is_replaced(archive: Path, wrong: str) -> None:
    remembered_file().parent.mkdir(parents=True)
    remembered_file().write_text(wrong.replace("%s", str(archive)))
    assert load_bookmarks(str(archive)) == {}
    save_bookmark(str(archive), "mark", "2025-05-01", NOW, at=5)
    assert load_bookmarks(str(archive))["mark"].at == 5


async def test_an_error_is_said_in_place_and_what_was_there_stays(archive: Path) -> None:
    app = app_of(archive)
    async with app.run_test(size=SMALL) as pilot:
        screen = await begin(pilot, "nonsense..")
        assert screen.has_class("-noted")
        text = text_of(app)
        assert "nonsense is neither a commit or tag" in text
        assert "the newest commit is" in flat(app)
        await pilot.press("g", "d")
        await until(pilot, lambda: screen.prompt.asking)
        await again(pilot, screen, *"2025-05-28..", "enter")
        assert not screen.has_class("-noted")
        made = screen.loader.result
        await pilot.press("g", "d")
        await until(pilot, lambda: screen.prompt.asking)
        await pilot.press(*"no range", "enter")
        await until(pilot, lambda: "no range’ is not a range" in text_of(app))
        assert screen.loader.result is made
        await pilot.press("q")
        await until(pilot, lambda: app.screen is desk_screen(app))


async def test_what_is_no_archive_is_said(tmp_path: Path) -> None:
    app = app_on(**{"some@message.id": FakeDesk(listing(lantern()))})
    async with app.run_test(size=SMALL) as pilot:
        screen = await begin(pilot, "..")
        assert screen.has_class("-noted")
        assert "A digest needs a whole archive" in text_of(app)


async def test_leaving_the_question_goes_back(archive: Path) -> None:
    app = app_of(archive)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: len(tree_of(app)) > 0)
        await pilot.press("g", "d")
        await until(
            pilot, lambda: isinstance(app.screen, DigestScreen) and app.screen.prompt.asking
        )
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is desk_screen(app))


async def test_cancelled_and_late_answers_are_dropped(archive: Path) -> None:
    app = app_of(archive)
    async with app.run_test(size=SMALL) as pilot:
        screen = await begin(pilot, "2025-05-28..")
        made = screen.loader.result
        assert made is not None
        first = screen.loader._loading
        screen.loader.load("..")
        second = screen.loader._loading
        assert first is None
        assert second is not None
        screen.loader.load("2025-05-27..")
        assert second.is_cancelled  # what comes of it is dropped
        assert screen.loader.result is made
        await pilot.press("escape")
        assert not screen.loader.is_loading
        assert screen.loader.result is made
        assert app.screen is screen
        await until(pilot, lambda: app.tasks.is_idle, what="the end of the tasks")
        assert screen.loader.result is made


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("d.txt", "TEST: what"),
        ("d.md", "# TEST"),
        ("d.html", "<!DOCTYPE html>"),
        ("d.json", '{"from"'),
    ],
)
async def test_export_writes_each_format_for_the_user_alone(
    archive: Path, tmp_path: Path, name: str, begins: str
) -> None:
    app = app_of(archive)
    followed = FollowedList(target=str(archive), web="https://lore.example/pumps")
    configure(app, config=Config(lists={str(archive): followed}))
    async with app.run_test(size=LARGE) as pilot:
        await begin(pilot, "2025-05-28..")
        await pilot.press("E")
        await type_in(pilot, str(tmp_path / name))
        await until(pilot, (tmp_path / name).exists)
        await until(pilot, lambda: "Written:" in text_of(app))
    page = (tmp_path / name).read_text()
    assert page.casefold().startswith(begins.casefold())
    assert "\x1b" not in page
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert ('href="https://lore.example/pumps/talk/' in page) is (name == "d.html")
    if name == "d.json":
        assert json.loads(page)["messages"] == 8


async def test_export_overwrites_nothing_unasked_and_names_what_cannot_be(
    archive: Path, tmp_path: Path
) -> None:
    there = tmp_path / "there.md"
    there.write_text("mine")
    app = app_of(archive)

    async with app.run_test(size=LARGE) as pilot:
        await begin(pilot, "2025-05-28..")

        async def export(to: Path, *answer: str) -> str:
            await pilot.press("E")
            await type_in(pilot, str(to))
            await pilot.pause()
            if answer:
                await until(pilot, lambda: "Overwrite" in text_of(app))
                await pilot.press(*answer)
            await pilot.pause()
            return text_of(app)

        assert "Nothing was written." in await export(there, "n", "enter")
        assert "Nothing was written." in await export(there, "escape")
        assert "Nothing was written." in await export(there, "enter")
        assert there.read_text() == "mine"
        assert "There is no folder" in await export(tmp_path / "none" / "d.md")
        assert "is a folder" in await export(tmp_path)
        assert not (tmp_path / "none").exists()
        await export(there, "y", "enter")
        await until(pilot, lambda: there.read_text() != "mine")


async def test_what_came_on_standard_input_is_gone() -> None:
    app = app_on(**{"-": FakeDesk(listing(lantern()))})
    async with app.run_test(size=SMALL) as pilot:
        await begin(pilot, "..")
        assert "Standard input can be read only once" in text_of(app)


async def test_help_names_the_keys_of_a_digest_first_and_colon_runs_them(archive: Path) -> None:
    app = app_of(archive)
    async with app.run_test(size=LARGE) as pilot:
        screen = await begin(pilot, "2025-05-28..")
        own = {
            c.name for c in screen.keymap.commands if Pane.DIGEST in c.pane and c.pane != Pane.ANY
        }
        assert own <= set(screen.command_handlers())
        await pilot.press("?")
        await until(pilot, lambda: app.screen is not screen)
        await pilot.pause()
        text = text_of(app)
        assert "In a digest" in text
        assert text.index("In a digest") < text.index("The previous period of the same length")
        await pilot.press("escape", ":")
        await type_in(pilot, "digest.export")
        await until(pilot, lambda: "Write to" in text_of(app))
        await pilot.press("escape", ":")
        await type_in(pilot, "reader.files")
        await until(pilot, lambda: "works in the list and the reader" in text_of(app))
        await pilot.press(":")
        await type_in(pilot, "fold.close_all")  # one id for the folds of all panes
        closed = screen.view.virtual_size.height
        await pilot.press("z", "R")
        assert screen.view.virtual_size.height > closed


async def test_an_mbox_is_read_by_dates(tmp_path: Path) -> None:
    box = tmp_path / "some.mbox"
    box.write_bytes(to_mboxrd(raw for _, raw in mails()))
    app = app_of(box)
    async with app.run_test(size=SMALL) as pilot:
        screen = await begin(pilot, "2025-05-28..")
        assert screen.loader.result is not None
        assert screen.loader.result.digest.messages == 8
        await until(pilot, lambda: not keeping(app))
        # No commit says where it ended: the last mail's time does.
        assert load_bookmarks(str(box))["read"].until == format_moment(int(START + 0.3 * DAY))


async def test_a_followed_list_is_made_by_its_name(archive: Path, tmp_path: Path) -> None:
    config = tmp_path / "xdg" / "CONFIG" / "patchdesk" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(
        f'[lists.pumps]\ntarget = "{archive}"\n[identity]\nbots = ["carol@*"]\nmailmap = "/no/such"\n'
    )
    made = DigestProcess("pumps", "2025-05-28..", NOW).result(stop=Event(), report=lambda _: None)
    assert made.digest.list_name == "PUMPS"
    assert [who.name for who, _ in made.digest.bots] == ["Carol"]
    assert made.digest.notes == ()  # what is wrong in the configuration was said at the start


def test_a_stopped_process_ends(archive: Path) -> None:
    stop = Event()
    process = DigestProcess(str(archive), "..", NOW)
    stop.set()
    with pytest.raises(Cancelled):
        process.result(stop=stop, report=lambda _: None)
    assert process.wait(1)


@pytest.mark.parametrize(
    ("start", "end", "before", "after"),
    [
        (None, None, None, None),
        (None, TimeBound(86400), None, None),
        (TimeBound(86400), TimeBound(3 * 86400), "1969-12-31..1970-01-02", "1970-01-04..1970-01-06"),
        (TimeBound(10 * 86400), None, "1970-01-01..1970-01-11", None),
        (CommitBound(0, "ab" * 20, 86400 * 9), TimeBound(86400 * 9 + 3600), f"1970-01-09T23:00:00Z..{'ab' * 8}", "1970-01-10T01:00:00Z..1970-01-10T02:00:00Z"),
        (TimeBound(86400 * 12), TimeBound(86400 * 18), "1970-01-07..1970-01-13", "1970-01-19.."),
        (TimeBound(5), TimeBound(5), "1970-01-01T00:00:04Z..1970-01-01T00:00:05Z", "1970-01-01T00:00:05Z..1970-01-01T00:00:06Z"),
    ],
)  # fmt: skip
def test_windows(
    start: TimeBound | CommitBound | None,
    end: TimeBound | None,
    before: str | None,
    after: str | None,
) -> None:
    window = AdjacentRanges(start, end, now=20 * 86400)
    if before is not None and before.startswith("1969"):
        before = before.replace("1969-12-31", "1970-01-01")  # no second is before the first
    assert (window.before(), window.after()) == (before, after)


def made_of(archive: Path) -> DigestResult:
    return DigestProcess(str(archive), "2025-05-25..", NOW).result(
        stop=Event(), report=lambda _: None
    )


def test_rows_are_as_wide_as_the_screen_and_safe_at_every_width(archive: Path) -> None:
    digest = replace(made_of(archive).digest, notes=(f"A note {HOSTILE}",))
    everything = {
        "newcomers",
        "discussed",
        "unanswered",
        *(f"series {s.id}" for s in digest.series),
    }
    for width in (20, 33, 59, 60, 64, 72, 80, 100, 139, 140, 200):
        for height in (10, 24, 50):
            for line in lines_of(digest, width, height, everything):
                text = "".join(piece for piece, _ in line.draw(width))
                assert text.isprintable(), text
                assert "\u202e" not in text + line.words()
                assert cell_len(text) <= max(width, 40), (width, text)
        grid = {sum(cell_len(text) for text, _ in row) for row in charts(digest, width, 24) if row}
        assert len(grid) == 1
        assert width - 4 < max(grid) <= width


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("abc", 5, "abc  "),
        ("abcdef", 4, "abc…"),
        ("防風ガ", 4, "防… "),
        ("a\x1bb", 4, "a␛b "),
        ("x", 0, ""),
    ],
)
def test_fit(text: str, width: int, expected: str) -> None:
    assert fit_safe(text, width) == expected
    assert cell_len(fit_safe(text, width)) == width


Steps = Callable[[Pilot[None]], Awaitable[None]]


def steps(phrase: str, *keys: str) -> Steps:
    async def run(pilot: Pilot[None]) -> None:
        await begin(pilot, phrase)
        await pilot.press(*keys[:2])
        await idle(pilot)  # a bookmark is saved before it is offered
        await pilot.press(*keys[2:])
        await idle(pilot)

    return run


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize(
    ("name", "phrase", "keys"),
    [
        ("top", "2025-05-25..2025-06-02", ()),
        ("unfolded", "2025-05-25..2025-06-02", ("z", "R", "tab", "tab", "tab", "j")),
        ("asking", "2025-05-25..2025-06-02", ("g", "m", "g", "d")),
        ("quiet", "2024-05-25..2024-06-02", ()),
        ("error", "nonsense", ()),
    ],
)
def test_screen(
    snap_compare: Callable[..., bool],
    archive: Path,
    size: tuple[int, int],
    name: str,
    phrase: str,
    keys: tuple[str, ...],
) -> None:
    assert snap_compare(app_of(archive), terminal_size=size, run_before=steps(phrase, *keys))
