"""Make the pictures of the screen: SVG, and PNG for people.

Run as `python screenshots/make.py [NAME...]`. The demo, a fixed clock and zone, and no settings of the user's make
the same pictures each time. The fonts DejaVu Sans Mono and, for names in Chinese or Japanese, a Noto Sans CJK must
be there for the PNG; the SVG says which it wants, and fetches none.
"""

from __future__ import annotations

import asyncio
import html
import os
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import resvg_py
from rich.cells import cell_len, get_character_cell_size
from textual.pilot import Pilot

from core.config import Config
from core.demo import demo_path
from core.desk import Desk, open_desk
from tui.app import PatchdeskApp
from tui.themes import DEFAULT_THEME

HERE: Final = Path(__file__).parent
NOW: Final = datetime(2026, 11, 16, 19, 30, tzinfo=UTC)
"""A few hours after the demo's last mail."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture: the size of the terminal, and the keys pressed before it is taken."""

    name: str
    size: tuple[int, int]
    keys: Sequence[str] = ()
    theme: str = DEFAULT_THEME


_TOUR = ("l", "j", "j")
"""To the cover letter of the demo's first series."""
_DIFF = (*"jjjjl", *"jjjjj", "enter", "}")
"""To the diff of a patch in the middle of a series."""

SCENES: Final = (
    Scene("desk", (160, 50), _TOUR),
    Scene("patch", (160, 50), _DIFF),
    Scene("small", (80, 24), _DIFF),
    Scene("light", (160, 50), _DIFF, "patchdesk-light"),
    Scene("help", (120, 40), ("l", "?")),
)


async def picture(scene: Scene, target: str) -> str:
    """Return a scene as SVG."""

    def opener(wanted: str) -> Desk:
        return open_desk(wanted, config=Config(), cache=Path(tempfile.gettempdir()), name="demo")

    app = PatchdeskApp(target, opener, theme=scene.theme, clock=lambda: NOW)
    async with app.run_test(size=scene.size) as pilot:
        await settle(pilot)
        for key in scene.keys:
            await pilot.press(key)
            await settle(pilot)
        return app.export_screenshot(title="patchdesk")


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until nothing works and nothing moves any more."""
    last = ""
    for _ in range(200):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause(0.1)
        now = pilot.app.export_screenshot()
        if now == last and not any(worker.is_running for worker in pilot.app.workers):
            return
        last = now
    raise RuntimeError("the screen does not come to rest")


# ------------------------------------------------------------- SVG that looks the same everywhere

_FONTS: Final = "'DejaVu Sans Mono', 'Noto Sans Mono CJK JP', 'Noto Sans CJK JP', monospace"
_CELL: Final = 12.2
"""The width of a cell in Textual's SVG; DejaVu Sans Mono has it at 20.26 px."""
_TEXT: Final = re.compile(
    r'<text class="(?P<style>[^"]*)" x="(?P<x>[0-9.]+)" y="(?P<y>[0-9.]+)" textLength="[0-9.]+"'
    r' clip-path="(?P<clip>[^"]*)">(?P<text>[^<]*)</text>'
)


def normalised(svg: str) -> str:
    """Return an SVG without fonts from elsewhere, whose characters stand on their cells in any renderer."""
    svg = re.sub(r"@font-face \{[^}]*\}\s*", "", svg)
    svg = re.sub(r"font-family: [^;]*;", f"font-family: {_FONTS};", svg)
    svg = svg.replace("font-size: 20px;", "font-size: 20.26px; font-variant-ligatures: none;")
    svg = _TEXT.sub(_cells, svg)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def _cells(match: re.Match[str]) -> str:
    """Write a run of text anew: wide characters, which have another font, as runs of their own."""
    x = float(match["x"])
    runs: list[str] = []
    wide = False
    for char in html.unescape(match["text"]):
        if not runs or wide != (get_character_cell_size(char) > 1):
            wide = get_character_cell_size(char) > 1
            runs.append("")
        runs[-1] += char
    written = []
    for run in runs:
        length = cell_len(run) * _CELL
        if run.strip("\xa0 "):
            written.append(
                f'<text xml:space="preserve" class="{match["style"]}" x="{x:.1f}" y="{match["y"]}"'
                f' textLength="{length:.1f}" clip-path="{match["clip"]}">{html.escape(run)}</text>'
            )
        x += length
    return "".join(written)


def main(names: Sequence[str]) -> int:
    """Make the scenes that are named, or all; return the exit status."""
    unknown = set(names) - {scene.name for scene in SCENES}
    if unknown:
        print(f"no such scene: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as home, demo_path() as demo:
        os.environ.update(HOME=home, TZ="UTC")
        time.tzset()
        for variable in [name for name in os.environ if name.startswith("XDG_")]:
            del os.environ[variable]
        os.environ.pop("NO_COLOR", None)
        for scene in SCENES:
            if names and scene.name not in names:
                continue
            svg = normalised(asyncio.run(picture(scene, str(demo))))
            (HERE / f"{scene.name}.svg").write_text(svg, encoding="utf-8")
            png = resvg_py.svg_to_bytes(svg_string=svg)
            (HERE / f"{scene.name}.png").write_bytes(bytes(png))
            print(f"{scene.name}: {scene.size[0]}x{scene.size[1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
