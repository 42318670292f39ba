"""A segment on disk: its arrays in one file that is mapped into memory, and a head that says where each lies.

A segment is written into a new folder, which gets its name, a number, only when all of it is on the disk; the highest
number counts. So a crash leaves the segment before, and a reader keeps the files that it has mapped.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import shutil
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from core.search.fuzzy.segment import Segment

_FORMAT: Final = 1
"""Raised whenever what the arrays mean changes, the folding of words included."""

_ALIGNED: Final = 64
_HEAD: Final = "head.json"
_ARRAYS: Final = "arrays"
_UNFINISHED: Final = "new-"
_PIECES: Final = 64
_PIECE: Final = 4096


def save_segment(segment: Segment, folder: Path, stamp: str) -> None:
    """Write a segment and what it was made from. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder))
    try:
        _write(segment, unfinished, stamp)
        number = max(_numbers(folder), default=0) + 1
        unfinished.rename(folder / str(number))
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    _sync(folder)
    for old in _numbers(folder):
        if old < number:
            shutil.rmtree(folder / str(old), ignore_errors=True)


def load_segment(folder: Path) -> tuple[Segment, str] | None:
    """Return the saved segment, mapped, and its stamp; None where there is none that can be used."""
    for number in sorted(_numbers(folder), reverse=True):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            return _read(folder / str(number))
    return None


def _numbers(folder: Path) -> list[int]:
    try:
        return [int(path.name) for path in folder.iterdir() if path.name.isdecimal()]
    except OSError:
        return []


def _write(segment: Segment, folder: Path, stamp: str) -> None:
    arrays: dict[str, list[str | int]] = {}
    with _private(folder / _ARRAYS) as file:
        for name, array in segment.arrays():
            file.write(bytes(-file.tell() % _ALIGNED))
            arrays[name] = [array.dtype.str, len(array), file.tell()]
            file.write(np.ascontiguousarray(array).data)
        file.write(bytes(_ALIGNED))  # so that no array begins at the very end
        file.flush()
        os.fsync(file.fileno())
    with (folder / _ARRAYS).open("rb") as file:
        sample = _checksum_sample(file)
    with _private(folder / _HEAD) as file:
        head = {
            "format": _FORMAT,
            "byteorder": sys.byteorder,
            "stamp": stamp,
            "arrays": arrays,
            "sample": sample,
        }
        file.write(json.dumps(head).encode())
        file.flush()
        os.fsync(file.fileno())
    _sync(folder)


def _read(folder: Path) -> tuple[Segment, str]:
    """Return a segment. Raises OSError, ValueError, KeyError or TypeError where it cannot be used."""
    head = json.loads((folder / _HEAD).read_bytes())
    if head["format"] != _FORMAT or head["byteorder"] != sys.byteorder:
        raise ValueError("another format")
    with (folder / _ARRAYS).open("rb") as file:
        if _checksum_sample(file) != head["sample"]:
            raise ValueError("not what was written")
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    arrays: dict[str, NDArray[Any]] = {
        name: np.frombuffer(data, np.dtype(kind), count, offset)
        for name, (kind, count, offset) in head["arrays"].items()
    }
    return Segment(**arrays), str(head["stamp"])


def _checksum_sample(file: BinaryIO) -> list[int]:
    """Return the size of a file, and a checksum of some pieces all over it: to read all of it would take too long."""
    size = file.seek(0, os.SEEK_END)
    checksum = 0
    for number in range(_PIECES):
        file.seek(number * max(0, size - _PIECE) // (_PIECES - 1))
        checksum = zlib.crc32(file.read(_PIECE), checksum)
    return [size, checksum]


def _private(path: Path) -> Any:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
