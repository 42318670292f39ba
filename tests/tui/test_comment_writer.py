"""Comments written at a line: the editor under it, the draft on disk, and how it stands in the diff."""

from __future__ import annotations

import json
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.reply.draft import Draft, DraftState
from core.reply.draft_store import DraftStore
from tests.core.reply.kit import PATCH, fake_sendmail
from tests.tui.kit import controller, idle, reader_of, ready, text_of, tree_of, until
from tests.tui.test_replies import _no_suspend, app_at, command, drafts, home, press
from tui.app import PatchdeskApp
from tui.desk.review import Review
from tui.tree.rows import Kind

__all__ = ["home"]  # pytest finds fixtures by name

REPLY = """\
From: Joe Reader <joe@example.net>
To: Ann Author <ann@example.org>
Cc: list@vger.kernel.org
Date: Mon, 10 Jun 2024 12:00:00 +0200
Subject: Re: [PATCH v2 4/7] stripe-tree: add selftests
Message-ID: <joe@example.net>
In-Reply-To: <patch-4@example.org>
References: <cover@example.org> <patch-4@example.org>

> +\tline_number(2);

Is this the right
number?
"""


def row_of(app: PatchdeskApp, text: str) -> int:
    """Return the row of the reader's page that holds a text."""
    page = reader_of(app).page
    return next(at for at in range(page.count) if text in page.row(at).text)


def is_open(app: PatchdeskApp) -> bool:
    """Return whether something can be typed."""
    editor = app._desk_screen.editor
    return editor is not None and editor.asking


async def go_to(pilot: Pilot[None], app: PatchdeskApp, text: str) -> None:
    """Give the reader the keys, and move its cursor to a line by keys."""
    await press(pilot, "enter", "g", "g", *["j"] * row_of(app, text))
    assert text in reader_of(app).page.row(reader_of(app).cursor).text


async def test_r_opens_a_line_to_type_in_and_the_comment_stands_in_the_diff(home: Path) -> None:
    app = app_at(home)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await go_to(pilot, app, "line_number(1)")
        await pilot.press("r", *"Why not two?", "enter", *"q and Q are text")
        editor = app._desk_screen.editor
        assert editor is not None
        assert editor.text == "Why not two?\nq and Q are text"
        line = reader_of(app).cursor - reader_of(app).scroll_offset.y
        top = reader_of(app).content_region.y + line + 1
        assert editor.region.y == top, "it stands under the line"
        assert "C-y keep" in text_of(app)
        await press(pilot, "ctrl+y")
        (draft,) = drafts()
        assert draft.state is DraftState.DRAFT
        assert draft.body.endswith("> +\tline_number(1);\n\nWhy not two?\nq and Q are text\n")
        (comment,) = draft.comments
        assert comment.anchor is not None
        assert (comment.anchor.path, comment.line) == ("fs/tree.c", 12)
        at = row_of(app, "Why not two?")
        page = reader_of(app).page
        assert "Rex Reviewer" in page.row(at - 1).text
        assert page.row(at - 1).text.endswith("draft")
        assert "line_number(1)" in page.row(at - 2).text
        await pilot.resize_terminal(80, 24)
        await idle(pilot)
        assert "line_number(1)" in reader_of(app).page.row(row_of(app, "Why not two?") - 2).text


async def test_keys_typed_at_once_reach_the_editor(home: Path) -> None:
    app = app_at(home)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await go_to(pilot, app, "line_number(1)")
        app.simulate_key("r")
        for key in "dxq":
            app.simulate_key(key)
        app.simulate_key("ctrl+y")
        await idle(pilot)
        assert [one.comments[0].text for one in drafts()] == ["dxq"]


async def test_an_own_comment_is_written_again_and_deleted(home: Path) -> None:
    app = app_at(home)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await go_to(pilot, app, "line_number(1)")
        await press(pilot, "r", *"first", "ctrl+y")
        await go_to(pilot, app, "line_number(4)")
        await press(pilot, "r", *"second", "ctrl+y")
        await go_to(pilot, app, "first")
        await press(pilot, "r", *" and more", "ctrl+y")
        (draft,) = drafts()
        assert sorted(one.text for one in draft.comments) == ["first and more", "second"]
        assert draft.body.index("first and more") < draft.body.index("second")
        await go_to(pilot, app, "second")
        await press(pilot, "delete")
        assert [one.text for one in drafts()[0].comments] == ["first and more"]
        await go_to(pilot, app, "first and more")
        await press(pilot, "r", "ctrl+u", "ctrl+y")
        assert drafts() == (), "an empty comment is none, and a draft of none is none"
        assert not reader_of(app).comments
        await press(pilot, "delete")
        assert "No comment of yours here" in text_of(app)


