"""What was said of a patch under its lines; folds; what was viewed; jumps and the way back."""

from __future__ import annotations

from dataclasses import replace

from core.mail.message import parse_mail
from core.model import OpenedMessage
from core.series.review_comments import ReplyInThread, ReviewComment, place_comments
from core.text import CONTROLS
from tests.tui.mails import EVIL, PATCH, hostile, huge, mail
from tests.tui.reader import Host, everything, reading, screen, settle
from tui.reader.message_view import MessageView


def answer(text: str, name: str = "bo", depth: int = 0) -> ReplyInThread:
    raw = f"From: {name.title()} Larch <{name}@example.org>\nSubject: Re: x\nMessage-ID: <{name}@r>\n\n{text}"
    return ReplyInThread(parse_mail(raw.encode(), name), depth)


ANSWERS = [
    answer(
        "> Trim it before.\n\nBefore what?\n\n> +\twick->height -= by; // \"one\" cut\n\nToo much.\n\n"
        "> +\twick_trim(wick, 1);\n\n" + "\n".join(f"Thought {n}." for n in range(40))
    ),
    answer("> > +\twick->height -= by; // \"one\" cut\n>\n> Too much.\n\nNo.", "ada", 1),
    answer("I like it all.", "mira"),
]  # fmt: skip


def said_here(view: MessageView) -> tuple[str, ...] | None:
    return view.current_comment.lines if view.current_comment is not None else None


def said(of: OpenedMessage) -> list[ReviewComment]:
    return place_comments(of, ANSWERS)


async def test_remarks_stand_under_their_lines_and_move_nothing() -> None:
    async with reading(mail(PATCH), (80, 24)) as (view, _):
        view.action_next_hunk(1)
        view.action_next_hunk(1)
        before = screen(view)
        view.show_comments(mail(PATCH), said(mail(PATCH)))
        assert screen(view)[0] == before[0]
        rows = everything(view)
        at = next(
            at
            for at, row in enumerate(rows)
            if row.startswith("+\twick->height".expandtabs()) or "wick->height -= by" in row
        )
        assert rows[at + 1].startswith(" ┃ ▾ Bo Larch")
        assert rows[at + 2] == " ┃ Too much."
        assert rows[at + 3].startswith("    ┃ ▾ Ada Larch")
        assert rows[at + 4] == "    ┃ No."
        assert rows[at + 5].startswith("+        return 0;")
        long = next(row for row in rows if "Thought 0" in row)
        assert long.startswith(" ┃ ▸ Bo Larch"), "a long one is folded"
        assert long.endswith("…")
        assert len(long) <= 80
        assert rows[-3] == " Comments on no particular line"
        assert rows[-1] == " ┃ I like it all."
        message = next(at for at, row in enumerate(rows) if row == " Trim it before.")
        assert rows[message + 2] == " ┃ Before what?"


async def test_remarks_of_another_mail_are_not_shown() -> None:
    other = replace(mail(PATCH), text="another")
    async with reading(other) as (view, _):
        before = everything(view)
        view.show_comments(mail(PATCH), said(mail(PATCH)))
        assert everything(view) == before


async def test_going_from_remark_to_remark_folding_and_opening_them() -> None:
    async with reading(mail(PATCH), (80, 24)) as (view, pilot):
        assert not view.action_next_comment(1)
        assert not view.action_open_reply()
        view.show_comments(mail(PATCH), said(mail(PATCH)))
        seen = []
        while view.action_next_comment(1):
            assert view.current_comment is not None
            seen.append(view.current_comment.lines[0])
            assert any(view.current_comment.lines[0][:9] in row for row in screen(view))
        assert seen == ["Before what?", "Too much.", "No.", "Thought 0.", "I like it all."]
        assert view.action_next_comment(-1)
        assert view.current_comment is not None
        assert view.current_comment.lines[0] == "Thought 0."
        view.fold(expanded=None)
        assert " ┃ Thought 39." in everything(view)
        view.fold(expanded=None)
        assert " ┃ Thought 39." not in everything(view)
        view.fold_all(expanded=True)
        assert " ┃ Thought 39." in everything(view)
        view.fold_all(expanded=False)
        assert not any(row.startswith("@@") for row in everything(view)), "files are folded"
        assert any("comments" in row for row in everything(view)), "and say what is in them"
        view.fold_all(expanded=True)
        view.action_bottom()
        while said_here(view) != ("No.",):
            assert view.action_next_comment(-1)
        assert view.action_open_reply()
        await pilot.pause()
        assert isinstance(pilot.app, Host)
        assert pilot.app.opened == ["ada@r"]


async def test_a_click_folds_a_remark_and_follows_the_diffstat() -> None:
    async with reading(mail(PATCH), (80, 40)) as (view, pilot):
        view.show_comments(mail(PATCH), said(mail(PATCH)))
        row = next(y for y, text in enumerate(screen(view)) if "▾ Bo Larch" in text)
        await pilot.click(MessageView, offset=(12, row))
        await pilot.pause()
        assert screen(view)[row].endswith("Before what?")
        row = next(y for y, text in enumerate(screen(view)) if "wick.c" in text and "|" in text)
        await pilot.click(MessageView, offset=(6, row))
        await pilot.pause()
        assert screen(view)[0].startswith("▌drivers/lantern/wick.c")
        assert view.action_back()
        assert screen(view)[0].startswith(" [PATCH v2 2/3]")
        assert not view.action_back()


