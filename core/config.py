"""The user's configuration: one TOML file, with defaults for missing keys.

A mistake in it never stops the program: it is reported, with the file and the key, and the default holds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from core.config_keys import KEYS, LIST_KEYS, WrongValueError, read_inbox_since, read_interval
from core.coverage.ready import ALLOWED, ReadyRule, read_ready_rule
from core.fetch.options import FetchOptions
from core.text import shown, shown_line

LIST_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
"""A list's name: it is also that of a folder."""

LIST_NAME_WORDS: Final = "letters, digits, and . _ + - after the first, 64 of them at most"

_LARGEST: Final = 1 << 20

_BEYOND_ASCII: Final = re.compile("[\x7f-\ud7ff\ue000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedList:
    """One `[lists.NAME]`."""

    target: str
    repo: str = ""
    web: str = ""
    sync_every: str = ""
    inbox_since: str = ""
    """Date from which its series are in the inbox; "" for the default of the first sync."""
    ready: str = ""
    """Rule for a ready series, in place of `Config.review_ready`."""
    clone: bool = True
    """Mirror the git epochs of a list on a server; without, its mails are asked for by search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTree:
    """One `[trees.NAME]`: a branch in which patches land."""

    repo: str
    ref: str
    role: str = "maintainer"
    fetch: bool = False
    """Fetch its remote on a sync."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The effective configuration. `sources` has the file of each dotted key that is not a default."""

    me_name: str = ""
    me_addresses: tuple[str, ...] = ()
    lists: Mapping[str, FollowedList] = field(default_factory=dict)
    views: Mapping[str, str] = field(default_factory=dict)
    keys_preset: str = "default"
    keys_langmap: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    theme: str = "patchdesk"
    linear: bool = False
    mouse: bool = True
    panes: str = "auto"
    read_after: float = 3.0
    """Seconds after which a preview that is shown in full counts as read; 0: it never does."""
    mailmap: str = ""
    bots: tuple[str, ...] = ()
    review_ready: str = ""
    """Rule for a ready series (`core.coverage.ready`); "" for none."""
    deadline: float = 60.0
    max_size: int = 64 << 20
    server: str = ""
    """The server for bare Message-IDs; "" for git's b4.midmask, else lore's."""
    after_sync: str = ""
    """A shell command that is run after a sync that brought news, with the `new` objects on its standard input."""
    index_bodies: bool = False
    """Index the texts of mails, for `b:`."""
    signature: str = ""
    """Stands below `-- ` in replies."""
    reply_wrap: int = 72
    """Columns at which own lines of a reply are wrapped; 0: never."""
    reply_never: tuple[str, ...] = ()
    """Addresses that get no reply."""
    reply_bcc_me: bool = False
    send_with: str = "auto"
    send_command: str = ""
    send_identity: str = ""
    send_repo: str = ""
    apply_repo: str = ""
    apply_base: str = ""
    apply_branch: str = "pd/{author}/{slug}-v{version}"
    apply_worktrees: str = ""
    """The folder in which worktrees are made; "" beside the repository."""
    apply_fast: bool = False
    """Make commits without `git am`, its hooks and signatures."""
    trees: Mapping[str, NamedTree] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    """Mistakes found, each a line that names the file and the key."""

    @property
    def repos(self) -> dict[str, str]:
        """The repository of each followed list that has one."""
        return {name: one.repo for name, one in self.lists.items() if one.repo}


_TABLES: Final = (
    "me", "lists", "views", "keys", "display", "identity", "fetch", "index", "reply", "send",
    "review", "apply", "trees", "hooks",
)  # fmt: skip


class _Reader:
    """Collects the values that can be used and the problems with the others."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.values: dict[str, Any] = {}
        self.sources: dict[str, str] = {}
        self.problems: list[str] = []

    def problem(self, key: str, allowed: str) -> None:
        where = f"{self.path}: {key}: " if key else f"{self.path}: "
        self.problems.append(shown(f"{where}{allowed}; the default holds"))

    def read(self, document: dict[str, Any]) -> None:
        for table, content in document.items():
            if table not in _TABLES:
                self.problem(table, f"unknown table; known tables: {', '.join(_TABLES)}")
            elif not isinstance(content, dict):
                self.problem(table, f"it must be a table, [{table}]")
            elif table == "lists":
                self._read_lists(content)
            elif table == "trees":
                self._read_trees(content)
            elif table == "views":
                self._read_texts("views", "views", content)
            elif table == "keys":
                named = {name for name in content if f"keys.{name}" in KEYS}
                keys = {name: value for name, value in content.items() if name not in named}
                self._read_texts("keys", "keys", keys)
                self._read_keys("keys", {name: content[name] for name in content if name in named})
            else:
                self._read_keys(table, content)

    def _read_keys(self, table: str, content: dict[str, Any]) -> None:
        known = [key.partition(".")[2] for key in KEYS if key.startswith(f"{table}.")]
        for name, value in content.items():
            key = f"{table}.{name}"
            if key not in KEYS:
                self.problem(key, f"unknown key; known keys: {', '.join(known)}")
                continue
            try:
                self.values[KEYS[key].attribute] = KEYS[key].read(value)
                self.sources[key] = str(self.path)
            except WrongValueError as wrong:
                self.problem(key, f"it must be {wrong}")

    def _read_texts(self, table: str, target: str, content: dict[str, Any]) -> None:
        good = {}
        for name, value in content.items():
            if isinstance(value, str):
                good[name] = value
                self.sources[f"{table}.{name}"] = str(self.path)
            else:
                self.problem(f"{table}.{name}", "it must be a string")
        self.values[target] = good

    def _read_trees(self, content: dict[str, Any]) -> None:
        trees = {}
        allowed = {"repo": str, "ref": str, "role": str, "fetch": bool}
        for name, table in content.items():
            key = f"trees.{name}"
            if not LIST_NAME.fullmatch(name):
                self.problem(key, f"the name of a tree consists of {LIST_NAME_WORDS}")
                continue
            if not isinstance(table, dict) or not {"repo", "ref"} <= table.keys():
                self.problem(key, 'it must be a table with repo = "..." and ref = "..."')
                continue
            for option, value in table.items():
                if option not in allowed:
                    self.problem(
                        f"{key}.{option}", f"unknown key; known keys: {', '.join(allowed)}"
                    )
                elif not isinstance(value, allowed[option]):
                    kind = "a string" if allowed[option] is str else "true or false"
                    self.problem(f"{key}.{option}", f"it must be {kind}")
            good: dict[str, Any] = {
                option: value
                for option, value in table.items()
                if option in allowed and isinstance(value, allowed[option])
            }
            if {"repo", "ref"} <= good.keys():
                trees[name] = NamedTree(**good)
                self.sources[key] = str(self.path)
        self.values["trees"] = trees

    def _read_lists(self, content: dict[str, Any]) -> None:
        lists = {}
        for name, table in content.items():
            key = f"lists.{name}"
            if not LIST_NAME.fullmatch(name):
                self.problem(key, f"the name of a list consists of {LIST_NAME_WORDS}")
                continue
            if not isinstance(table, dict) or not isinstance(table.get("target"), str):
                self.problem(key, 'it must be a table with target = "..."')
                continue
            good: dict[str, Any] = {}
            for option, value in table.items():
                if option not in LIST_KEYS:
                    self.problem(
                        f"{key}.{option}", f"unknown key; known keys: {', '.join(LIST_KEYS)}"
                    )
                elif option == "clone" and not isinstance(value, bool):
                    self.problem(f"{key}.{option}", "it must be true or false")
                elif option != "clone" and not isinstance(value, str):
                    self.problem(f"{key}.{option}", "it must be a string")
                elif option == "sync_every" and value and read_interval(value) is None:
                    self.problem(f"{key}.{option}", 'it must be like "15m", "2h", "1d" or "90s"')
                elif (
                    option == "inbox_since"
                    and value
                    and read_inbox_since(value, datetime.now(UTC)) is None
                ):
                    self.problem(f"{key}.{option}", 'it must be like "30d", "2026-01-01" or "all"')
                elif option == "ready" and value and not _is_ready_rule(value):
                    self.problem(f"{key}.{option}", f"it must be {ALLOWED}")
                else:
                    good[option] = value
            lists[name] = FollowedList(**good)
            self.sources |= dict.fromkeys((key, f"{key}.clone"), str(self.path))
        self.values["lists"] = lists


def _is_ready_rule(text: str) -> bool:
    try:
        read_ready_rule(text)
    except ValueError:
        return False
    return True


def ready_rule(config: Config, lists: Collection[str]) -> ReadyRule | None:
    """Return the rule of the first of some lists that has one, else the rule of all; None where there is none."""
    own = (config.lists[name].ready for name in lists if name in config.lists)
    text = next(filter(None, own), config.review_ready)
    return read_ready_rule(text) if text else None


def _read_document(reader: _Reader, content: bytes) -> None:
    import tomllib

    if len(content) > _LARGEST:
        reader.problem("", "it is larger than 1 MiB, so nothing of it was read")
        return
    try:
        reader.read(tomllib.loads(content.decode("utf-8-sig")))
    except (ValueError, RecursionError) as error:  # a number of 5000 digits is a plain ValueError
        reader.problem("", f"it is not TOML ({error})")


def load_config(path: Path) -> Config:
    """Return the configuration of the file at `path`, which need not exist, over the defaults."""
    reader = _Reader(path)
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except FileNotFoundError:
        return Config()
    except OSError as error:
        reader.problem("", f"it cannot be read ({error.strerror})")
    else:
        _read_document(reader, content)
    return Config(**reader.values, sources=reader.sources, problems=tuple(reader.problems))


def with_git(config: Config) -> Config:
    """Return the configuration with the user's global git configuration in place of missing keys."""
    from core.system.user_git import read_global

    git = read_global()
    found: dict[str, Any] = {}
    sources: dict[str, str] = {}
    if not config.me_name and (names := git.get("user.name")):
        found["me_name"], sources["me.name"] = names[-1], "git's user.name"
    if not config.me_addresses and (addresses := git.get("user.email")):
        found["me_addresses"], sources["me.addresses"] = (addresses[-1],), "git's user.email"
    if not config.server:
        found["server"] = FetchOptions(git_config=git).base
        if "b4.midmask" in git:
            sources["fetch.server"] = "git's b4.midmask"
    return replace(config, **found, sources={**config.sources, **sources})


def fetch_options(config: Config, cache: Path) -> FetchOptions:
    """Return how to fetch, as the configuration and the user's git configuration have it."""
    from core.system.user_git import read_global

    return FetchOptions(
        deadline=config.deadline,
        max_size=config.max_size,
        server=config.server,
        cache=cache,
        git_config=read_global(),
    )


def describe(config: Config) -> list[str]:
    """Return the configuration in force as TOML, a line a key, each with where it comes from in a comment."""
    values = {name: getattr(config, key.attribute) for name, key in KEYS.items()}
    sources = dict(config.sources)

    def add(table: str, name: str, value: Any, option: str = "") -> None:
        key = f"{table}.{_toml_key(name)}" + (f".{option}" if option else "")
        values[key] = value
        sources[key] = config.sources.get(f"{table}.{name}", "default")

    for name, query in config.views.items():
        add("views", name, query)
    for name, keys in config.keys.items():
        add("keys", name, keys)
    for name, tree in config.trees.items():
        for option in ("repo", "ref", "role", "fetch"):
            add("trees", name, getattr(tree, option), option)
    for name, followed in config.lists.items():
        add("lists", name, followed.target, "target")
        for option in ("repo", "web", "sync_every", "inbox_since", "ready"):
            if value := getattr(followed, option):
                add("lists", name, value, option)
        if not followed.clone:
            add("lists", name, value=False, option="clone")
    return [
        shown_line(f"{key} = {_toml_value(value)} # {sources.get(key, 'default')}")
        for key, value in sorted(values.items())
    ]


def _toml_key(name: str) -> str:
    """Return a name as a TOML key, quoted where a bare one cannot be."""
    import tomlkit

    return _escaped(tomlkit.key(name).as_string())


def _toml_value(value: Any) -> str:
    import tomlkit

    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return _escaped(tomlkit.item(list(value) if isinstance(value, tuple) else value).as_string())


def _escaped(toml: str) -> str:
    """Write unprintable characters as TOML escapes; a lone surrogate has none."""
    if shown_line(toml) == toml:
        return toml
    return _BEYOND_ASCII.sub(lambda found: f"\\U{ord(found[0]):08X}", toml)
