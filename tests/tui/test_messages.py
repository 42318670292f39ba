"""Texts name keys by the commands that have them, so that they hold in every preset and with the user's own keys."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.kit import NOW, FakeDesk, app_with, lantern, listing, ready, text_of, until
from tui.app import PatchdeskApp
from tui.keys.commands import BY_NAME
from tui.keys.keymap import Keymap, keymap_for
from tui.keys.presets import PRESETS

TUI = Path(__file__).resolve().parents[2] / "tui"
PLACEHOLDER = re.compile(r"\{([a-z]+\.[a-z_]+)\}")

FIXED = {"Enter", "Esc", "Tab", "Space", "↑", "↓", "←", "→"}
"""Keys that a prompt, a bar or a dialog has of its own, whatever the user's keys are."""
WORDS = {"a", "A", "I", "i"}
"""Keys that are English words."""
NO_KEYS = {
    " = unchanged  c code  r only context  m message  t tags  a author  + new  - gone",  # a legend
    "C-r asks the server",
    "C-y keep   C-e editor   Esc leave",
    "3d, fri, 2026-12-01, v or a tag",
    "R A T N",
    "R reviewed · A acked · T tested · N against it · c commented · · asked, silent",
    "y send  n keep",
    "y or n",
    "l →",
    "l Right",
    "How long ago: hours, days, weeks; mo: months, y: years",
}
"""Texts that name a key of the search bar or comment editor itself, or whose letters are no keys: arguments, signs, units."""
VERBS = "asks|lists|shows|opens|takes|goes|ends|keeps|stops|reads|quits|moves|finds|turns|undoes"


def texts() -> Iterator[tuple[str, str]]:
    """Yield the string constants of the screens that are no docstrings, each with its place."""
    for path in sorted(TUI.rglob("*.py")):
        if path.relative_to(TUI).parts[0] in ("cli", "keys"):
            continue
        tree = ast.parse(path.read_text())
        skipped = set()
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            for statement in body if isinstance(body, list) else ():
                if isinstance(statement, ast.Expr) or (
                    isinstance(statement, ast.Assign) and "CSS" in ast.unparse(statement.targets[0])
                ):  # a docstring
                    skipped.add(id(statement.value))
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in skipped
                and "\n    " not in node.value
            ):
                yield f"{path.name}:{node.lineno}", node.value


def literal_keys(text: str) -> list[str]:
    """Return the keys of configurable commands that a text names outright."""
    if text in NO_KEYS or " " not in text.strip():
        return []
    text = PLACEHOLDER.sub("", text)
    tokens = {token.strip('.,;!()"“”') for token in text.split()}
    found = tokens & KEYS - FIXED - WORDS
    found |= {hit[1] for hit in re.finditer(rf"(?:^|\s)([^\w\s…·]{{1,2}}) (?:{VERBS})\b", text)}
    return sorted(found)


KEYS = {
    key
    for preset in PRESETS
    for command in keymap_for(preset, {})[0].commands
    for key in command.keys
    if any(character.isalpha() for character in key)
}


def test_a_literal_key_would_be_found() -> None:
    assert literal_keys("Nothing is running. Q quits.") == ["Q"]
    assert literal_keys("gd asks for a range; {app.back} goes back.") == ["gd"]
    assert literal_keys("No search yet: / asks for it.") == ["/"]
    assert literal_keys("C-r reads it again") == ["C-r"]
    assert literal_keys("A sync is running; {app.cancel} stops it.") == []


def test_no_text_names_the_key_of_a_configurable_command() -> None:
    assert {place: keys for place, text in texts() if (keys := literal_keys(text))} == {}


def test_every_placeholder_is_a_command() -> None:
    named = {name: place for place, text in texts() for name in PLACEHOLDER.findall(text)}
    assert len(named) > 15
    assert {name: place for name, place in named.items() if name not in BY_NAME} == {}


@pytest.mark.slow
@pytest.mark.parametrize("preset", PRESETS)
def test_every_text_names_the_keys_of_the_preset(preset: str) -> None:
    keymap, _ = keymap_for(preset, {})
    for _, text in texts():
        names = PLACEHOLDER.findall(text)
        expected = PLACEHOLDER.split(text)
        filled = keymap.fill(text)
        for name in names:
            command = keymap.by_name[name]
            key = command.keys[0] if command.keys else f":{name}"
            assert key in filled, (preset, text)
            expected[expected.index(name)] = key
        if names:
            assert filled == "".join(expected)


def test_a_command_without_a_key_is_named_as_the_command_line_runs_it() -> None:
    assert Keymap().fill("{mark.clear} unmarks, {app.quit} quits") == ":mark.clear unmarks, Q quits"
    assert Keymap().fill("{no.command} {app.quit") == "{no.command} {app.quit"


async def test_a_message_names_the_users_own_key() -> None:
    keymap, _ = keymap_for("mutt", {"app.quit": "F9"})
    app = PatchdeskApp(
        "x", lambda _: FakeDesk(listing(lantern())), clock=lambda: NOW, keymap=keymap
    )
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("q")
        await until(pilot, lambda: "F9 quits" in text_of(app), what="the user's key")


async def test_a_command_line_names_the_key_of_the_palette() -> None:
    app = app_with()
    async with app.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press(":", *"nonsense", "enter")
        await until(pilot, lambda: "There is no command nonsense. C-p lists" in text_of(app))


def test_braces_in_a_value_are_no_placeholder() -> None:
    text = Keymap().fill("Sending: {subject} · {app.quit}", subject="[PATCH] {app.quit} {subject}")
    assert text == "Sending: [PATCH] {app.quit} {subject} · Q"


def unsafe_templates(source: str) -> list[str]:
    """Return the templates of messages into which an f-string puts a value that is neither a number nor chosen here."""
    return [
        ast.unparse(call.args[0])
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in ("show_message", "fill")
        and call.args
        and isinstance(call.args[0], ast.JoinedStr)
        and not all(map(is_own, call.args[0].values))
    ]


def is_own(part: ast.expr) -> bool:
    if isinstance(part, ast.Constant):
        return True
    assert isinstance(part, ast.FormattedValue)
    value = part.value
    return (
        isinstance(value, ast.IfExp)
        or (isinstance(value, ast.Name) and value.id.isupper())
        or ast.unparse(value) in OWN
        or (part.format_spec is not None and ast.unparse(part.format_spec) == "f','")
    )


OWN = {
    "len(views)",
    "names[layout]",
    "how",
    "where",
    "outcome",
    "ways",
    "what",
    "text",
    "operation.kind",
    "self._what",
}
"""Expressions whose values are texts of the program."""


def test_foreign_text_would_be_found() -> None:
    assert unsafe_templates("desk.show_message(f'Opened {subject}')") == ["f'Opened {subject}'"]
    assert unsafe_templates("desk.show_message(f'{count:,} mails {WAYS}', 'error')") == []


def test_no_foreign_text_becomes_part_of_a_template() -> None:
    found = {
        str(path): unsafe
        for path in TUI.rglob("*.py")
        if (unsafe := unsafe_templates(path.read_text()))
    }
    assert found == {}
