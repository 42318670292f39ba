"""The messages between the program and its child processes, and the frames that carry them.

A frame is four bytes with the length (big-endian), then a pickle. A pickle may name only the program's own dataclasses,
enums and errors, and a few types of the library, so that a child that was taken over cannot have its parent run anything.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from operator import attrgetter
from pathlib import Path, PosixPath, PurePosixPath
from typing import Any, Final

from core.errors import PatchdeskError

LENGTH: Final = struct.Struct(">I")
_LIBRARY_TYPES: Final = frozenset(
    {
        *(("builtins", name) for name in ("set", "frozenset", "bytearray")),
        *(("datetime", name) for name in ("date", "datetime", "time", "timedelta", "timezone")),
        # Python 3.13 has them in a module of another name.
        *((one.__module__, one.__qualname__) for one in (Path, PosixPath, PurePosixPath)),
        ("collections", "OrderedDict"),
    }
)


@dataclass(frozen=True, slots=True)
class Request:
    """A question to a child that serves, and the seconds it may take, where that is bounded."""

    value: object
    deadline: float | None


@dataclass(frozen=True, slots=True)
class Done:
    """The child has sent all there is."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The child could not do it."""

    error: PatchdeskError


def unpacked(frame: bytes) -> Any:
    """Return the value of a frame. Raises UnpicklingError where it names foreign types."""
    return _OwnTypes(io.BytesIO(frame)).load()


class _OwnTypes(pickle.Unpickler):
    """Unpickles the program's own types and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _LIBRARY_TYPES:
            return super().find_class(module, name)
        if module.startswith("core."):
            found = super().find_class(module, name)
            if isinstance(found, type) and (
                is_dataclass(found) or issubclass(found, (Enum, PatchdeskError, tuple))
            ):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} does not belong into a message")


class _FieldPickler(pickle.Pickler):
    """Pickles a dataclass with slots as a call with its fields: Python's own way looks them up anew for each object."""

    def reducer_override(self, value: Any) -> Any:
        kind: object = type(value)
        read = _field_reader(kind)
        return NotImplemented if read is None else (kind, read(value))


@cache
def _field_reader(kind: object) -> Callable[[Any], tuple[Any, ...]] | None:
    """Return the function that gives the arguments from which `kind` makes an equal object; None where none can."""
    if not isinstance(kind, type) or not is_dataclass(kind) or "__slots__" not in vars(kind):
        return None
    parts = fields(kind)
    is_plain = (
        len(parts) == len(kind.__dataclass_fields__)  # else an InitVar may be among them
        and all(part.init and not part.kw_only for part in parts)
        and kind.__dataclass_params__.init  # type: ignore[attr-defined]
        and not hasattr(kind, "__post_init__")
        and kind.__reduce__ is object.__reduce__
        and kind.__reduce_ex__ is object.__reduce_ex__
    )
    if not is_plain or not parts:
        return None
    read = attrgetter(*(part.name for part in parts))
    return read if len(parts) > 1 else lambda value: (read(value),)


def framed(value: object) -> bytes:
    """Return a value as a frame."""
    content = io.BytesIO()
    _FieldPickler(content, pickle.HIGHEST_PROTOCOL).dump(value)
    return LENGTH.pack(content.tell()) + content.getbuffer()
