"""The head of every HTML page of the program, so that the rights of a page are set in one place.

A Content-Security-Policy allows the page's own style and script by their hashes, and nothing else: no load, no form, no
other base. Text from mail goes through `html_text`.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterator
from typing import Final

from core.text import shown

PALETTE: Final = """
:root {
  color-scheme: light dark; --ink: #1c2024; --paper: #fcfcfd; --soft: #60646c; --line: #d9d9e0; --pane: #f0f0f3;
  --bar: #3e63dd; --plus: #ddf3e4; --minus: #ffdbdc; --warn: #ab6400;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #edeef0; --paper: #111113; --soft: #b0b4ba; --line: #363a3f; --pane: #212225;
    --bar: #849dff; --plus: #193b2d; --minus: #500f1c; --warn: #ffca16;
  }
}
"""
"""The colors that the pages share, for light and for dark screens."""


def html_text(text: str) -> str:
    """Return one line of text for HTML, in or between tags."""
    return html.escape(shown(text))


def content_policy(style: str, script: str = "") -> str:
    """Return the Content-Security-Policy of a page with this style and script."""
    scripts = f" script-src 'sha256-{_hash(script)}';" if script else ""
    return (
        f"default-src 'none'; style-src 'sha256-{_hash(style)}';{scripts}"
        " base-uri 'none'; form-action 'none'"
    )


def page_head(title: str, policy: str, style: str) -> Iterator[str]:
    """Yield the lines of a page up to its body; `title` is HTML already."""
    yield "<!DOCTYPE html>"
    yield '<html lang="en">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer">'
    yield f"<title>{title}</title>"
    yield f"<style>{style}</style>"
    yield "</head>"


def _hash(content: str) -> str:
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
