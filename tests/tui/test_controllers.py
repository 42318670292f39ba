"""The main screen is made of controllers: whom it asks, in which order, and what it is not."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from core.desk.list_rows import LazyRows
from tests.tui.kit import app_with, controller, desk_screen, lantern, ready, small_series
from tui.desk.actions import SeriesActions
from tui.desk.command_line import CommandLine
from tui.desk.controller import Controller, Handler, Refresh
from tui.desk.controllers import Controllers
from tui.desk.external import External
from tui.desk.landed import LandedPatches
from tui.desk.lists import Lists
from tui.desk.mail import MailLoader
from tui.desk.opening import Opening
from tui.desk.results import HasRows, Results
from tui.desk.search import Search
from tui.desk.sync import Sync
from tui.desk.triage_state import CanExclude, TriageState
from tui.desk.versions import Versions
from tui.desk.views import Views
from tui.digest.screen import DigestScreen
from tui.keys.commands import COMMANDS, Pane
from tui.screens.desk import DeskScreen
from tui.tree.items import Items
from tui.tree.rows import Whole

DESK = Path(__file__).resolve().parents[2] / "tui" / "desk"


class Fake(Controller):
    """A controller with preset answers that logs each call."""

    def __init__(self, name: str, log: list[str], answer: object = None, *commands: str) -> None:
        self._name, self._log, self._answer, self._names = name, log, answer, commands

    def commands(self) -> Mapping[str, Handler]:
        return dict.fromkeys(self._names, lambda: None)

    def cancel(self) -> bool:
        self._log.append(self._name)
        return bool(self._answer)

    back = cancel

    def close(self) -> None:
        self._log.append(self._name)

    def on_items(
        self, items: Items | Sequence[Whole], refresh: Refresh
    ) -> Items | Sequence[Whole] | None:
        self._log.append(f"{self._name} {len(items)}")
        return self._answer  # type: ignore[return-value]


@pytest.mark.parametrize("what", ["cancel", "back"])
def test_the_first_that_has_something_ends_the_search(what: str) -> None:
    log: list[str] = []
    all_of_them = Controllers(Fake("a", log), Fake("b", log, True), Fake("c", log, True))
    assert getattr(all_of_them, what)()
    assert log == ["a", "b"]


def test_they_are_closed_in_reverse() -> None:
    log: list[str] = []
    Controllers(Fake("a", log), Fake("b", log), Fake("c", log)).close()
    assert log == ["c", "b", "a"]


def test_items_go_through_one_after_the_other_and_can_be_held_back() -> None:
    log: list[str] = []
    four = list(lantern())
    first, second, last = Fake("a", log, four[:3]), Fake("b", log, four[:1]), Fake("c", log, None)
    pipeline = Controllers(first, second, last)
    refresh = Refresh(keep=True)
    assert pipeline.on_items(four, refresh) is None
    assert log == ["a 4", "b 3", "c 1"]
    log.clear()
    assert Controllers(first, second).on_items(four, refresh, after=first) == four[:1]
    assert log == ["b 4"]


def test_a_command_given_twice_is_refused_at_start() -> None:
    with pytest.raises(ValueError, match=r"app\.quit is given twice"):
        Controllers(Fake("a", [], None, "app.quit"), Fake("b", [], None, "app.quit")).start()


async def test_every_command_has_one_controller() -> None:
    app = app_with()
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        handlers = desk_screen(app).controllers.handlers
        of_dialogs = {command.name for command in COMMANDS if command.pane is Pane.DIALOG}
        assert {command.name for command in COMMANDS} - set(handlers) == of_dialogs


async def test_the_order_that_decides() -> None:
    app = app_with(small_series("one", "one: thing"))
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        kinds = [type(one) for one in desk_screen(app).controllers]
        cancels = [External, Opening, MailLoader, Versions, Results, Sync, SeriesActions]
        assert [kind for kind in kinds if kind.cancel is not Controller.cancel] == cancels
        filters = [TriageState, LandedPatches, Search]
        assert [kind for kind in kinds if kind.on_items is not Controller.on_items] == filters
        titles = [Lists, Views, Search]  # the lists' counts, the views' tabs, then what answers
        assert [kind for kind in kinds if kind in titles] == titles
        # What is to be written needs the desk that the opening closes.
        assert kinds.index(TriageState) > kinds.index(Opening)
        assert controller(app, CommandLine) is desk_screen(app).controllers.members[-1]


def test_screens_and_controllers_are_no_towers() -> None:
    for screen in (DeskScreen, DigestScreen):
        ours = [kind for kind in screen.__mro__ if kind.__module__.startswith("tui.")]
        assert len(ours) <= 2, ours
        assert len(inspect.getsourcelines(screen)[0]) <= 250, f"{screen} does too much by itself"
    for kind in Controller.__subclasses__():
        if kind.__module__.startswith("tui."):
            assert not kind.__subclasses__(), f"{kind} is inherited from"


def test_no_controller_writes_an_attribute_of_another() -> None:
    """In tui/desk nothing but `self.NAME` is assigned, but for parts of the screen, which are widgets."""
    widgets = {
        "title", "tree", "bar", "title_bar", "series_tree", "ladder", "status", "reader", "run",
    }  # fmt: skip
    found = []
    for path in sorted(DESK.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            targets: list[ast.expr] = []
            if isinstance(node, ast.Assign):
                targets = node.targets
            elif isinstance(node, ast.AugAssign | ast.AnnAssign):
                targets = [node.target]
            flat = [e for t in targets for e in (t.elts if isinstance(t, ast.Tuple) else [t])]
            for target in flat:
                if not isinstance(target, ast.Attribute):
                    continue
                owner = target.value
                name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "?")
                if name != "self" and name not in widgets:
                    found.append(f"{path.name}:{target.lineno} {ast.unparse(target)}")
    assert found == []


def test_the_rows_of_the_index_are_what_the_protocols_ask_for() -> None:
    assert issubclass(LazyRows, CanExclude)
    assert "rows" in HasRows.__annotations__ or hasattr(HasRows, "rows")


def test_no_file_is_long() -> None:
    for path in DESK.glob("*.py"):
        assert len(path.read_text().splitlines()) <= 400, path.name
