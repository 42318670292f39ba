"""The user's git settings for servers, as arguments for b4's LoreNode."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit


def node_settings(base: str, config: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Turn `[liblore "ORIGIN"]` (for lore.kernel.org also `[lore]`) into LoreNode's arguments; unreadable ones are left out.

    The keys are those of `LoreNode.from_git_config`, which would ask git itself.
    """
    parts = urlsplit(base)
    section = f"liblore.{parts.scheme}://{parts.netloc}."
    found = {
        key[len(section) :]: values for key, values in config.items() if key.startswith(section)
    }
    if not found and parts.hostname == "lore.kernel.org":
        found = {key[5:]: values for key, values in config.items() if key.startswith("lore.")}
    settings: dict[str, Any] = {}
    for key, (argument, read) in SETTINGS.items():
        if key in found:
            with contextlib.suppress(ValueError, KeyError):
                settings[argument] = read(found[key])
    return settings


def _flag(values: Sequence[str]) -> bool:
    words = {
        "true": True,
        "yes": True,
        "on": True,
        "1": True,
        "false": False,
        "no": False,
        "off": False,
        "0": False,
    }
    return {**words, "": False}[values[-1].strip().lower()]


def _seconds(values: Sequence[str]) -> float:
    seconds = float(values[-1])
    if not seconds >= 0:
        raise ValueError(seconds)
    return seconds


def _timeouts(values: Sequence[str]) -> tuple[float, float] | float:
    connect, comma, read = values[-1].partition(",")
    return (float(connect), float(read)) if comma else float(connect)


def _search(values: Sequence[str]) -> str:
    return {"local": "local", "upstream": "upstream"}[values[-1].strip().lower()]


SETTINGS: Final[dict[str, tuple[str, Callable[[Sequence[str]], Any]]]] = {
    "fallback": ("fallback_urls", list),
    "autoprobe": ("auto_probe", _flag),
    "probetimeout": ("probe_timeout", _seconds),
    "probettl": ("probe_ttl", lambda values: int(values[-1])),
    "requesttimeout": ("request_timeout", _timeouts),
    "useragentplus": ("useragentplus", lambda values: values[-1]),
    "followupstream": ("follow_upstream", _flag),
    "partialsearch": ("partial_search", _search),
    "upstreamholdoff": ("upstream_holdoff", _seconds),
    "allowupstream": ("allowed_upstreams", list),
}
