"""From a real server to the screen, by keys; and faults of the server, which leave the screen as it was."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.events import Paste
from textual.pilot import Pilot

from core.config import Config
from core.desk.target_desk import TargetDesk, open_target_desk
from core.fetch import client as fetch_process
from tests.end_to_end.letters import FROB, evil
from tests.end_to_end.misbehaving import Misbehaving
from tests.end_to_end.server import Server
from tests.tui.kit import ready, text_of, tree_of, until
from tui.app import PatchdeskApp

DEADLINE = 2.0


@pytest.fixture
def opener(tmp_path: Path) -> Callable[..., TargetDesk]:
    def opened(target: str) -> TargetDesk:
        return open_target_desk(
            target, config=Config(deadline=DEADLINE), cache=tmp_path / "cache", apart=True
        )

    return opened


@pytest.fixture(autouse=True)
def no_process_left() -> object:
    yield
    fetch_process.close_idle_client()


async def ask_for(pilot: Pilot[None], target: str) -> None:
    """Paste a target into the prompt for one."""
    await pilot.press("o", "ctrl+u")
    pilot.app.post_message(Paste(target))
    await pilot.pause()


async def test_a_thread_is_fetched_and_read_by_keys(
    inboxes: Server, opener: Callable[[str], TargetDesk]
) -> None:
    app = PatchdeskApp(f"{inboxes.url}/frob/frob-v1-0@example.org/", opener)
    async with app.run_test(size=(160, 50)) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "v2" in text_of(app, "SeriesTree"), what="the other version")
        assert "frob: teach it to whistle, louder" in text_of(app, "SeriesTree")
        assert "5/5" in text_of(app, "SeriesTree")
        assert "It whistles." in text_of(app, "MessageView")
        await pilot.press("]")
        await until(pilot, lambda: "+int whistle_" in text_of(app, "MessageView"), what="a patch")
        assert "frob.c" in text_of(app, "MessageView")
        await pilot.press("g", "g", "z", "R", "G")
        await until(pilot, lambda: tree_of(app).cursor > 12, what="the last row")


async def test_the_same_from_a_clone_of_the_archive(
    inboxes: Server, tmp_path: Path, opener: Callable[[str], TargetDesk]
) -> None:
    clone = tmp_path / "frob" / "git" / "0.git"
    command = ["git", "clone", "-q", "--mirror", f"{inboxes.url}/frob/git/0.git", str(clone)]
    subprocess.run(command, check=True)  # noqa: ASYNC221 - nothing else runs yet
    app = PatchdeskApp(str(tmp_path / "frob"), opener)
    async with app.run_test(size=(160, 50)) as pilot:
        await ready(pilot)
        mails = f"{len(FROB)} mails"
        await until(pilot, lambda: mails in text_of(app), what="all mails")
        assert "lamp: glow in the dark" in text_of(app, "SeriesTree")


@pytest.mark.parametrize("message_id", evil())
async def test_mails_that_hang_other_readers_are_read_in_a_second(
    message_id: str, inboxes: Server, opener: Callable[[str], TargetDesk]
) -> None:
    app = PatchdeskApp(f"{inboxes.url}/frob/lamp-v1-0@example.org/", opener)
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)  # so that the time of the start is not counted
        await until(pilot, lambda: "v2" in text_of(app, "SeriesTree"), what="the other version")
        await ask_for(pilot, f"{inboxes.url}/frob/{message_id}/")
        started = time.monotonic()
        await pilot.press("enter")
        await until(pilot, lambda: "lamp" not in text_of(app, "SeriesTree"), what="the other")
        assert time.monotonic() - started < 1


FAULTS = {
    "not-found": "has no message",
    "patience": "too many requests",
    "error": "failed (500)",
    "page": "a web page instead of mail",
    "truncated": "was cut off",
    "drip": "complete its answer within 2 s",
    "other": "answered with a different message",
}


@pytest.mark.parametrize("mode", [*FAULTS, "down"])
async def test_a_fault_is_said_and_the_screen_stays(
    mode: str, inboxes: Server, misbehaving: Misbehaving, opener: Callable[[str], TargetDesk]
) -> None:
    app = PatchdeskApp(f"{inboxes.url}/frob/lamp-v1-0@example.org/", opener)
    url = "http://127.0.0.1:1" if mode == "down" else f"{misbehaving.url}/{mode}"
    async with app.run_test(size=(160, 40), notifications=True) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "v2" in text_of(app, "SeriesTree"), what="the other version")
        before = text_of(app, "MessageView")
        await ask_for(pilot, f"{url}/a@example.org/")
        started = time.monotonic()
        await pilot.press("enter")
        said = FAULTS.get(mode, "refuses the connection")
        await until(pilot, lambda: said in text_of(app), what=said)
        assert time.monotonic() - started < DEADLINE + 1
        assert "lamp: glow in the dark" in text_of(app, "SeriesTree")
        # Below it a notification may lie.
        assert text_of(app, "MessageView").startswith(before.rstrip())
        await pilot.press("j")
        await until(pilot, lambda: tree_of(app).cursor == 1, what="the next row")


async def test_escape_ends_a_fetch_at_once(
    misbehaving: Misbehaving, opener: Callable[[str], TargetDesk]
) -> None:
    app = PatchdeskApp(f"{misbehaving.url}/silent/a@example.org/", opener)
    async with app.run_test(size=(120, 30)) as pilot:
        await until(pilot, lambda: "Esc" in text_of(app, "StatusBar"), what="the job")
        started = time.monotonic()
        await pilot.press("escape")
        await until(pilot, lambda: "Esc" not in text_of(app, "StatusBar"), what="its end")
        assert time.monotonic() - started < 0.5
