"""Every key is one command, and every command can be run."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from textual.events import Key
from textual.widgets import Input

from core.config import load_config
from core.config_keys import LANGMAPS
from tests.tui.kit import (
    NOW,
    FakeDesk,
    app_with,
    controller,
    desk_screen,
    idle,
    lantern,
    listing,
    ready,
    text_of,
    tree_of,
    until,
)
from tui.app import PatchdeskApp
from tui.desk.results import Results
from tui.keys.commands import BY_NAME, COMMANDS, RENAMED, Command, Pane, commands_named
from tui.keys.keymap import (
    Keymap,
    format_keys,
    key_of_event,
    keymap_for,
    parse_keys,
    preset_commands,
)
from tui.keys.langmaps import LAYOUTS
from tui.keys.presets import DEFAULT, PRESETS

FREE = ("c",)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("j", ("j",)),
        ("gg", ("g", "g")),
        ("za", ("z", "a")),
        ("C-d", ("ctrl+d",)),
        ("PgDn", ("pagedown",)),
        ("Space", ("space",)),
        ("S-Tab", ("shift+tab",)),
        ("↓", ("down",)),
        ("?", ("?",)),
    ],
)
def test_written_keys_are_read_and_written_back(keys: str, expected: tuple[str, ...]) -> None:
    assert parse_keys(keys) == expected
    assert format_keys(expected) == keys


@pytest.mark.parametrize(
    ("key", "character", "stroke"),
    [
        ("j", "j", "j"),
        ("G", "G", "G"),
        ("upper_g", "G", "G"),
        ("question_mark", "?", "?"),
        ("space", " ", "space"),
        ("ctrl+d", "\x04", "ctrl+d"),
        ("escape", "\x1b", "escape"),
        ("pagedown", None, "pagedown"),
    ],
)
def test_a_press_is_the_character_it_types(key: str, character: str | None, stroke: str) -> None:
    assert key_of_event(key, character) == stroke


def id_conflicts(commands: Sequence[Command]) -> list[str]:
    """Return which keys mean two things in one pane, or begin another there."""
    found = []
    for pane in (Pane.TREE, Pane.READER, Pane.DIGEST):
        here = [
            (parse_keys(keys), command.name)
            for command in commands
            if pane in command.pane
            for keys in command.keys
        ]
        here.sort()
        for (keys, name), (later, other) in pairwise(here):
            if later[: len(keys)] == keys:
                found.append(
                    f"{pane.value}: {format_keys(keys)} of {name}, {format_keys(later)} of {other}"
                )
    return found


@pytest.mark.parametrize("preset", PRESETS)
def test_no_key_means_two_things_or_begins_another(preset: str) -> None:
    assert id_conflicts(preset_commands(preset)) == []


def test_a_clash_would_be_found() -> None:
    assert id_conflicts([*COMMANDS, Command("a.b", "", "", keys_text="z")]) != []
    assert id_conflicts([*COMMANDS, Command("a.b", "", "", keys_text="gg")]) != []


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_leaves_no_command_without_its_key(preset: str) -> None:
    assert set(PRESETS[preset]) <= set(BY_NAME)
    for command in preset_commands(preset):
        assert command.keys or not BY_NAME[command.name].keys, command.name
    keymap, problems = keymap_for(preset, {})
    assert problems == ()
    assert keymap.by_name["app.command"].keys  # all others can be reached by it


@pytest.mark.parametrize(
    ("preset", "pane", "pressed", "name"),
    [
        ("mutt", Pane.TREE, "t", "mark.toggle"),
        ("mutt", Pane.TREE, "d", "triage.done"),
        ("mutt", Pane.TREE, "N", "mail.toggle_read"),
        ("mutt", Pane.READER, "i", "app.back"),
        ("mutt", Pane.READER, "h", "view.all_headers"),
        ("mutt", Pane.TREE, "=", "move.top"),
        ("aerc", Pane.TREE, "a", "triage.done"),
        ("aerc", Pane.TREE, "d", "triage.skip"),
        ("aerc", Pane.READER, "J", "patch.next"),
        ("aerc", Pane.TREE, "c", "list.switch"),
        ("b4", Pane.READER, "n", "patch.next"),
        ("b4", Pane.TREE, "u", "list.sync"),
        ("b4", Pane.TREE, "x", "triage.skip"),
        ("b4", Pane.READER, "N", "triage.note"),
    ],
)
def test_a_preset_has_what_hands_know(preset: str, pane: Pane, pressed: str, name: str) -> None:
    command = keymap_for(preset, {})[0].command(pane, (pressed,))
    assert command is not None
    assert command.name == name


def test_ones_own_keys_go_over_a_preset() -> None:
    keymap, problems = keymap_for("b4", {"triage.undo": "C-t", "triage.redo": "n"})
    assert keymap.by_name["triage.undo"].keys_text == "C-t"
    assert keymap.by_name["triage.redo"].keys_text == PRESETS["b4"]["triage.redo"]
    assert [problem.partition(";")[0] for problem in problems] == [
        "keys.triage.redo: n is the key of patch.next"
    ]


def test_names_and_words_are_fit_to_be_typed_and_shown() -> None:
    assert len(BY_NAME) == len(COMMANDS)
    assert set(DEFAULT) == set(BY_NAME)
    for command in COMMANDS:
        area, dot, verb = command.name.partition(".")
        assert dot, command.name
        assert area.isalpha()
        assert verb.replace("_", "").isalpha()
        assert command.help[0].isupper()
        assert not command.help.endswith(".")
        assert command.label


@pytest.mark.parametrize("pane", [Pane.TREE, Pane.READER])
@pytest.mark.parametrize("key", FREE)
def test_keys_of_what_comes_later_do_nothing(pane: Pane, key: str) -> None:
    keymap = Keymap()
    assert keymap.command(pane, (key,)) is None
    assert not keymap.continuations(pane, (key,))


def test_a_pane_comes_before_everywhere() -> None:
    keymap = Keymap()
    assert keymap.command(Pane.TREE, ("l",)) is BY_NAME["tree.expand"]
    assert keymap.command(Pane.READER, ("l",)) is BY_NAME["reader.scroll_right"]
    assert keymap.command(Pane.TREE, ("space",)) is BY_NAME["mark.toggle"]
    assert set(keymap.continuations(Pane.TREE, ("z",))) == {"a", "o", "c", "R", "M"}


@pytest.mark.parametrize(
    ("keys", "pressed", "where", "name"),
    [
        ({"move.down": "C-n"}, ("ctrl+n",), Pane.TREE, "move.down"),
        ({"move.down": "C-n"}, ("j",), Pane.TREE, None),
        ({"app.demo": "F5 gx"}, ("f5",), Pane.TREE, "app.demo"),
        ({"app.demo": "F5 gx"}, ("g", "x"), Pane.READER, "app.demo"),
        ({"find.next": "N", "find.previous": "n"}, ("n",), Pane.TREE, "find.previous"),
        ({"tree.expand": ""}, ("l",), Pane.TREE, None),
        ({"hunk.viewed": "è"}, ("è",), Pane.READER, "hunk.viewed"),
    ],
)
def test_the_user_has_keys_of_their_own(
    keys: dict[str, str], pressed: tuple[str, ...], where: Pane, name: str | None
) -> None:
    keymap, problems = keymap_for("default", keys)
    assert problems == ()
    found = keymap.command(where, pressed)
    assert (found.name if found else None) == name
    assert {c.name: c.keys_text for c in keymap.commands}.items() >= keys.items()


@pytest.mark.parametrize(
    ("langmap", "keys", "typed", "stroke"),
    [
        ("ru", {}, "о", "j"),
        ("ru", {}, "П", "G"),
        ("ru", {}, "Х", "{"),
        ("ru", {}, ".", "."),
        ("ru", {"app.log": "о"}, "о", "о"),
        ("uk", {}, "і", "s"),
        ("el", {}, "ξ", "j"),
        ("he", {}, "ח", "j"),
        ("фx,иb", {}, "ф", "x"),
        ("", {}, "о", "о"),
    ],
)
def test_a_letter_of_another_layout_is_the_key_at_its_place(
    langmap: str, keys: dict[str, str], typed: str, stroke: str
) -> None:
    keymap, problems = keymap_for("default", keys, langmap)
    assert problems == ()
    assert keymap.stroke(f"key_{typed}", typed) == stroke


def test_the_configuration_knows_the_layouts(tmp_path: Path) -> None:
    assert tuple(LAYOUTS) == LANGMAPS
    path = tmp_path / "config.toml"
    path.write_text('[keys]\nlangmap = "klingon"\n"app.log" = "F5"\n')
    config = load_config(path)
    assert config.keys_langmap == ""
    assert config.keys == {"app.log": "F5"}
    assert "keys.langmap: it must be one of ru, uk, el, he, or pairs" in config.problems[0]


@pytest.mark.parametrize(
    ("keys", "fragments"),
    [
        ({"tree.opne": "x"}, ["keys.tree.opne: unknown command", "tree.open"]),
        ({"nonsense": "x"}, ["keys.nonsense: unknown command", "tree.…"]),
        ({"tree.open": "Ctrl-x"}, ["keys.tree.open: Ctrl-x is not a key", "C-d"]),
        ({"tree.open": "C-i"}, ["keys.tree.open: C-i cannot be bound", "terminals send it as Tab"]),
        (
            {"tree.open": "C-m"},
            ["keys.tree.open: C-m cannot be bound", "terminals send it as Enter"],
        ),
        ({"tree.open": "C-h"}, ["keys.tree.open: C-h cannot be bound", "as Backspace"]),
        ({"tree.open": "\x1b"}, ["keys.tree.open: ␛ is not a key"]),
        ({"tree.open": "j"}, ["keys.tree.open: j is the key of move.down"]),
        ({"app.log": "h"}, ["keys.app.log: h is the key of tree.collapse"]),
        ({"tree.open": "z"}, ["keys.tree.open: z and za cannot both be keys", "fold.toggle"]),
        ({"tree.open": "nn"}, ["keys.tree.open: nn and n cannot both be keys", "find.next"]),
        ({"app.quit": " "}, ["keys.app.quit: app.quit needs a key"]),
        ({"tree.open": "è", "tree.expand": "è"}, ["keys.tree.expand: è is the key of tree.open"]),
    ],
)
def test_a_key_that_cannot_be_is_said_and_the_default_holds(
    keys: dict[str, str], fragments: list[str]
) -> None:
    keymap, problems = keymap_for("default", keys)
    (problem,) = problems
    assert all(word in problem for word in fragments), problem
    assert problem.endswith("the default holds")
    (bad,) = [name for name in keys if f"keys.{name}:" in problem]
    if bad in BY_NAME:
        assert keymap.by_name[bad] == BY_NAME[bad]


@pytest.mark.parametrize(
    ("keys", "pane", "pressed", "now"),
    [
        ({"view.blanks": "F6"}, Pane.READER, "f6", "view.whitespace"),
        ({"copy.menu": "F6"}, Pane.TREE, "f6", "mail.copy"),
        ({"reader.fold": "F6"}, Pane.READER, "f6", "fold.toggle"),
        ({"reader.fold": "F6", "digest.toggle": "F7"}, Pane.DIGEST, "f7", "fold.toggle"),
        ({"reader.fold": "F6", "fold.toggle": "F7"}, Pane.TREE, "f7", "fold.toggle"),
        ({"digest.expand": "F6"}, Pane.DIGEST, "f6", "tree.expand"),
    ],
)
def test_an_earlier_name_keeps_its_keys_and_is_reported_with_the_present_one(
    keys: dict[str, str], pane: Pane, pressed: str, now: str
) -> None:
    keymap, problems = keymap_for("default", keys)
    command = keymap.command(pane, (pressed,))
    assert command is not None
    assert command.name == now
    old = [name for name in keys if name in RENAMED]
    assert len(problems) == len(old)
    for name, problem in zip(old, problems, strict=True):
        assert problem.startswith(f"keys.{name}: the command is now {now}")


def test_where_one_command_took_the_place_of_several_its_own_keys_stay() -> None:
    keymap, _ = keymap_for("default", {"reader.fold": "F6"})
    for pane in (Pane.TREE, Pane.READER, Pane.DIGEST):
        for pressed in (("z", "a"), ("f6",)):
            assert keymap.command(pane, pressed) is keymap.by_name["fold.toggle"]


def test_keys_under_both_names_are_those_of_the_present_one() -> None:
    keymap, problems = keymap_for("default", {"view.blanks": "F6", "view.whitespace": "F7"})
    assert keymap.by_name["view.whitespace"].keys == ("F7",)
    assert len(problems) == 1


def test_a_clash_of_an_earlier_name_is_reported_under_it() -> None:
    keymap, problems = keymap_for("default", {"view.blanks": "j"})
    assert keymap.commands == COMMANDS
    assert any(p.startswith("keys.view.blanks: j is the key of move.down") for p in problems)


def test_every_earlier_name_leads_to_a_command() -> None:
    assert not set(RENAMED) & set(BY_NAME)
    for old, new in RENAMED.items():
        assert commands_named(old)[0] is BY_NAME[new]


def test_a_default_that_holds_can_take_a_key_back() -> None:
    # move.up cannot have C-d, so it keeps k, which tree.open then cannot have.
    keymap, problems = keymap_for("default", {"tree.open": "k", "move.up": "C-d"})
    assert len(problems) == 2
    assert keymap.commands == COMMANDS


def test_a_preset_that_is_not_there_is_said() -> None:
    keymap, problems = keymap_for("pine", {})
    assert problems == (
        'keys.preset: "pine" is not a preset; presets: default, mutt, aerc, b4; the default holds',
    )
    assert keymap.commands == COMMANDS


async def test_keys_of_ones_own_are_heard_offered_and_listed() -> None:
    keymap, _ = keymap_for("default", {"app.help": "F1", "tree.open": "è"})
    app = PatchdeskApp(
        "x", lambda _: FakeDesk(listing(lantern())), clock=lambda: NOW, keymap=keymap
    )
    async with app.run_test(size=(160, 60)) as pilot:
        await ready(pilot)
        assert "è read" in text_of(app, "StatusBar")
        await pilot.press("?")
        assert app.screen is desk_screen(app)
        await pilot.press("f1")
        await pilot.pause()
        assert "è          Open the series or message under the cursor" in text_of(app)
        await pilot.press("escape", "è")
        assert desk_screen(app).active_pane is Pane.READER


async def test_mistakes_in_the_configuration_are_shown() -> None:
    app = PatchdeskApp(
        "x",
        lambda _: FakeDesk(listing(lantern())),
        clock=lambda: NOW,
        problems=["config.toml: [b]theme[/b]: it must be a string; the default holds"],
    )
    async with app.run_test(size=(160, 40), notifications=True) as pilot:
        await until(pilot, lambda: "[b]theme[/b]: it must be" in text_of(app))


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("app.quit", "app.quit"),
        ("quit", "app.quit"),
        ("q", "app.quit"),
        ("log", "app.log"),
        ("LOG", "app.log"),
        ("fold.op", "fold.open"),
        ("ctrl", None),
        ("message-id", "mail.copy"),
    ],
)
def test_a_command_is_found_by_name(typed: str, first: str | None) -> None:
    found = commands_named(typed)
    assert (found[0].name if found else None) == first


async def test_the_screen_can_run_every_command() -> None:
    app = app_with()
    async with app.run_test() as pilot:
        await ready(pilot)
        own = {name for name, command in BY_NAME.items() if command.pane != Pane.DIALOG}
        assert set(desk_screen(app).command_handlers()) == own
        assert not any(command.pane == Pane.DIALOG for command in commands_named("accept"))


async def test_a_sequence_shows_how_it_can_go_on_and_escape_ends_it() -> None:
    app = app_with()
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("z")
        await pilot.pause()
        line = text_of(app, "StatusBar")
        assert "z…" in line
        assert "R expand all" in line
        await pilot.press("escape")
        await pilot.pause()
        assert "z…" not in text_of(app, "StatusBar")
        await pilot.press("t")  # more keys than a line has room for
        await until(pilot, lambda: "m mouse" in text_of(app, "StatusBar"), what="all of them")
        assert "f zoom" in text_of(app, "StatusBar")
        assert len(text_of(app, "StatusBar").splitlines()) == 2
        await pilot.press("escape")
        await until(pilot, lambda: len(text_of(app, "StatusBar").splitlines()) == 1)
        await pilot.press("z", "q")
        await pilot.pause()
        assert "No such key: zq. Keys: za zo zc zR zM" in text_of(app, "StatusBar")
        before = len(tree_of(app))
        await pilot.press("z", "a")
        assert len(tree_of(app)) > before


async def test_gg_and_g_go_to_the_ends() -> None:
    app = app_with()
    async with app.run_test() as pilot:
        await ready(pilot)
        await pilot.press("G")
        assert tree_of(app).cursor == 3
        await pilot.press("g", "g")
        assert tree_of(app).cursor == 0


async def test_q_goes_back_and_only_hints_at_the_root() -> None:
    app = app_with()
    async with app.run_test() as pilot:
        await ready(pilot)
        await pilot.press("enter")
        assert desk_screen(app).active_pane is Pane.READER
        await pilot.press("q")
        assert desk_screen(app).active_pane is Pane.TREE
        await pilot.press("q")
        await pilot.pause()
        assert app.is_running
        assert "Q quits" in text_of(app, "StatusBar")
        await pilot.press("Q")
    assert not app.is_running


async def test_keys_typed_ahead_reach_what_they_were_meant_for() -> None:
    app = app_with()
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        # As from a paste or a slow line: all at once, before anything has been drawn.
        for key in ["/", *"glass", "enter", *"zaj", "enter", "/", *"line 9", "enter", *"Gym"]:
            app.post_message(Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: app.clipboard == "glass-v1-1@x")
        assert desk_screen(app).active_pane is Pane.READER
        assert controller(app, Results).text == "line 9"


async def test_tab_goes_through_what_the_line_could_be() -> None:
    app = app_with()
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press(":", *"fold.", "tab")
        line = app.screen.query_one("PromptInput", Input)
        await pilot.pause()
        first = line.value
        assert first.startswith("fold.")
        await pilot.press("tab")
        assert line.value.startswith("fold.")
        assert line.value != first
        await pilot.press("shift+tab")
        assert line.value == first
        named = [c.name for c in COMMANDS if c.name.startswith("fold.")]
        for _ in named:
            await pilot.press("tab")
        assert line.value == first  # round the end
        for name in named:
            assert name in text_of(app, "Prompt")


async def test_what_a_command_can_be_told_is_completed() -> None:
    app = app_with()
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press(":", *"list.so", "tab")
        line = app.screen.query_one("PromptInput", Input)
        await pilot.pause()
        assert line.value == "list.sort "
        await until(pilot, lambda: "list.sort author" in text_of(app, "Prompt"), what="orders")
        await pilot.press(*"rep", "tab")
        assert line.value == "list.sort replies"
        await pilot.press("escape")
        await pilot.press(":", *"sort au", "tab")
        assert line.value == "sort author"


async def test_what_cannot_be_run_says_so_beside_its_name() -> None:
    app = app_with()
    async with app.run_test(size=(140, 30)) as pilot:
        await ready(pilot)
        await pilot.press(":", *"triage.undo")
        await until(pilot, lambda: "Triage is not available" in text_of(app, "Prompt"), what="why")


async def test_the_palette_leaves_out_what_cannot_be_run() -> None:
    app = app_with()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("ctrl+p", *"undo the last triage")
        await idle(pilot)
        assert "triage.undo" not in text_of(app)
        await pilot.press("ctrl+u", *"copy the message")
        await until(pilot, lambda: "mail.copy" in text_of(app), what="what can")
