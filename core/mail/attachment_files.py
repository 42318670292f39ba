"""Attachments as files: a name that a stranger chose made safe, and the kinds that may be opened or shown."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from core.model import Attachment
from core.text import shown

_LONGEST: Final = 100
"""Characters of a file's name."""
_UNSAFE: Final = re.compile(r"[^\w.+ ()@=-]")
_VIEWED: Final = MappingProxyType(
    {
        "application/pdf": ".pdf",
        "image/bmp": ".bmp",
        "image/gif": ".gif",
        "image/jpeg": ".jpg",
        "image/png": ".png",
        "image/tiff": ".tiff",
        "image/webp": ".webp",
    }
)
"""Types that a viewer may open, and the suffix by which it knows them. None can hold a script that browsers run."""
_TEXT: Final = re.compile(
    r"text/.*|message/.*|application/(?:x-)?(?:patch|diff|json|yaml|toml|xml|shellscript|sh|config)"
)


def file_name(attachment: Attachment) -> str:
    """Return a name for the file of an attachment: no folder, no hidden file, no control character."""
    last = re.split(r"[/\\]", attachment.name)[-1]
    name = _UNSAFE.sub("_", shown(last)).strip(" ._-")
    if len(name) > _LONGEST:
        stem, dot, suffix = name.rpartition(".")
        tail = f".{suffix}" if dot and len(suffix) < 10 else ""
        name = f"{(stem if tail else name)[: _LONGEST - len(tail)]}{tail}"
    return name or f"attachment{_VIEWED.get(attachment.content_type, '')}"


def viewer_suffix(attachment: Attachment) -> str | None:
    """Return the suffix of a file that a viewer may open; None for other types, which are only saved."""
    return _VIEWED.get(attachment.content_type)


def is_text(attachment: Attachment) -> bool:
    """Whether an attachment can be shown as text."""
    return _TEXT.fullmatch(attachment.content_type) is not None