async def test_hunks_and_files_fold() -> None:
    async with reading(mail(PATCH), (80, 10)) as (view, _):
        view.action_next_file(1)
        view.action_next_file(1)
        view.fold(expanded=False)
        assert screen(view)[1].startswith(" ▸ 2")
        assert screen(view)[3].startswith("▌drivers/lantern/wick_sensor.h")
        view.fold(expanded=True)
        view.action_next_hunk(1)
        view.action_next_hunk(1)
        view.fold(expanded=None)
        assert screen(view)[1].startswith("@@ -90,3")
        assert screen(view)[2] == " ▸ 4 lines"
        assert view.find("wick_trim(wick);") == 0, "what is folded is not found"
        view.action_next_hunk(-1)
        assert screen(view)[1].startswith("@@ -40,10")
        view.fold_all(expanded=True)
        assert view.find("wick_trim(wick);") == 1


async def test_what_was_viewed_is_known_in_another_version_and_can_be_hidden() -> None:
    later = PATCH.replace("@@ -90,3 +95,3 @@", "@@ -190,3 +195,3 @@").replace(
        "wick-v2-2@", "wick-v3-2@"
    )
    async with reading(mail(PATCH), (80, 24)) as (view, _):
        view.action_next_hunk(1)
        view.action_next_hunk(1)
        view.action_next_hunk(1)
        assert view.viewed == (0, view.viewed[1])
        assert view.action_mark_viewed() is True
        assert view.viewed[0] == 1
        assert "1/2 hunks viewed" in screen(view)[0]
        view.action_toggle_viewed()
        assert any("✓ viewed" in row for row in everything(view))
        view.show(mail(later))
        assert view.viewed[0] == 1, "line numbers do not count"
        view.show(mail(later.replace("wick_trim(wick, 1)", "wick_trim(wick, 2)")))
        assert view.viewed[0] == 0


async def test_what_was_viewed_can_be_opened_by_hand_while_it_is_hidden() -> None:
    async with reading(mail(PATCH), (80, 40)) as (view, pilot):
        for _ in range(3):
            view.action_next_hunk(1)
            view.action_mark_viewed()
        view.action_toggle_viewed()
        folded = [row for row in everything(view) if "✓ viewed ·" in row]
        # The file of which nothing is left is one row for all its hunks.
        assert folded == [" ✓ viewed · 5 lines", " ✓ viewed · 24 lines"]
        view.action_top()
        row = next(y for y, text in enumerate(screen(view)) if "✓ viewed · 24" in text)
        await pilot.click(MessageView, offset=(12, row))
        await pilot.pause()
        folded = [row for row in everything(view) if "✓ viewed ·" in row]
        assert folded == [" ✓ viewed · 5 lines", " ✓ viewed · 4 lines"], "its first hunk is open"
        view.fold_all(expanded=True)
        assert not any("✓ viewed ·" in row for row in everything(view))
        view.action_toggle_viewed()
        view.action_toggle_viewed()
        assert sum("✓ viewed ·" in row for row in everything(view)) == 2


async def test_a_page_down_leaves_what_it_showed_whole_as_viewed() -> None:
    async with reading(mail(PATCH), (80, 24)) as (view, _):
        while not view.at_end:
            view.mark_passed_hunks_viewed()
            view.action_page(1)
        view.mark_passed_hunks_viewed()
        assert view.viewed == (view.viewed[1], view.viewed[1])


async def test_hostile_remarks_are_text() -> None:
    of = hostile()
    name = replace(of.message, message_id=of.message.message_id)
    evil = [
        ReviewComment(message=name, lines=tuple([EVIL] * 5), place=None, depth=depth)
        for depth in range(40)
    ]
    async with reading(of, (60, 40)) as (view, pilot):
        view.show_comments(of, evil)
        await settle(pilot)
        view.action_bottom()
        for y in range(view.size.height):
            strip = view.render_line(y)
            assert strip.cell_length == view.scrollable_content_region.width
            assert not any(CONTROLS.search(segment.text) for segment in strip)


async def test_remarks_of_a_huge_mail_come_with_the_whole_of_it() -> None:
    of = huge(10_000)
    lines = of.body.diff.split("\n")
    at = next(at for at in range(9_000, len(lines)) if lines[at].startswith("+"))
    text = f"> {lines[at - 1]}\n> {lines[at]}\n\nFar down."
    async with reading(None) as (view, pilot):
        view.show(of)
        view.show_comments(of, place_comments(of, [answer(text)]))
        await settle(pilot)
        rows = view._page.texts()
        assert "Far down." in [row.strip() for row in rows]
        assert view.find("Far down.") == 1
