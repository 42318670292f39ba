"""The project's tree in memory, and the edits of a script applied to it."""

from __future__ import annotations

from typing import Final

from tests.demo.generate import GENERATED
from tests.demo.script import Edit, ScriptError, Section

Tree = dict[str, tuple[str, bytes]]
"""Path to (git's file mode, content)."""

MODES: Final = {"x": "100755", "-": "100644"}


def edited(tree: Tree, edits: list[Edit], where: str) -> Tree:
    """Return the tree with the edits made. Raises ScriptError where one does not fit."""
    result = dict(tree)
    for edit in edits:
        try:
            _edit(result, edit)
        except (KeyError, ScriptError) as wrong:
            raise ScriptError(f"{where}: %{edit.verb} {' '.join(edit.words)}: {wrong}") from wrong
    return result


def _edit(tree: Tree, edit: Edit) -> None:
    path = edit.words[0]
    match edit.verb:
        case "create":
            mode = MODES["x" if edit.words[1:] == ("x",) else "-"]
            tree[path] = (mode, (edit.text + "\n").encode())
        case "generate":
            tree[path] = (MODES["-"], GENERATED[edit.words[1]]())
        case "rename":
            tree[edit.words[1]] = tree.pop(path)
        case "delete":
            del tree[path]
        case "mode":
            tree[path] = (MODES[edit.words[1]], tree[path][1])
        case _:
            mode, content = tree[path]
            text = content.decode()
            for verb, old, new in edit.pairs:
                text = _replaced(text, verb, old, new)
            tree[path] = (mode, text.encode())


def _replaced(text: str, verb: str, old: str, new: str) -> str:
    lines, wanted = text.split("\n"), old.split("\n")
    found = [i for i in range(len(lines) - len(wanted) + 1) if lines[i : i + len(wanted)] == wanted]
    if len(found) != 1:
        raise ScriptError(f"found {len(found)} times: {old!r}")
    at = found[0]
    put = new.split("\n") if new else []
    keep = wanted if verb == "after" else []
    return "\n".join([*lines[:at], *keep, *put, *lines[at + len(wanted) :]])


def played(tree: Tree, patch: Section) -> Tree:
    """Return the tree after a patch. Raises ScriptError where it changes nothing."""
    result = edited(tree, patch.edits, patch.where)
    if result == tree:
        raise ScriptError(f"{patch.where}: changes nothing")
    return result
