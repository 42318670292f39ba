"""What changed between versions on the main screen: the ladder in the tree's place, the interdiff in the reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from textual.pilot import Pilot
from textual.strip import Strip

from core.model import Message, MessageId, OpenedMessage, TargetListing
from core.progress import ProgressCallback
from tests.core.versions.series import Mails, raw_mail, raw_patch
from tests.tui.kit import NOW, desk_screen, idle, reader_of, text_of, tree_of, until
from tui.app import PatchdeskApp
from tui.keys.commands import Pane
from tui.versions.ladder import VersionLadder

ROWS = [f"+line {at}();" for at in range(9)]
ARCHIVE = [
    raw_mail("c1", "[PATCH 0/3] lamp: light"),
    raw_patch("a1", "[PATCH 1/3] lamp: wick", ROWS, answers="c1"),
    raw_patch("a2", "[PATCH 2/3] lamp: drop this", ["+gone"], answers="c1"),
    raw_patch("a3", "[PATCH 3/3] lamp: glass", ["+glass"], answers="c1"),
    raw_mail("c2", "[PATCH v2 0/3] lamp: light", "Changes in v2:\n- patch 1: trim it\n", day=2),
    raw_patch("b1", "[PATCH v2 1/3] lamp: wick", [*ROWS, "+more"], day=2, answers="c2"),
    raw_patch("b2", "[PATCH v2 2/3] lamp: oil", ["+oil"], day=2, answers="c2"),
    raw_patch("b3", "[PATCH v2 3/3] lamp: glass", ["+glass"], day=2, answers="c2"),
    raw_mail("c3", "[PATCH v3 0/3] lamp: light", day=3),
    raw_patch("d1", "[PATCH v3 1/3] lamp: wick", [*ROWS, "+more"], day=3, answers="c3"),
    raw_patch("d2", "[PATCH v3 2/3] lamp: oil", ["+oil", "+well"], day=3, answers="c3"),
    raw_patch("d3", "[PATCH v3 3/3] lamp: glass", ["+glass", "+case"], day=3, answers="c3"),
    raw_patch("lone", "[PATCH] ship: sail", ["+sail"], day=1),
]


class VersionsDesk:
    """A desk on mails in memory; a mail is given once `gate` is set."""

    def __init__(self, *replies: str) -> None:
        self._mails = Mails([*ARCHIVE, *replies])
        self.gate = Event()
        self.gate.set()

    def listings(self, *, stop: Event, report: ProgressCallback) -> Iterator[TargetListing]:
        del stop, report
        yield self._mails.listing()

    def mail(self, message: Message) -> OpenedMessage:
        assert self.gate.wait(30)
        return self._mails.mail(message)

    def raw(self, message: Message) -> bytes:
        return self._mails.raw(message)

    def close(self) -> None:
        self.gate.set()


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def app(desk: VersionsDesk | None = None, *, linear: bool = False) -> PatchdeskApp:
    opened = desk or VersionsDesk()
    return PatchdeskApp("lamps", lambda _: opened, clock=lambda: NOW, linear=linear)


def ladder_of(app: PatchdeskApp) -> VersionLadder:
    return desk_screen(app).query_one(VersionLadder)


def rows(app: PatchdeskApp) -> list[str]:
    return [line.strip() for line in text_of(app, "VersionLadder").split("\n") if line.strip()]


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await idle(pilot)


async def test_d_opens_the_ladder_against_the_version_before_and_q_puts_the_tree_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = app()
    async with desk.run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        before = text_of(desk, "SeriesTree")
        painted: list[str] = []
        ladder = ladder_of(desk)
        paint = ladder.render_line

        def record(y: int) -> Strip:
            strip = paint(y)
            painted.append(strip.text.strip())
            return strip

        monkeypatch.setattr(ladder, "render_line", record)
        await press(pilot, "D")
        assert painted[0] == "lamp: light", "no empty pane is painted first"
        found = rows(desk)
        assert found[0] == "lamp: light"
        assert any(row.startswith("1 =   1  lamp: wick") for row in found)
        assert any(row.startswith("2 c   2  lamp: oil") and "code +1 -0" in row for row in found)
        assert desk_screen(desk).active_pane is Pane.LADDER
        assert not tree_of(desk).display
        await press(pilot, "q")
        assert tree_of(desk).display
        assert text_of(desk, "SeriesTree") == before
        assert desk_screen(desk).active_pane is Pane.TREE
        assert reader_of(desk).interdiff is None


async def test_the_cursor_shows_its_pair_and_enter_goes_into_it_then_to_the_patch() -> None:
    desk = app()
    async with desk.run_test(size=(100, 40)) as pilot:
        await idle(pilot)
        await press(pilot, "D")
        assert "v2 → v3" in text_of(desk, "MessageView"), "the first pair that changed"
        assert "▎+well" in text_of(desk, "MessageView")
        await press(pilot, "j")
        assert "▎+case" in text_of(desk, "MessageView")
        await press(pilot, "enter")
        assert desk_screen(desk).active_pane is Pane.READER
        await press(pilot, "enter")
        assert "▎" not in text_of(desk, "MessageView")
        assert "+case" in text_of(desk, "MessageView")
        await press(pilot, "'")
        assert "▎+case" in text_of(desk, "MessageView")
        await press(pilot, "q")
        assert desk_screen(desk).active_pane is Pane.LADDER


async def test_brackets_go_to_changed_pairs_in_both_panes() -> None:
    desk = app()
    async with desk.run_test(size=(100, 40)) as pilot:
        await idle(pilot)
        await press(pilot, "D", "enter", "]")
        assert "▎+case" in text_of(desk, "MessageView")
        await press(pilot, "]")
        assert "No later patch changed." in text_of(desk)
        await press(pilot, "[")
        assert "▎+well" in text_of(desk, "MessageView")
        await press(pilot, "[")
        assert "No earlier patch changed." in text_of(desk), "the first is as it was"


async def test_viewed_patches_are_hidden_in_the_ladder_too() -> None:
    desk = app()
    async with desk.run_test(size=(100, 40)) as pilot:
        await idle(pilot)
        await press(pilot, "D", "enter", ")", "X", "t", "v")
        found = rows(desk)
        assert not any("lamp: oil" in row for row in found)
        assert any(row.startswith("3 c   3  lamp: glass") for row in found)
        assert "1 patch hidden: as viewed" in found
        assert "▎+case" in text_of(desk, "MessageView"), "the next one is read"
        await press(pilot, "[")
        assert "No earlier patch changed." in text_of(desk)
        await press(pilot, "q", "D", "q")
        assert not any("lamp: oil" in row for row in rows(desk)), "after the grid, too"
        await press(pilot, "t", "v")
        assert any("lamp: oil" in row for row in rows(desk))


async def test_older_and_newer_choose_what_is_compared_with() -> None:
    desk = app()
    async with desk.run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        await press(pilot, "D", "<")
        found = rows(desk)
        assert any(row.startswith("– +   2  lamp: oil") for row in found)
        assert any("lamp: drop this" in row and "gone in v3" in row for row in found)
        await press(pilot, "<")
        assert "There is nothing before to compare with." in text_of(desk)
        await press(pilot, ">")
        assert any(row.startswith("2 c   2  lamp: oil") for row in rows(desk))
        await press(pilot, ">")
        assert "There is nothing between to compare with." in text_of(desk)


async def test_a_patch_that_is_gone_is_shown_as_it_was() -> None:
    desk = app()
    async with desk.run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        await press(pilot, "D", "<", "G")
        gone = [place for place, row in enumerate(rows(desk)) if "lamp: drop this" in row]
        assert gone
        while "drop this" not in text_of(desk, "MessageView"):
            before = ladder_of(desk).pair
            await press(pilot, "k")
            assert ladder_of(desk).pair is not before
        assert "gone in v3" in text_of(desk, "MessageView")


async def test_d_again_shows_all_versions_and_enter_the_ladder_again() -> None:
    desk = app()
    async with desk.run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        await press(pilot, "D", "D")
        found = text_of(desk, "VersionLadder").split("\n")
        assert found[1].split() == ["v1", "v2", "v3"]
        assert found[2].split()[:3] == ["+", "c", "="]
        await press(pilot, "q")
        assert any(row.startswith("2 c   2  lamp: oil") for row in rows(desk))


async def test_versions_can_be_named() -> None:
    desk = app()
    async with desk.run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        await press(pilot, ":", *"versions 1 2", "enter")
        assert any("1 c   1  lamp: wick" in row for row in rows(desk))
        assert any(row.startswith("v2 patch 1: patch 1: trim it") for row in rows(desk))


async def test_where_there_is_nothing_to_compare_that_is_said() -> None:
    desk = app()
    async with desk.run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        await press(pilot, "G", "D")
        assert "There is nothing before v1" in text_of(desk)
        assert desk_screen(desk).active_pane is Pane.TREE


async def test_esc_stops_a_comparison_and_the_screen_stays() -> None:
    opened = VersionsDesk()
    desk = app(opened)
    async with desk.run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        opened.gate.clear()
        await pilot.press(":", *"versions 1 3", "enter")
        await until(pilot, lambda: "comparing versions" in text_of(desk), what="the work")
        await pilot.press("escape")
        assert "Stopped." in text_of(desk)
        opened.gate.set()
        await idle(pilot)
        assert desk_screen(desk).active_pane is Pane.TREE
        assert not ladder_of(desk).display


async def test_a_patch_that_is_as_it_was_is_marked_in_the_tree() -> None:
    desk = app()
    async with desk.run_test(size=(80, 30)) as pilot:
        await idle(pilot)
        await press(pilot, "l", "l", "j")
        wick = next(row for row in text_of(desk, "SeriesTree").split("\n") if "lamp: wick" in row)
        oil = next(row for row in text_of(desk, "SeriesTree").split("\n") if "lamp: oil" in row)
        assert "= v2" in wick
        assert "= v2" not in oil


async def test_in_linear_mode_pairs_are_words() -> None:
    desk = app(linear=True)
    async with desk.run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        await press(pilot, "D")
        assert any("v2 patch 2, v3 patch 2, lamp: oil: code +1 -0" in row for row in rows(desk))
        await press(pilot, "enter")
        assert "v3: +well" in text_of(desk, "MessageView")


async def test_a_click_moves_the_cursor_and_two_read() -> None:
    desk = app()
    async with desk.run_test(size=(160, 30)) as pilot:
        await idle(pilot)
        await press(pilot, "D")
        line = next(
            at
            for at, row in enumerate(text_of(desk, "VersionLadder").split("\n"))
            if "glass" in row
        )
        await pilot.click(VersionLadder, offset=(8, line + 1))
        await idle(pilot)
        assert "▎+case" in text_of(desk, "MessageView")
        await pilot.click(VersionLadder, offset=(8, line + 1), times=2)
        await idle(pilot)
        assert desk_screen(desk).active_pane is Pane.READER


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_every_line_fits(size: tuple[int, int]) -> None:
    desk = app()
    async with desk.run_test(size=(80, 24)) as pilot:
        await idle(pilot)
        await press(pilot, "D")
        assert any(
            "lamp: oil" in row and row.endswith("not in the changelog") for row in rows(desk)
        )


async def test_a_cell_of_the_coverage_leads_to_its_mail_and_to_the_changes_since() -> None:
    rex, bea = "Rex Reviewer <rex@example.com>", "Bea Reader <bea@example.com>"
    given = f"Reviewed-by: {rex}\n"
    replies = (
        raw_mail("r1", "Re: [PATCH 1/3] lamp: wick", given, answers="a1", sender=rex),
        raw_mail("r3", "Re: [PATCH v2 3/3] lamp: glass", "> +glass\n\nWhich kind of glass?\n", day=2, answers="b3", sender=rex),
        raw_mail("r2", "Re: [PATCH v3 3/3] lamp: glass", "Why so?\n", day=3, answers="d3", sender=bea),
    )  # fmt: skip
    desk = app(VersionsDesk(*replies))
    async with desk.run_test(size=(80, 24)) as pilot:
        await idle(pilot)
        await press(pilot, "g", "c")
        assert "1 Rex Reviewer: Reviewed-by stale, given on v1, since then: code" in text_of(desk)
        await press(pilot, "G", "l")
        assert "3 Bea Reader: commented" in text_of(desk)
        await press(pilot, "enter")
        mail = desk_screen(desk).reader.mail
        assert mail is not None
        assert mail.message.message_id == "r2@x.example"
        await press(pilot, "'")
        assert tree_of(desk).go_to_mail(MessageId("d3@x.example"))
        await press(pilot, "enter")
        await until(pilot, lambda: len(desk_screen(desk).reader.comments) == 2)
        await press(pilot, ".")
        assert "Rex Reviewer  fut  v2 · changed nearby" in text_of(desk)
        await press(pilot, "g", "R")
        assert "1 open of 1" in text_of(desk)
        await press(pilot, "t", "R")
        assert "Open comments on lamp: light" in text_of(desk)
        await press(pilot, "q", "g", "c", "h", "D")
        assert ladder_of(desk).border_title == "versions v1 → v3"
        assert rows(desk)[ladder_of(desk).cursor].startswith("1 c   1  lamp: wick")
