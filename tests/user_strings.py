"""Lists every text of the source that a user can see, to be read from top to bottom: `python -m tests.user_strings`.

A text is a string with two words or more that is no docstring, log message, SQL, regular expression, or error of
the program itself (ValueError, AssertionError and the like). Values put in are shown as {…}.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
_INTERNAL: Final = frozenset(
    {
        "ValueError", "TypeError", "KeyError", "AssertionError", "RuntimeError", "IndexError", "AttributeError",
        "NotImplementedError", "compile", "execute", "executemany", "executescript", "debug", "info", "warning",
        "exception", "getLogger", "TypeVar", "ParamSpec", "match", "fullmatch", "search", "sub", "startswith",
    }
)  # fmt: skip
_WORDS: Final = re.compile(r"[^\W\d_]{2,}.*\s.*[^\W\d_]{2,}|[^\W\d_]{2,}[.!?…]$", re.DOTALL)
_CODE: Final = re.compile(
    r"^\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA|BEGIN|ATTACH|WITH|REPLACE|FROM|WHERE|AND|ORDER|JOIN)\b"
    r"|^[$#.&]|\{\s*$|\$[a-z]|\bansi_|^</?[a-z]|\{ ?[a-z-]+: |^, |\b(ASC|DESC|NULL)\b|\\[dswbZA]|[\x00-\x08\x0e-\x1f]"
)


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, text) for each text of a file that a user can see."""
    tree = ast.parse(path.read_text())
    skipped = set(_skipped(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            skipped.update(id(part) for part in ast.walk(node) if part is not node)
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        text = _text(node)
        if text is not None and _WORDS.search(text) and not _CODE.search(text):
            yield node.lineno, text  # type: ignore[attr-defined]


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{…}" for part in node.values
        )
    return None


def _skipped(tree: ast.AST) -> Iterator[int]:
    """Yield the nodes of what no user sees: docstrings, logs, SQL, internal errors, annotations."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in _INTERNAL:
                for argument in ast.walk(node):
                    yield id(argument)
        elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            for part in ast.walk(node.annotation):
                yield id(part)


def sources() -> list[Path]:
    """Return the files of the program, those with what people read most first."""
    return [path for folder in ("tui", "core") for path in sorted((ROOT / folder).rglob("*.py"))]


def main() -> int:
    """Print `file:line: text`, a line each."""
    for path in sources():
        for line, text in sorted(strings(path)):
            print(f"{path.relative_to(ROOT)}:{line}: {' '.join(text.split())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
