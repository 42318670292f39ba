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
from core.desk.target_desk import TargetDesk, open_target_desk
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
    no_color: bool = False


_TOUR = ("l", "j", "j")
"""To the cover letter of the demo's first series."""
_DIFF = (*"jjjjl", *"jjjjj", "enter", "}")
"""To the diff of a patch in the middle of a series."""

_ALONE: Final = ("t", "f")
"""The pane that has the keys alone on the screen."""
_SIDES: Final = (*_DIFF, *_ALONE, "t", "l", "t", "n")
"""The same, old and new side by side, with numbers."""
_MOVED: Final = (*"jjjjl", *"jjjj", "enter", *_ALONE, *"})", "t", "n")
_REVIEWED: Final = (*(["j"] * 39), "l", "j", "l", *"jj", "enter", *_ALONE, *"}})", ".")
"""A patch of an older series, with what was said of it."""
_FILES: Final = (*(["j"] * 19), "l", *"jjljj", "enter", "}", "X", "}", "X", "g", "f")
"""The files of a patch, of which some were viewed."""
_VIEWED: Final = (*_FILES[:-2], "t", "v", "{", "{")

SCENES: Final = (
    Scene("desk", (160, 50), _TOUR),
    Scene("patch", (160, 50), _DIFF),
    Scene("small", (80, 24), _DIFF),
    Scene("sides", (160, 50), _SIDES),
    Scene("stacked", (120, 40), (*_DIFF, *_ALONE, "t", "l")),
    Scene("moved", (120, 40), _MOVED),
    Scene("words", (120, 40), (*_FILES[:-6], *_ALONE, "}")),
    Scene("wrapped", (140, 40), (*_SIDES, "t", ">")),
    Scene("remarks", (120, 40), _REVIEWED),
    Scene("viewed", (160, 50), _VIEWED),
    Scene("files", (160, 50), _FILES),
    Scene("light", (160, 50), _DIFF, "patchdesk-light"),
    Scene("contrast", (160, 50), _SIDES, "patchdesk-contrast"),
    Scene("ansi", (120, 40), _MOVED, "ansi-dark"),
    Scene("nocolor", (120, 40), _MOVED, no_color=True),
    Scene("help", (120, 40), ("l", "?")),
)


async def picture(scene: Scene, target: str) -> str:
    """Return a scene as SVG."""

    def opener(wanted: str) -> TargetDesk:
        return open_target_desk(
            wanted, config=Config(), cache=Path(tempfile.gettempdir()), name="demo"
        )

    os.environ.pop("NO_COLOR", None)
    if scene.no_color:
        os.environ["NO_COLOR"] = "1"
    app = PatchdeskApp(target, opener, theme=scene.theme, clock=lambda: NOW)
    async with app.run_test(size=scene.size) as pilot:
        await settle(pilot, app)
        for key in scene.keys:
            await pilot.press(key)
            await settle(pilot, app)
        return app.export_screenshot(title="patchdesk")


async def settle(pilot: Pilot[Any], app: PatchdeskApp) -> None:
    """Wait until nothing works and nothing moves."""
    last = ""
    for _ in range(3000):
        await pilot.pause(0.02)
        if not app.is_idle:
            continue
        now = app.export_screenshot()
        if now == last:
            return
        last = now
    raise RuntimeError("the screen does not come to rest")


# ------------------------------------------------------------- SVG that looks the same everywhere

_FONTS: Final = "'DejaVu Sans Mono', 'Noto Sans Mono CJK JP', 'Noto Sans CJK JP', monospace"
_CELL: Final = 12.2
"""The width of a cell in Textual's SVG; DejaVu Sans Mono has it at 20.26 px."""
_BALLOON: Final = "M{x:.1f},{y:.1f} m3,0 h12 a3,3 0 0 1 3,3 v5 a3,3 0 0 1 -3,3 h-6 l-5,4 v-4 h-1 a3,3 0 0 1 -3,-3 v-5 a3,3 0 0 1 3,-3 z"
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
        if run == "\N{SPEECH BALLOON}":
            # Not every machine has a font with it.
            balloon = _BALLOON.format(x=x + 3, y=float(match["y"]) - 14)
            written.append(f'<path class="{match["style"]}" d="{balloon}"/>')
        elif run.strip("\xa0 "):
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
