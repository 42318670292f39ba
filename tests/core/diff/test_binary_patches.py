"""The sizes of binary files, as git's own patches tell them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.diff.parse import read_diff
from core.diff.stat import binary_patch_sizes
from tests.core.shared_mails import git


def sizes(old: bytes | None, new: bytes | None, folder: Path) -> tuple[int | None, int | None]:
    """Return the sizes that git's patch from one content to another tells; None: the file is not there."""
    git("init", "-q", folder=folder)
    for content in (old, new):
        path = folder / "file.bin"
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(content)
        git("add", "-A", folder=folder)
        identity = ("-c", "user.name=a", "-c", "user.email=a@x")
        git(*identity, "commit", "-q", "--allow-empty", "-m", "x", folder=folder)
    text = git("diff", "--binary", "HEAD~1", "HEAD", folder=folder).decode()
    (file,) = read_diff(text).files
    assert file.binary
    return binary_patch_sizes(file.header)


_LARGE = random.Random(7).randbytes(30_000)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (None, b"\0" * 12, (0, 12)),
        (b"\0" * 12, None, (12, 0)),
        (b"\0abc", b"\0defgh", (4, 6)),
        # So alike that git writes what differs.
        (_LARGE, _LARGE[:20_000] + b"new" + _LARGE[20_000:], (30_000, 30_003)),
        (_LARGE, _LARGE[:100], (30_000, 100)),
    ],
)
def test_what_git_writes(
    old: bytes | None, new: bytes | None, expected: tuple[int, int], tmp_path: Path
) -> None:
    assert sizes(old, new, tmp_path) == expected


def test_where_nothing_says() -> None:
    assert binary_patch_sizes(["Binary files a/x and b/x differ"]) == (None, None)
    assert binary_patch_sizes(["GIT binary patch", "delta 7", "Oéé"]) == (None, None)
    assert binary_patch_sizes(["GIT binary patch", "delta 7"]) == (None, None)


@pytest.mark.torture
@given(
    st.lists(
        st.one_of(
            st.sampled_from(["delta 7", "literal 5", "literal 99999999999999"]),
            st.text(max_size=60),
        )
    )
)
def test_anything_can_be_read(lines: list[str]) -> None:
    binary_patch_sizes(lines)


def test_a_bomb_is_not_unpacked() -> None:
    import zlib
    from base64 import b85encode

    packed = zlib.compress(b"\xff" * 10_000_000)
    assert binary_patch_sizes(["delta 7", "z" + b85encode(packed).decode()]) == (None, None)