async def test_selected_lines_are_quoted_whole(home: Path) -> None:
    app = app_at(home)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await go_to(pilot, app, "line_number(3)")
        await press(pilot, "V", *["j"] * 15, "r", *"all of it", "ctrl+y")
        body = drafts()[0].body
        assert "> +\tline_number(3);\n" in body
        assert "line_number(2)" not in body
        assert body.endswith("> +\tline_number(18);\n\nall of it\n")


async def test_the_message_and_what_is_no_line_of_it(home: Path) -> None:
    app = app_at(home)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await go_to(pilot, app, "so nobody notices")
        await press(pilot, "r", *"I did.", "ctrl+y")
        await press(pilot, "g", "g", "r", *"In general: fine.", "ctrl+y")
        body = drafts()[0].body
        assert "> so nobody notices when it breaks.\n\nI did.\n" in body
        assert "In general: fine." in body
        texts = reader_of(app).page.texts()
        assert texts.index(" Comments on no particular line".strip()) < len(texts) - 1


async def test_a_comment_of_somebody_is_answered_below_it(home: Path) -> None:
    with (home / "both.mbox").open("w") as box:
        for mail in (PATCH, REPLY):
            box.write(f"From mboxrd@z Thu Jan  1 00:00:00 1970\n{mail}\n")
    app = app_at(home, "both.mbox")
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "Is this the right" in "\n".join(reader_of(app).page.texts()))
        # The drafts are read anew while the comments of others are still looked for.
        controller(app, Review).show_again(None)
        controller(app, Review).show_own_comments()
        await idle(pilot)
        await go_to(pilot, app, "Is this the right")
        await press(pilot, "r", *"It is.", "ctrl+y")
        (draft,) = drafts()
        assert draft.answers == "joe@example.net"
        assert draft.to[0].address == "joe@example.net"
        assert draft.body.endswith("> Is this the right\n> number?\n\nIt is.\n")
        at = row_of(app, "It is.")
        page = reader_of(app).page
        assert "Rex Reviewer" in page.row(at - 1).text
        assert "number?" in page.row(at - 2).text


async def test_what_is_written_is_on_disk_before_it_is_kept(home: Path) -> None:
    app = app_at(home)
    quick = replace(app.settings.timings, comment_saved=0.05)
    app.settings = app._desk_screen.settings = replace(app.settings, timings=quick)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await go_to(pilot, app, "line_number(1)")
        await pilot.press("r", *"half a thou")
        await until(pilot, lambda: bool(drafts()), what="the draft")
        assert drafts()[0].comments[0].text.startswith("half a th")
        await pilot.press(*"ght")
        await until(pilot, lambda: drafts()[0].comments[0].text == "half a thought")
        await press(pilot, "escape")
        assert "Leave the comment" in text_of(app)
        await press(pilot, "d")
        assert drafts() == (), "dropped, as it was asked"


async def test_esc_asks_only_where_something_was_written(home: Path) -> None:
    app = app_at(home)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await go_to(pilot, app, "line_number(1)")
        await press(pilot, "r", "escape")
        assert not is_open(app)
        await press(pilot, "r", *"words", "escape", "w")
        assert is_open(app), "it goes on"
        await press(pilot, *" more", "escape", "k")
        assert not is_open(app)
        assert drafts()[0].comments[0].text == "words more"
        await press(pilot, "j")
        assert app.focused is reader_of(app), "the keys are the reader's again"


