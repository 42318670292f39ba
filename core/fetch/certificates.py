"""The certificates that servers are checked with, from the user's git configuration and from requests' variables.

git-config(1): http.sslCAInfo, http.sslCAPath, also as http.URL.sslCAInfo; git(1): GIT_SSL_CAINFO and GIT_SSL_CAPATH come
before. OpenSSL's SSL_CERT_FILE and SSL_CERT_DIR, and those of requests and curl, come after.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_FILES: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_FOLDERS: Final = ("SSL_CERT_DIR",)


@dataclass(frozen=True, slots=True)
class Certificates:
    """A file of certificates, or a folder of them as c_rehash makes it; "" for the system's."""

    path: str = ""
    origin: str = ""
    """The variable or git's setting that names it."""

    @property
    def environment(self) -> dict[str, str]:
        """The variables that pass it to git."""
        if not self.path:
            return {}
        return {"GIT_SSL_CAPATH" if os.path.isdir(self.path) else "GIT_SSL_CAINFO": self.path}  # noqa: PTH112 - never raises

    @property
    def is_readable(self) -> bool:
        """Whether it can be read, where one is named."""
        return not self.path or os.access(self.path, os.R_OK)


def certificates_for(
    url: str, git_config: Mapping[str, Sequence[str]], environment: Mapping[str, str]
) -> Certificates:
    """Return the certificates that the user's environment and git configure for an address."""
    for variable, key in (("GIT_SSL_CAINFO", "sslcainfo"), ("GIT_SSL_CAPATH", "sslcapath")):
        if path := environment.get(variable, ""):
            return Certificates(_expanded(path), variable)
        if (setting := _git_setting(url, key, git_config)) is not None:
            return setting
    for variable in (*_FILES, *_FOLDERS):
        if path := environment.get(variable, ""):
            return Certificates(_expanded(path), variable)
    return Certificates()


def _git_setting(
    url: str, key: str, git_config: Mapping[str, Sequence[str]]
) -> Certificates | None:
    """Return git's setting for an address: that of the longest one that it begins with."""
    found: list[tuple[int, str, str]] = []
    for name, values in git_config.items():
        if not (name.startswith("http.") and name.endswith(f".{key}")) or not values[-1]:
            continue
        prefix = name[len("http.") : -len(key) - 1]
        if not prefix or f"{url}/".startswith(f"{prefix.rstrip('/')}/"):
            found.append((len(prefix), values[-1], name))
    if not found:
        return None
    _, path, name = max(found)
    return Certificates(_expanded(path), f"git's {name}")


def _expanded(path: str) -> str:
    return os.path.expanduser(path)  # noqa: PTH111 - never raises
