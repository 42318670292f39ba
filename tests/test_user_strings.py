"""The list of texts that a user can see holds what it should, and the texts keep to the house's words."""

from __future__ import annotations

import re
from pathlib import Path

from tests.user_strings import ROOT, sources, strings

FORBIDDEN = re.compile(
    r"\bremarks?\b|\bof ours\b|\bput off\b|\bwhite space\b|\bunless said\b|\bbrings? in\b|\bbring in\b",
    re.IGNORECASE,
)
"""Words of which the glossary has a better one: comment, snooze, whitespace, default, fetch."""


def test_it_lists_what_is_seen_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(
        '"""A docstring that is long."""\n'
        "import logging, re\n"
        "log = logging.getLogger(__name__)\n"
        'X = re.compile("some thing")\n'
        "def f(name):\n"
        '    """What it does."""\n'
        '    log.info("not for users")\n'
        '    say(f"Hello {name}, dear", "and more")\n'
        '    db.execute("SELECT a FROM b")\n'
        '    raise ValueError("never to be seen")\n'
    )
    assert [text for _, text in strings(path)] == ["Hello {…}, dear", "and more"]


def test_texts_keep_to_the_glossary() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in sources()
        for line, text in strings(path)
        if FORBIDDEN.search(text)
    ]
    assert wrong == []
