"""The real program on a real terminal with hostile mail in every field: no byte of it acts; each guard alone holds, and is needed."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.torture.hostile import CONTROLS, EVERY, MARKUP, escapes, mailbox
from tests.torture.large import FULL
from tests.tui.terminal import Terminal, running


def joined(payloads: dict[str, str]) -> dict[str, str]:
    """Return them a few at a time, so that fewer mails hold them all; each alone where there is time for it."""
    several = 1 if FULL else 5
    texts = list(payloads.values())
    return {str(at): " ".join(texts[at : at + several]) for at in range(0, len(texts), several)}


ALL = joined(EVERY)
NO_JUDGE = "import core.text; core.text._visible_line = lambda line: line"
NO_NET = "import tui.filters; tui.filters.ControlFilter.apply = lambda self, segments, background: segments"
NO_MARKUP_READ = """
import sys, rich.markup, textual.markup
def watched(make):
    def to_content(markup, *rest, **more):
        if any(word in markup for word in ("click=app.quit", "evil.example", "RFC[/", "$warning]", "[/foo]")):
            open(sys.argv[-1] + ".markup", "a").write(markup + "\\n")
        return make(markup, *rest, **more)
    return to_content
textual.markup.to_content = watched(textual.markup.to_content)
rich.markup.render = watched(rich.markup.render)
"""
"""Notes each hostile text that Textual is given to read as markup."""


PLACES = (
    ("y", "b4 am"),  # the copy menu
    ("\x1bgf", "wick.c"),  # the files of a patch
    ("\x1btl", ""),  # sides
    ("tl", ""),
    ("t>", ""),
    ("V", ""),
    ("\x1b|cat\r", ""),  # what a command printed
    ("\x1bq?", "In the tree"),  # help
    ("\x1b:theme", "theme"),
    ("\x1b\x10theme", "theme"),  # the palette
    ("\x1b:log\r", ""),
    ("\x1b/press\r", ""),  # what is found
    ("nN\x1b", ""),
    ("\\wick\r", ""),
    ("\x1bo/nowhere/\u202e\u200b\r", ""),  # an error
    ("\x1bgd2025-06-01..2025-06-05\r", "Digest"),
    ("zRjjjj", ""),
    ("G", ""),
)
"""Keys, and words that are on the screen they lead to."""


MARKUP_READ = """
import textual.app, textual.widgets
def reading(kind, name):
    method = getattr(kind, name)
    setattr(kind, name, lambda self, *rest, **more: method(self, *rest, **{**more, "markup": True}))
reading(textual.widgets.Static, "__init__")
reading(textual.widgets.OptionList, "__init__")
reading(textual.app.App, "notify")
"""


def look_everywhere(terminal: Terminal, mails: int) -> None:
    """Go to every place that shows mail, and wait until each has been drawn."""
    terminal.see("evil")
    terminal.press("zR")
    terminal.read(0.3)
    terminal.press("zMgg")
    terminal.press("\rthq")  # with all headers
    for _ in range(2 * mails):  # a series, and a thread of its own
        for keys in ("\r", "zR}}", "G", "q"):  # the diff, with what was said under its lines
            terminal.press(keys)
            terminal.rest()
        terminal.press("j")
        terminal.rest(0.3)
    terminal.press("gg\r")
    for keys, shows in PLACES:
        before = len(terminal.output)
        for part in keys.replace("\x1b", "\x1b\0").split(
            "\0"
        ):  # an escape apart, or it makes an Alt of what follows
            terminal.press(part)
            terminal.rest(0.25)
        if shows:
            terminal.see(shows, since=before)
    terminal.press("\x1b")
    terminal.read(0.3)


def session(folder: Path, payloads: dict[str, str], before: str) -> Terminal:
    path = folder / "evil.mbox"
    path.write_bytes(mailbox(payloads))
    config = folder / ".config" / "patchdesk" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    keys = "".join(
        f"{json.dumps(text, ensure_ascii=False)} = 1\n".replace("\x7f", "\\u007f")
        for text in payloads.values()
    )
    config.write_text(f"[display]\n{keys}")  # each a mistake that is told in a notification
    with running(["open", str(path)], folder, size=(50, 190), before=before) as terminal:
        look_everywhere(terminal, len(payloads))
        for key in ("\x1b", "\x1b", "\x1b", "Q"):
            terminal.press(key)
            terminal.read(0.2)
        end = time.monotonic() + 15
        while terminal.process.poll() is None and time.monotonic() < end:
            terminal.read(0.1)
        terminal.read(0.2)
        assert terminal.process.poll() == 0, terminal.output[-1500:]
    return terminal


@pytest.mark.timeout(300)
@pytest.mark.parametrize("removed", [NO_JUDGE, NO_NET], ids=["no judge", "no net"])
def test_nothing_acts_though_one_guard_is_gone(removed: str, tmp_path: Path) -> None:
    terminal = session(tmp_path, ALL, f"{removed}\n{NO_MARKUP_READ}")
    shows = terminal.text()
    shown = {
        sign: [number for number in range(len(ALL)) if f"{sign} evil{number}" in shows]
        for sign in ("Message", "Remark")
    }
    assert shown == {sign: list(range(len(ALL))) for sign in shown}
    found = escapes(terminal.output, screen=True)
    if removed == NO_JUDGE:
        found = [
            each for each in found if "\\u0301" not in each
        ]  # the net deletes controls, and thins no marks
    assert found == []
    assert not Path(f"{tmp_path}/evil.mbox.markup").exists()


@pytest.mark.timeout(300)
def test_with_both_guards_gone_it_is_seen(tmp_path: Path) -> None:
    terminal = session(tmp_path, joined(CONTROLS), f"{NO_JUDGE}\n{NO_NET}")
    seen = "".join(escapes(terminal.output, screen=True))
    for sign in (
        "31337",
        "owned",
        "\\u202e",
        "\\u2066",
        "\\u200b",
        "\\x9b",
        "\\x08",
        "\\U000e0041",
        "\\u115f",
        "\\u0301",
    ):
        assert sign in seen, sign


@pytest.mark.timeout(300)
def test_markup_that_is_read_is_noted(tmp_path: Path) -> None:
    session(tmp_path, {"a click": MARKUP["a click"]}, f"{NO_MARKUP_READ}\n{MARKUP_READ}")
    assert "click=app.quit" in Path(f"{tmp_path}/evil.mbox.markup").read_text()
