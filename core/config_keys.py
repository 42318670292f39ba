"""The keys of the configuration: meaning, attribute of Config, and allowed values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from core.coverage.ready import ALLOWED, read_ready_rule

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_INTERVAL: Final = re.compile(r"(\d{1,6})\s*([smhd]?)")


def read_interval(text: str) -> float | None:
    """Return the seconds that `15m`, `2h`, `90s`, `1d` or, in minutes, `15` stands for; None for anything else."""
    match = _INTERVAL.fullmatch(text.strip())
    if match is None or int(match[1]) == 0:
        return None
    return float(int(match[1]) * _UNITS[match[2] or "m"])


def read_inbox_since(text: str, now: datetime) -> datetime | None:
    """Return the moment that `30d`, `2.months.ago`, `2026-01-01` or `all` names, looking back from `now`; None for anything else."""
    from core.approxidate import read_past

    words = text.strip().lower()
    if words == "all":
        return datetime.fromtimestamp(0, now.tzinfo)
    return read_past(words, now) or read_past(f"{words} ago", now)


class WrongValueError(Exception):
    """A value cannot be used; the message has the allowed values."""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongValueError("a string")
    return value


def _panes(value: Any) -> str:
    if value not in ("auto", "beside", "below"):
        raise WrongValueError("auto, beside or below")
    return str(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise WrongValueError("true or false")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise WrongValueError("a list of strings")
    return tuple(value)


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 3600:
        raise WrongValueError("a number of seconds from 0 to 3600")
    return float(value)


def _seconds_or_never(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 3600:
        raise WrongValueError("a number of seconds from 0 to 3600")
    return float(value)


def _bytes(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 << 10 <= value <= 4 << 30:
        raise WrongValueError("a number of bytes from 1024 to 4294967296")
    return value


def _server(value: Any) -> str:
    if value != "" and not str(value).startswith(("https://", "http://")):
        raise WrongValueError('an address like "https://lore.kernel.org/all"')
    return str(value).rstrip("/")


def _file(value: Any) -> str:
    try:
        is_there = value == "" or Path(_text(value)).expanduser().is_file()
    except (OSError, RuntimeError, ValueError):  # a name too long, no home, a NUL
        is_there = False
    if not is_there:
        raise WrongValueError(f"the path of a file; {value} is not one")
    return str(value)


def _columns(value: Any) -> int:
    if (
        isinstance(value, bool)
        or not isinstance(value, int)
        or not (value == 0 or 20 <= value <= 998)
    ):
        raise WrongValueError("0, or a number of columns from 20 to 998")
    return value


def _ready(value: Any) -> str:
    if _text(value).strip():
        try:
            read_ready_rule(value)
        except ValueError:
            raise WrongValueError(ALLOWED) from None
    return str(value).strip()


def _way(value: Any) -> str:
    if value in ("auto", "git", "command") or str(value).startswith(("file:", "maildir:")):
        return str(value)
    raise WrongValueError('one of "auto", "git", "command", "file:PATH", "maildir:PATH"')


def _preset(value: Any) -> str:
    if value not in ("default", "mutt", "aerc", "b4"):
        raise WrongValueError('one of "default", "mutt", "aerc", "b4"')
    return str(value)


LANGMAPS: Final = ("ru", "uk", "el", "he")
"""The keyboard layouts that have a name here; `tui.keys.langmaps` has their letters."""


def _langmap(value: Any) -> str:
    if value in ("", *LANGMAPS) or all(len(pair) == 2 for pair in _text(value).split(",")):
        return str(value)
    raise WrongValueError(
        f'one of {", ".join(LANGMAPS)}, or pairs of a letter and its key like "фa,иb"'
    )


@dataclass(frozen=True, slots=True)
class ConfigKey:
    """A key of the configuration."""

    attribute: str
    """The attribute of Config that has its value."""
    read: Callable[[Any], Any]
    """Returns a usable value. Raises WrongValueError."""
    help: str
    """Its meaning, for the manual."""


KEYS: Final[Mapping[str, ConfigKey]] = {
    "me.name": ConfigKey("me_name", _text, "your name; unset: git's user.name"),
    "me.addresses": ConfigKey("me_addresses", _texts, "your addresses, the first one sends; unset: git's user.email"),
    "keys.preset": ConfigKey("keys_preset", _preset, "the keys to begin with: default, mutt, aerc or b4"),
    "keys.langmap": ConfigKey("keys_langmap", _langmap, "the keyboard layout whose letters count as the keys at their places: ru, uk, el, he, or pairs of a letter and its key, such as фa,иb"),
    "display.theme": ConfigKey("theme", _text, "a theme of patchdesk (patchdesk, patchdesk-light, patchdesk-contrast, ansi-dark) or of Textual"),
    "display.linear": ConfigKey("linear", _flag, "words in place of signs and one pane at a time, for screen readers and plain terminals"),
    "display.mouse": ConfigKey("mouse", _flag, "take the mouse; false leaves it to the terminal"),
    "display.panes": ConfigKey("panes", _panes, "auto (side by side from 154 columns on), beside or below; a choice made by key in the reader overrides it"),
    "display.read_after": ConfigKey("read_after", _seconds_or_never, "seconds after which a preview that is shown in full counts as read; 0: only what was opened in the reader does"),
    "identity.mailmap": ConfigKey("mailmap", _file, "a git mailmap, to count the people of a digest"),
    "identity.bots": ConfigKey("bots", _texts, "bots, by address or name, `*` any text: digests count them apart, and their comments are not followed"),
    "fetch.deadline": ConfigKey("deadline", _seconds, "seconds that a server may take for a whole answer"),
    "fetch.max_size": ConfigKey("max_size", _bytes, "the largest answer of a server in bytes, compressed or not"),
    "fetch.server": ConfigKey("server", _server, "the server that is asked for a Message-ID; empty: git's b4.midmask, else lore.kernel.org"),
    "index.bodies": ConfigKey("index_bodies", _flag, "index the text of messages, for b: queries"),
    "hooks.after_sync": ConfigKey("after_sync", _text, "a shell command run after a sync that brought news; it gets the objects of `patchdesk new --json` on standard input"),
    "me.signature": ConfigKey("signature", _text, "text below “-- ” in replies"),
    "reply.wrap": ConfigKey("reply_wrap", _columns, "columns at which your lines of a reply are wrapped; 0 never wraps"),
    "reply.never": ConfigKey("reply_never", _texts, "addresses that get no reply"),
    "reply.bcc_me": ConfigKey("reply_bcc_me", _flag, "send yourself a copy of every reply"),
    "send.with": ConfigKey("send_with", _way, "how mail is sent: auto, git, command, file:PATH or maildir:PATH"),
    "send.command": ConfigKey("send_command", _text, "a command that reads a mail on standard input, such as msmtp; empty: git send-email, else git's sendemail.sendmailCmd"),
    "send.identity": ConfigKey("send_identity", _text, "an identity of git send-email"),
    "send.repo": ConfigKey("send_repo", _text, "the repository whose configuration git send-email reads"),
    "apply.repo": ConfigKey("apply_repo", _text, "the repository that patches are applied to"),
    "apply.base": ConfigKey("apply_base", _text, "the commit to apply to"),
    "apply.branch": ConfigKey("apply_branch", _text, "the name of the branch; {author}, {slug} and {version} are filled in"),
    "review.ready": ConfigKey("review_ready", _ready, 'fresh trailers that each patch needs for a series to be ready, such as "R>=1" or "R>=1 or A>=1"; empty: no claim'),
    "apply.worktrees": ConfigKey("apply_worktrees", _text, "the folder for worktrees; empty: beside the repository"),
    "apply.fast": ConfigKey("apply_fast", _flag, "make commits without git am: no worktree, no hook, no signature; the trees are the same"),
}  # fmt: skip
"""All keys but those of tables with user-chosen keys, in the order of the manual."""

LIST_KEYS: Final[Mapping[str, str]] = {
    "target": "where the list's mail is: an address, a folder or an mbox",
    "repo": "a git repository, for tags that end a snooze and for applying patches",
    "web": "the web address of its messages, in place of lore's",
    "sync_every": "how often the reader syncs it, such as 15m or 2h; empty: never by itself",
    "inbox_since": "series older than this start outside the inbox, such as 30d, 2026-01-01 or all; empty: 14 days before the first sync",
    "ready": "trailers that each patch of a series needs, in place of review.ready",
    "clone": "mirror its git epochs; false: fetch by search",
}
"""The keys of `[lists.NAME]`."""

TREE_KEYS: Final[Mapping[str, str]] = {
    "repo": "the repository",
    "ref": "the branch in which patches land",
    "role": "the role of the tree, such as maintainer",
    "fetch": "fetch its remote on a sync",
}
"""The keys of `[trees.NAME]`."""
