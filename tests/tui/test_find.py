"""Searches in the tree: keys in the bar, and after it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from textual.events import Key, Paste
from textual.pilot import Pilot

import core.search.target_search
from core.errors import Cancelled, QueryError
from core.model import Series, TargetListing, Thread
from core.search.hits import SearchResult
from core.system.ui_state import UiState
from tests.tui.kit import (
    ADA,
    FakeDesk,
    app_on,
    app_with,
    configure,
    controller,
    desk_screen,
    idle,
    lantern,
    listing,
    reader_of,
    ready,
    reply,
    series,
    small_series,
    text_of,
    thread,
    tree_of,
    until,
    version,
)
from tui.app import PatchdeskApp
from tui.desk.earlier_queries import earlier_queries
from tui.desk.opening import Opening
from tui.desk.search import Search
from tui.desk.searcher import ListingScope
from tui.keys.commands import Pane

Real = core.search.target_search.TargetSearch


def many(count: int = 200) -> list[Series | Thread]:
    words = ("wick", "oil", "glass", "brass", "soot")
    return [
        thread(f"s{n}", f"{words[n % 5]}{n}: thing", reply(f"r{n}@x", "yes"), author=ADA)
        for n in range(count)
    ]


def where(app: PatchdeskApp) -> str:
    row = tree_of(app).row
    return row.key[-1] if row is not None else ""


def rows_of(app: PatchdeskApp) -> list[str]:
    return [line for line in text_of(app, "SeriesTree").splitlines() if line.strip()]


def bar(app: PatchdeskApp) -> str:
    return text_of(app, "SearchBar")


async def answered(pilot: Pilot[None]) -> None:
    """Let the application run until the latest question has its answer on the screen."""
    app = pilot.app
    assert isinstance(app, PatchdeskApp)
    screen = desk_screen(app)
    await until(pilot, lambda: screen.bar.is_attached and screen.bar.asking, what="the bar")

    await until(pilot, lambda: controller(app, Search).is_prepared, what="what answers")

    def is_answered() -> bool:
        question = controller(app, Search).request
        asked = screen.bar.text.strip() if question is None else question.text
        same = asked.strip() == screen.bar.text.strip() and controller(app, Search).is_answered
        return same and not screen.bar.gathering

    await until(pilot, is_answered, what="the answer")
    await pilot.pause()


async def find(pilot: Pilot[None], text: str) -> None:
    await pilot.press("/", *text)
    await answered(pilot)


async def test_the_tree_becomes_what_is_found_and_enter_keeps_it() -> None:
    app = app_with()
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await find(pilot, "glass")
        assert [row.split()[:2] for row in rows_of(app)] == [
            ["▸", "◆"],
            ["•", "2/2"],
        ]  # and its best
        assert where(app) == "glass-v1-1@x"
        assert "1 of 4" in bar(app)
        await pilot.press("enter")
        await until(pilot, lambda: "/ glass" in text_of(app, "TitleBar"), what="the title")
        assert "1 of 1 found" in text_of(app, "TitleBar")
        assert tree_of(app).has_focus
        assert len(rows_of(app)) == 2
        await pilot.press("q")
        await pilot.pause()
        assert len(rows_of(app)) == 4
        assert "/ glass" not in text_of(app, "TitleBar")


async def test_each_key_narrows_and_the_cursor_stays_on_the_best() -> None:
    app = app_with(*many())
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await find(pilot, "wick")
        wide = len(tree_of(app))
        await pilot.press("down", "down")
        assert tree_of(app).cursor == 2
        await pilot.press("1", "5")
        await answered(pilot)
        assert 0 < len(tree_of(app)) < wide
        assert tree_of(app).cursor == 0
        await pilot.press("backspace", "backspace")
        await answered(pilot)
        assert len(tree_of(app)) == wide
        assert tree_of(app).cursor == 0


async def test_the_match_under_the_cursor_is_previewed() -> None:
    app = app_with()
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await find(pilot, "oil")
        assert "whale" in rows_of(app)[0]  # of two that are as good the newer
        await until(pilot, lambda: "whale" in text_of(app, "MessageView"), what="the mail")
        assert desk_screen(app).bar.asking
        await pilot.press("down")
        await until(pilot, lambda: "line 1 of oil" in text_of(app, "MessageView"), what="the other")


async def test_escape_goes_back_to_the_very_place() -> None:
    app = app_with(*many())
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press(*"jjjjl", *["ctrl+f"] * 4, *"jjjl", "j", "k", "k")
        await idle(pilot)
        tree = tree_of(app)
        before = (where(app), tree.cursor, tree.scroll_offset.y, dict(tree.folds), len(tree))
        picture = text_of(app)
        assert tree.scroll_offset.y > 10
        for keys in ("wick", "oil12", "zzzz", "", "w"):
            await find(pilot, keys)
            if len(tree):
                await pilot.press("down", "down", "down")
            await pilot.press("escape")
            await until(pilot, lambda: not desk_screen(app).bar.asking)
            await pilot.pause()
            now = (where(app), tree.cursor, tree.scroll_offset.y, dict(tree.folds), len(tree))
            assert now == before
        await idle(pilot)
        assert text_of(app) == picture


async def test_an_empty_line_shows_the_list_as_it_was() -> None:
    app = app_with(*many())
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("j", "l")
        before = len(tree_of(app))
        await find(pilot, "oil1")
        await pilot.press(*["backspace"] * 4)
        await answered(pilot)
        assert len(tree_of(app)) == before
        assert where(app) == "s1@x"
        await pilot.press("enter")  # nothing to keep
        await pilot.pause()
        assert not desk_screen(app).bar.asking
        assert len(tree_of(app)) == before


async def test_n_goes_through_what_was_found_there_and_in_the_list() -> None:
    app = app_with(*many(50))
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await find(pilot, "glass1")
        await pilot.press("enter")
        await until(pilot, lambda: not desk_screen(app).bar.asking)
        found = {where(app)}
        await pilot.press("n")
        found.add(where(app))
        await pilot.press("n")
        assert found == {"s12@x", "s17@x"}
        assert where(app) in found  # round the end
        await pilot.press("escape")
        await pilot.pause()
        assert len(tree_of(app)) == 50
        assert where(app) == "s0@x"
        places = []
        for key in "nnnNN":
            await pilot.press(key)
            places.append(where(app).partition("@")[0])
        assert places == ["s12", "s17", "s12", "s17", "s12"]
        await pilot.press("escape", "n")
        await pilot.pause()
        assert "press /" in text_of(app, "StatusBar")


async def test_n_in_the_reader_reads_the_next_that_was_found() -> None:
    app = app_with(*many(20))
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await find(pilot, "glass")
        await pilot.press("enter")
        await until(pilot, lambda: not desk_screen(app).bar.asking)
        first = where(app)
        await pilot.press("enter", "n")
        assert reader_of(app).has_focus
        assert where(app) != first
        title = tree_of(app).row
        assert title is not None
        await until(pilot, lambda: title.item.subject in text_of(app, "MessageView"))


async def test_a_second_search_leads_back_to_the_first() -> None:
    app = app_with(*many())
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await find(pilot, "oil")
        await pilot.press("enter")
        await until(pilot, lambda: not desk_screen(app).bar.asking)
        await pilot.press("j", "j")
        at = where(app)
        await find(pilot, "soot")
        assert where(app) != at
        await pilot.press("escape")
        await until(pilot, lambda: not desk_screen(app).bar.asking)
        assert where(app) == at
        await pilot.pause()
        assert "/ oil" in text_of(app, "TitleBar")
        await pilot.press("q")
        assert len(tree_of(app)) == 200


async def test_nothing_found_says_so_and_why() -> None:
    app = app_with()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await find(pilot, "qqqqq")
        assert rows_of(app) == []
        assert "0 of 4" in bar(app)
        assert "qqqqq" in bar(app).splitlines()[1]
        await pilot.press("enter")
        await until(pilot, lambda: not desk_screen(app).bar.asking)
        assert len(rows_of(app)) == 4
        assert "qqqqq" in text_of(app, "StatusBar")


class Gated:
    """A finder that answers when it is let; `asked` are the queries that it began with."""

    def __init__(self, listing: TargetListing, **options: Any) -> None:
        self._real = Real(listing)

    ready = True
    asked: list[str] = []
    gates: dict[str, Event] = {}
    wrong: dict[str, QueryError] = {}

    def ensure_ready(self, stop: Event) -> bool:
        return self._real.ensure_ready(stop)

    def find(
        self, query: str, lists: Sequence[str] = (), *, limit: int = 200, stop: Event | None = None
    ) -> SearchResult:
        self.asked.append(query)
        if query in self.wrong:
            raise self.wrong[query]
        gate = self.gates.get(query)
        while gate is not None and not gate.wait(0.005):
            pass  # it does not hear that it is to stop
        if stop is not None and stop.is_set() and gate is None:
            raise Cancelled
        return self._real.find(query, lists, limit=limit)


@pytest.fixture
def gated(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Gated]]:
    monkeypatch.setattr(Gated, "asked", [])
    monkeypatch.setattr(Gated, "gates", {})
    monkeypatch.setattr(Gated, "wrong", {})
    monkeypatch.setattr(core.search.target_search, "TargetSearch", Gated)
    yield Gated
    for gate in Gated.gates.values():
        gate.set()


async def test_only_the_latest_text_is_answered(gated: type[Gated]) -> None:
    gate = gated.gates["o"] = Event()
    app = app_with(*many())
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("/", "o")
        await until(pilot, lambda: gated.asked == ["o"], what="the first question")
        await pilot.press("i", "l", "1", "1")
        await pilot.pause(0.1)
        assert len(tree_of(app)) == 200  # the screen does not wait
        assert desk_screen(app).bar.text == "oil11"
        gate.set()
        await answered(pilot)
        assert set(gated.asked) == {"o", "oil11"}
        assert "oil11" in rows_of(app)[0]


async def test_an_answer_that_comes_too_late_is_dropped(gated: type[Gated]) -> None:
    gate = gated.gates["soot"] = Event()
    app = app_with(*many())
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("/", *"soo")
        await answered(pilot)
        await pilot.press("t")
        await until(pilot, lambda: "soot" in gated.asked)
        await pilot.press("escape")
        await until(pilot, lambda: not desk_screen(app).bar.asking)
        gate.set()
        await idle(pilot)
        assert len(tree_of(app)) == 200
        assert where(app) == "s0@x"


async def test_enter_waits_for_the_answer_and_what_is_typed_after_it_too(
    gated: type[Gated],
) -> None:
    gate = gated.gates["glass"] = Event()
    app = app_with(*many())
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        for key in ["/", *"glass", "enter", *"jjy"]:
            app.post_message(Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: "glass" in gated.asked)
        await pilot.pause(0.05)
        assert desk_screen(app).bar.asking
        assert desk_screen(app).bar.text == "glass"
        gate.set()
        await until(pilot, lambda: len(app.screen_stack) == 2, what="the copy menu")
        assert "glass" in where(app) or tree_of(app).cursor == 2
        assert len(tree_of(app)) == 40


async def test_a_burst_of_keys_is_taken_in_its_order() -> None:
    app = app_with(*many(20))
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        for key in ["slash", *"glss", "left", "left", "a", "end", *"xy", "ctrl+u", *"oil 1", "backspace", "1"]:  # fmt: skip
            app.post_message(Key(key, "/" if key == "slash" else key if len(key) == 1 else None))
        await until(pilot, lambda: desk_screen(app).bar.is_mounted, what="the bar")
        await answered(pilot)
        assert desk_screen(app).bar.text == "oil 1"
        for key in ["ctrl+u", *"soot", "escape", "j"]:
            app.post_message(Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: not desk_screen(app).bar.asking)
        await until(pilot, lambda: where(app) == "s1@x", what="j in the list")


async def test_escape_ends_waiting_for_an_answer(gated: type[Gated]) -> None:
    gate = gated.gates["glass"] = Event()
    app = app_with(*many())
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("/", *"glass", "enter", "escape")
        await until(pilot, lambda: not desk_screen(app).bar.asking)
        assert len(tree_of(app)) == 200
        gate.set()


async def test_a_wrong_query_is_pointed_at(gated: type[Gated]) -> None:
    for text in ("oil x", "oil x:", "oil x:1"):
        gated.wrong[text] = QueryError("There is no x:", "There are s: and f:", offset=4, length=2)
    app = app_with(*many())
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await find(pilot, "oil")
        found = len(tree_of(app))
        await pilot.press(*" x:1")
        await answered(pilot)
        line, note = bar(app).splitlines()
        at = line.index("x:1")
        assert note[at : at + 2] == "^^"
        assert note[:at].strip() == ""
        assert "There is no x: There are s: and f:" in note
        assert len(tree_of(app)) == found  # what was found before stays meanwhile
        await pilot.press("enter")
        await idle(pilot)
        assert desk_screen(app).bar.asking  # it is not kept
        await pilot.press(*["backspace"] * 4)
        await answered(pilot)
        assert "^" not in bar(app)


async def test_the_caret_stays_on_the_screen_in_a_long_query(gated: type[Gated]) -> None:
    text = "oil " * 40 + "x:1"
    gated.wrong[text] = QueryError("There is no x:", offset=160, length=2)
    app = app_with()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("/")
        await answered(pilot)
        app.post_message(Paste(text))
        await until(pilot, lambda: "^" in bar(app), what="the caret")
        line, note = bar(app).splitlines()
        assert note.index("^^") == line.index("x:1")
        assert "There is no x:" in note


async def test_of_a_long_mistake_the_words_are_still_to_be_seen(gated: type[Gated]) -> None:
    text = "x:" + "y" * 500
    gated.wrong[text] = QueryError("There is no x:", offset=0, length=502)
    app = app_with()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("/")
        await answered(pilot)
        app.post_message(Paste(text))
        await until(pilot, lambda: "^" in bar(app), what="the caret")
        assert "There is no x:" in bar(app)


@pytest.mark.parametrize(
    "text",
    [
        "wick " * 2_000,
        " " * 50,
        "\x00\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b31m",
        "👩‍👩‍👧‍👦❤️🏽",
        "[@click=app.quit]x[/] [/foo] arr[i]",
        ".*+?(|[^$\\",
        "'; DROP TABLE series; -- %_",
        "\u202egnorw\u2066",
        "a\nb\tc",
        "(" * 5_000,
    ],
    ids=["long", "blank", "control", "emoji", "markup", "regex", "sql", "bidi", "lines", "deep"],
)
async def test_odd_queries_are_answered(text: str) -> None:
    app = app_with(*many())
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("/")
        await answered(pilot)
        app.post_message(Paste(text))
        await answered(pilot)
        assert app.is_running
        assert all(char.isprintable() or char in "\n\u200d" for char in text_of(app))
        await pilot.press("escape")
        await until(pilot, lambda: not desk_screen(app).bar.asking)
        assert len(tree_of(app)) == 200


async def test_markup_in_a_query_is_shown_as_it_is() -> None:
    app = app_with(small_series("a", "[b]bold[/b] thing"))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("/")
        await answered(pilot)
        app.post_message(Paste("[b]bold[/b]"))
        await answered(pilot)
        assert "[b]bold[/b]" in bar(app)
        await pilot.press("enter")
        await idle(pilot)
        if not desk_screen(app).bar.asking:
            assert "[b]bold[/b]" in text_of(app)


async def test_earlier_queries_come_back() -> None:
    app = app_with(*many())
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        for text in ("oil", "soot", "oil"):
            await find(pilot, text)
            await pilot.press("enter")
            await until(pilot, lambda: not desk_screen(app).bar.asking)
        await pilot.press("/")
        await answered(pilot)
        screen = desk_screen(app)
        await pilot.press("up")
        assert screen.bar.text == "oil"
        await pilot.press("up", "up")
        assert screen.bar.text == "soot"
        await answered(pilot)
        assert "soot" in rows_of(app)[0]
        await pilot.press("down")
        assert screen.bar.text == "oil"
        await pilot.press("down")
        assert screen.bar.text == ""
        await pilot.press("o", "up")  # now it moves the cursor
        assert screen.bar.text == "o"


async def test_queries_are_remembered_from_run_to_run(tmp_path: Path) -> None:
    file = tmp_path / "remembered.json"

    async def run(expected: str) -> None:
        app = app_with(*many(10))
        configure(app, ui_state=UiState(file))
        async with app.run_test(size=(120, 30)) as pilot:
            await ready(pilot)
            await pilot.press("/", "up")
            await until(pilot, lambda: desk_screen(app).bar.is_attached)
            await pilot.pause()
            assert desk_screen(app).bar.text == expected
            await pilot.press(*["backspace"] * len(expected), *"oil", "enter")
            await until(pilot, lambda: not desk_screen(app).bar.asking)

    await run("")
    await run("oil")
    file.write_text('{"find": {"queries": [1, null, "", "soot\\u001b[2J"]}}')
    assert earlier_queries(UiState(file)) == ["soot\x1b[2J"]
    await run("soot [2J")


async def test_what_is_found_grows_with_the_listing() -> None:
    go_on = Event()
    desk = FakeDesk(listing(many(50), done=False), go_on, listing(many(100)))
    app = app_on(lantern=desk)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await find(pilot, "oil")
        assert len(tree_of(app)) == 10
        await pilot.press("down", "down")
        at = where(app)
        go_on.set()
        await until(pilot, lambda: len(tree_of(app)) == 20, what="what came")
        assert where(app) == at
        await pilot.press("escape")
        await until(pilot, lambda: not desk_screen(app).bar.asking)
        assert len(tree_of(app)) == 100


async def test_another_target_ends_finding() -> None:
    app = app_on(lantern=FakeDesk(listing(many())), other=FakeDesk(listing(lantern())))
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await find(pilot, "oil")
        await pilot.press("enter")
        await until(pilot, lambda: not desk_screen(app).bar.asking)
        controller(app, Opening).open_target("other")
        await until(pilot, lambda: len(tree_of(app)) == 4)
        assert "/ oil" not in text_of(app, "TitleBar")


async def test_a_click_beside_the_bar_keeps_what_was_found() -> None:
    app = app_with(*many())
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await find(pilot, "oil")
        await pilot.click("SeriesTree", offset=(20, 5))
        await until(pilot, lambda: not desk_screen(app).bar.asking)
        assert len(tree_of(app)) == 40
        assert tree_of(app).cursor > 0


def found_patches(app: PatchdeskApp) -> list[str]:
    return [row.strip() for row in rows_of(app) if "•" in row or "…" in row]


async def test_a_series_shows_which_of_its_patches_match() -> None:
    one = series("Light", version("light", ["wick: trim", "oil: pour", "glass: wipe", "oil: skim"]))
    app = app_with(one, *many(20))
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await find(pilot, "oil")
        assert "Light" in rows_of(app)[0]
        found = [row.split()[2:4] for row in found_patches(app)]
        assert sorted(found) == [["oil:", "pour"], ["oil:", "skim"]]
        assert found[0][1] in where(app).replace("2@x", "pour").replace("4@x", "skim")
        await pilot.press("enter")
        await until(pilot, lambda: not desk_screen(app).bar.asking)
        names = ["light-v1-2@x", "light-v1-4@x"]
        assert where(app) in names
        await pilot.press("n")
        assert where(app) in names
        await pilot.press("escape", "n", "N")  # in the list: it is unfolded to it
        await pilot.pause()
        assert where(app) in names
        assert len(tree_of(app)) == 25


async def test_the_reader_finds_in_its_text() -> None:
    app = app_with()
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("enter", "/", *"line 9")
        await idle(pilot)
        assert not desk_screen(app).bar.asking
        assert "matches" in text_of(app, "Prompt")
        await pilot.press("enter")
        assert desk_screen(app).active_pane is Pane.READER


async def test_a_mistake_of_ours_ends_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Real):
        def find(self, query: str, *args: object, **more: object) -> SearchResult:
            if query.endswith("x"):
                raise ZeroDivisionError
            return super().find(query)

    monkeypatch.setattr(core.search.target_search, "TargetSearch", Broken)
    app = app_with(*many())
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await find(pilot, "x")
        assert "went wrong" in bar(app)
        await pilot.press("backspace", *"oil")
        await answered(pilot)
        assert len(tree_of(app)) == 40


async def test_an_answer_to_another_query_is_not_shown() -> None:
    app = app_with(*many())
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        search = controller(app, Search)
        await pilot.press("/")
        gate, begun = Event(), Event()

        class Slow(Real):
            def find(self, query: str, *args: object, **more: object) -> SearchResult:
                if query == "oil":
                    begun.set()
                    gate.wait(10)  # deaf to its stop
                return super().find(query, *args, **more)  # type: ignore[arg-type]

        scope = search._searcher.scope()
        assert isinstance(scope, ListingScope)
        scope._finder = Slow(scope.listing)
        await pilot.press(*"oil")
        await until(pilot, begun.is_set, what="the slow search")
        await pilot.press(*["backspace"] * 3, *"soot")
        gate.set()
        await answered(pilot)
        assert "soot" in rows_of(app)[0]
        assert search.request is not None
        assert search.request.text == "soot"


async def test_queries_do_not_queue_and_the_earlier_are_stopped() -> None:
    begun: list[str] = []
    stopped: list[str] = []
    go_on = Event()

    class Slow(Real):
        def find(
            self,
            query: str,
            lists: Collection[str] = (),
            *,
            limit: int = 200,
            stop: Event | None = None,
        ) -> SearchResult:
            begun.append(query)
            assert stop is not None
            while not go_on.is_set() and not stop.wait(0.005):
                pass
            if stop.is_set():
                stopped.append(query)
                raise Cancelled
            return super().find(query, lists, limit=limit, stop=stop)

    app = app_with(*many(10))
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("/")
        search = controller(app, Search)
        scope = search._searcher.scope()
        assert isinstance(scope, ListingScope)
        scope._finder = Slow(scope.listing)
        await pilot.press("o")
        await until(pilot, lambda: bool(begun), what="the first search")
        await pilot.press(*"il1")
        go_on.set()
        await until(pilot, lambda: search.is_answered, what="the answer")
        assert search.result is not None
        assert search.result.request.text == "oil1"
        assert begun[-1] == "oil1"
        assert set(begun[:-1]) == set(stopped)