async def test_ctrl_e_goes_on_in_the_editor(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = home / "editor"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nopen(sys.argv[1], 'a').write('\\n#ifdef X\\n')\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("GIT_EDITOR", str(program))
    app = app_at(home)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        monkeypatch.setattr(PatchdeskApp, "suspend", _no_suspend)
        await go_to(pilot, app, "line_number(1)")
        await press(pilot, "r", *"here:", "ctrl+e")
        assert drafts()[0].comments[0].text == "here:\n#ifdef X"
        assert not list((home / ".local/share/patchdesk/drafts").glob("*.txt"))


async def test_a_comment_left_in_an_editor_is_taken_over_at_its_line(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = home / "editor"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nopen(sys.argv[1], 'a').write(' 2')\nsys.exit(1)\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("GIT_EDITOR", str(program))
    monkeypatch.setattr(PatchdeskApp, "suspend", _no_suspend)
    app = app_at(home)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await go_to(pilot, app, "line_number(1)")
        await press(pilot, "r", *"one", "ctrl+e")
        assert "The editor failed" in text_of(app)
    assert [one.comment for one in DraftStore.default().left_in_editor()] == [0]
    app = app_at(home)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await command(pilot, "drafts")
        await press(pilot, "1")
        assert drafts()[0].comments[0].text == "one 2"
        assert DraftStore.default().left_in_editor() == []
        await command(pilot, "review")
        assert "Its text is made once you open the message" in text_of(app)
        await press(pilot, "escape", "ctrl+r")
        assert drafts()[0].body.endswith("> +\tline_number(1);\n\none 2\n")


async def test_a_draft_changed_elsewhere_is_not_overwritten(home: Path) -> None:
    app = app_at(home)
    async with app.run_test(size=(200, 40)) as pilot:
        await ready(pilot)
        await go_to(pilot, app, "line_number(1)")
        await press(pilot, "r", *"one", "ctrl+y")
        await go_to(pilot, app, "line_number(5)")
        await press(pilot, "r", *"two")
        other: Draft = drafts()[0]
        DraftStore.default().keep(replace(other, trailers=("Acked-by: A <a@example.com>",)))
        await press(pilot, "ctrl+y")
        assert "was changed elsewhere meanwhile" in text_of(app)
        editor = app._desk_screen.editor
        assert editor is not None
        assert editor.text == "two", "what was written is still there"
        assert drafts()[0].trailers


async def test_comments_are_previewed_and_sent_from_the_review(home: Path) -> None:
    folder = home / "mail"
    folder.mkdir()
    app = app_at(home, send_command=str(fake_sendmail(folder)))
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await go_to(pilot, app, "line_number(1)")
        await press(pilot, "r", *"Why?", "ctrl+y")
        await command(pilot, "review")
        assert "Why?" in text_of(app)
        await press(pilot, "ctrl+y", "y")
        assert drafts()[0].state is DraftState.SENT
    assert len(list(folder.glob("call-*.json"))) == 1


async def test_a_sent_reply_stands_in_the_tree_until_the_list_has_it(home: Path) -> None:
    folder = home / "mail"
    folder.mkdir()
    app = app_at(home, send_command=str(fake_sendmail(folder)))
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await go_to(pilot, app, "line_number(1)")
        await press(pilot, "r", *"Why?", "ctrl+y")
        await command(pilot, "review")
        await press(pilot, "ctrl+y", "y", "escape")
        await press(pilot, "g", "g", "z", "R")
        tree = tree_of(app)
        while tree.row is not None and tree.row.kind is not Kind.REPLY:
            before = tree.cursor
            await press(pilot, "j")
            assert tree.cursor > before, "there is a reply"
        assert "Rex Reviewer  not on the list yet" in text_of(app)
        await press(pilot, "enter")
        assert "Why?" in text_of(app, "MessageView")
        assert "Re: [PATCH v2 4/7]" in text_of(app, "MessageView")
    (mail,) = drafts()
    raw = json.loads(next(folder.glob("call-*.json")).read_text())["stdin"]
    with (home / "arrived.mbox").open("w") as box:
        box.writelines(f"From mboxrd@z Thu Jan  1 00:00:00 1970\n{one}\n" for one in (PATCH, raw))
    assert mail.message_id in raw
    again = app_at(home, target="arrived.mbox")
    async with again.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await press(pilot, "z", "R")
        assert "Rex Reviewer" in text_of(again)
        assert "not on the list yet" not in text_of(again)


async def test_waiting_for_the_author_is_offered_after_the_last_mail(home: Path) -> None:
    app = app_at(home, send_with=f"maildir:{home}/out")
    app.settings = app._desk_screen.settings = replace(app.settings, triage=lambda _: None)  # type: ignore[arg-type,return-value]
    async with app.run_test(size=(160, 40)) as pilot:
        await ready(pilot)
        await press(pilot, "T", "a")
        await command(pilot, "review")
        await press(pilot, "ctrl+y", "y")
        assert "w waits for the author" in text_of(app)
