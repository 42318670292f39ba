"""Hostile manifests in the worker."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from core.fetch.worker import MANIFEST_CAP, MOST_EPOCHS, FetchFault, epochs_in


def test_a_manifest_is_read() -> None:
    manifest = {
        "/l/git/0.git": {"fingerprint": "a" * 40, "modified": 7, "reference": None},
        "/l": 3,
    }
    assert epochs_in(json.dumps(manifest).encode()).entries == (
        ("/l/git/0.git", "a" * 40, 7),
        ("/l", "", 0),
    )


@pytest.mark.parametrize(
    "manifest",
    [b"", b"\xff", b"[" * MANIFEST_CAP, b'{"a":' * 100_000, b"1" * 5000, b"nothing"],
    ids=["empty", "bytes", "deep", "deep objects", "a large number", "words"],
)
def test_what_is_no_manifest_is_said(manifest: bytes) -> None:
    with pytest.raises(FetchFault):
        epochs_in(manifest)


def test_the_worst_manifest_under_the_cap_takes_little_memory() -> None:
    worst = b"[" + b"[]," * (MANIFEST_CAP // 3 - 2) + b"0]"
    tracemalloc.start()
    assert epochs_in(worst).entries == ()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 << 20


def test_no_more_epochs_than_a_list_may_have_are_taken() -> None:
    many = json.dumps({f"/git/{number}.git": {} for number in range(5000)}).encode()
    assert len(epochs_in(many).entries) == MOST_EPOCHS
