"""Hunk → spans of token kinds, for colouring its code.

A hunk is two texts: the old side (context and `-`) and the new one (context and `+`). Each is lexed apart, and
each line takes its colours from its own side; so a comment opened in a context line goes on in the added ones.
Work is bounded by the caps below, and comes in steps, so that a caller can do other things in between.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from enum import IntEnum, auto
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pygments.lexer import Lexer
    from pygments.token import _TokenType

LONGEST_LINE: Final = 1_000
"""Characters; a longer line stays plain. No code for people to read has one."""
MOST_LINES: Final = 400
MOST_CHARACTERS: Final = 40_000
"""Most characters of one side that are highlighted: callers cut large hunks into slices."""

_STEP: Final = 40
"""Tokens between two steps: less than a millisecond."""


class Token(IntEnum):
    """The tokens that have a colour."""

    KEYWORD = auto()
    TYPE = auto()
    FUNCTION = auto()
    STRING = auto()
    NUMBER = auto()
    COMMENT = auto()
    PREPROCESSOR = auto()


Span = tuple[int, int, Token]
"""Start and end, in characters of the line, and the token."""

Spans = list[list[Span]]
"""For each line its spans, in order, without overlap."""

Steps = Generator[None, None, Spans]


def highlight(path: str, kinds: str, lines: Sequence[str]) -> Spans:
    """Return the spans of each line of a hunk; none where it is too large or of an unknown language.

    `kinds` holds one of `core.diff.hunks.HunkLine.kind` for each line; `lines` come without that column.
    """
    steps = highlight_steps(path, kinds, lines)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            spans: Spans = done.value
            return spans


def highlight_steps(path: str, kinds: str, lines: Sequence[str]) -> Steps:
    """Run `highlight` in steps of a millisecond or less; return the spans at the end."""
    spans: Spans = [[] for _ in lines]
    name = language(path)
    if name is None or len(lines) > MOST_LINES:
        return spans
    new = "-" not in kinds or "+" in kinds
    if new:
        yield from _side(name, [at for at, kind in enumerate(kinds) if kind in " +"], lines, spans)
    if "-" in kinds:
        # Where both sides are there, the context has its spans already.
        old: Spans = [[] for _ in lines]
        yield from _side(name, [at for at, kind in enumerate(kinds) if kind in " -"], lines, old)
        for at, kind in enumerate(kinds):
            if kind == "-" or not new:
                spans[at] = old[at]
    return spans


def _side(
    name: str, places: Sequence[int], lines: Sequence[str], spans: Spans
) -> Generator[None, None, None]:
    """Lex the lines at `places` as one text, and put the tokens into `spans`."""
    texts = [lines[at] if len(lines[at]) <= LONGEST_LINE else "" for at in places]
    if sum(map(len, texts)) > MOST_CHARACTERS:
        return
    text = "\n".join(texts) + "\n"
    if name in _SLASH_STAR and _begins_in_comment(text, texts):
        text = "/*\n" + text
        row, start = -1, 0
    else:
        row, start = 0, 0
    end = text.find("\n")
    lexer = _lexer(name)
    for count, (at, kind, value) in enumerate(lexer.get_tokens_unprocessed(text)):
        if count % _STEP == _STEP - 1:
            yield
        token = _token(kind)
        stop = at + len(value)
        if token is None and stop < len(text) and text[stop] == "(" and _is_name(kind):
            token = Token.FUNCTION
        while at < stop:
            while at > end:
                row, start = row + 1, end + 1
                end = text.find("\n", start)
                if end < 0:
                    return
            piece = min(stop, end)
            if token is not None and row >= 0 and piece > at:
                _add(spans[places[row]], at - start, piece - start, token)
            at = piece + 1 if piece == end else piece


def _add(line: list[Span], start: int, stop: int, token: Token) -> None:
    """Append a span, or extend the one before it."""
    if line and line[-1][1] == start and line[-1][2] == token:
        line[-1] = (line[-1][0], stop, token)
    else:
        line.append((start, stop, token))


def _begins_in_comment(text: str, texts: Sequence[str]) -> bool:
    """Whether a side seems to start inside a `/* */` comment that was opened above the hunk."""
    opened, closed = text.find("/*"), text.find("*/")
    if closed >= 0:
        return opened < 0 or closed < opened
    first = next((line.lstrip() for line in texts if line.strip()), "")
    return first == "*" or first.startswith("* ")


@cache
def _lexer(name: str) -> Lexer:
    from pygments.lexers import get_lexer_by_name

    return get_lexer_by_name(name)


@cache
def _token(kind: _TokenType) -> Token | None:
    """Return the token of a Pygments token type."""
    while kind.parent is not None:
        token = _TOKENS.get(str(kind)[6:])
        if token is not None or str(kind) in _PLAIN:
            return token
        kind = kind.parent
    return None


@cache
def _is_name(kind: _TokenType) -> bool:
    return str(kind) == "Token.Name"


_TOKENS: Final = {
    "Comment": Token.COMMENT,
    "Comment.Preproc": Token.PREPROCESSOR,
    "Comment.PreprocFile": Token.STRING,
    "Generic.Heading": Token.KEYWORD,
    "Generic.Subheading": Token.KEYWORD,
    "Keyword": Token.KEYWORD,
    "Keyword.Constant": Token.NUMBER,
    "Keyword.Type": Token.TYPE,
    "Literal.Number": Token.NUMBER,
    "Literal.String": Token.STRING,
    "Literal.String.Escape": Token.NUMBER,
    "Name.Attribute": Token.FUNCTION,
    "Name.Builtin": Token.TYPE,
    "Name.Class": Token.TYPE,
    "Name.Constant": Token.NUMBER,
    "Name.Decorator": Token.PREPROCESSOR,
    "Name.Function": Token.FUNCTION,
    "Name.Label": Token.FUNCTION,
    "Name.Tag": Token.KEYWORD,
    "Operator.Word": Token.KEYWORD,
}
_PLAIN: Final = frozenset({"Token.Keyword.Punctuation"})

_SLASH_STAR: Final = frozenset(
    [
        "c",
        "cpp",
        "css",
        "devicetree",
        "go",
        "java",
        "javascript",
        "kotlin",
        "rust",
        "scala",
        "scss",
        "swift",
        "typescript",
    ]
)

_LANGUAGES: Final = {
    "asm": "gas", "awk": "awk", "bash": "bash", "bat": "bat", "c": "c", "cc": "cpp", "clj": "clojure",
    "cmake": "cmake", "cocci": "c", "conf": "ini", "config": "ini", "cpp": "cpp", "cs": "csharp", "css": "css",
    "cxx": "cpp", "dts": "devicetree", "dtsi": "devicetree", "dtso": "devicetree", "el": "emacs-lisp",
    "erl": "erlang", "ex": "elixir", "exs": "elixir", "go": "go", "h": "c", "hh": "cpp", "hpp": "cpp",
    "hs": "haskell", "htm": "html", "html": "html", "ini": "ini", "java": "java", "jl": "julia", "js": "javascript",
    "json": "json", "kt": "kotlin", "l": "c", "lds": "c", "lua": "lua", "m4": "bash", "mak": "make", "markdown": "markdown", "md": "markdown", "mjs": "javascript",
    "mk": "make", "ml": "ocaml", "mli": "ocaml", "nix": "nix", "php": "php", "pl": "perl", "pm": "perl",
    "proto": "protobuf", "ps1": "powershell", "py": "python", "pyi": "python", "r": "r", "rb": "ruby", "rs": "rust",
    "rst": "rst", "s": "gas", "sass": "sass", "scala": "scala", "scss": "scss", "service": "ini", "sh": "bash",
    "sql": "sql", "svg": "xml", "swift": "swift", "t": "perl", "tcl": "tcl", "toml": "toml", "ts": "typescript",
    "tsx": "typescript", "v": "verilog", "vim": "vim", "xml": "xml", "y": "c", "yaml": "yaml", "yml": "yaml", "zig": "zig",
}  # fmt: skip
"""The end of a file's name → Pygments' name for its language. A list of our own, since Pygments would try 900
patterns on a stranger's file name, and load lexers that nobody has looked at."""

_LANGUAGES_BY_NAME: Final = {
    "cmakelists.txt": "cmake", "dockerfile": "docker", "gnumakefile": "make", "kbuild": "make", "kconfig": "kconfig",
    "makefile": "make", "meson.build": "meson", "meson_options.txt": "meson",
}  # fmt: skip


def language(path: str) -> str | None:
    """Return Pygments' name for the language a file is written in, judged by its name alone."""
    name = path.rpartition("/")[2].lower()
    if (found := _LANGUAGES_BY_NAME.get(name)) is not None:
        return found
    first, dot, suffix = name.rpartition(".")
    if dot and (found := _LANGUAGES.get(suffix)) is not None:
        return found
    # Makefile.build, Kconfig.debug
    return _LANGUAGES_BY_NAME.get(first.partition(".")[0]) if dot else None
