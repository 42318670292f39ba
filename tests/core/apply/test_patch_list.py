"""Tests of lists of patch numbers, such as `1-3,5`."""

from __future__ import annotations

import pytest

from core.apply.values import parse_patch_list


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1", {1}),
        ("1-3,5", {1, 2, 3, 5}),
        (" 2 , 4-5", {2, 4, 5}),
        ("9998-9999", {9998, 9999}),
        ("", None),
        ("0", None),
        ("3-1", None),
        ("1-", None),
        ("-3", None),
        ("1-3-5", None),
        ("two", None),
        ("10000", None),
        ("1-" + "9" * 5000, None),
    ],
)
def test_reads_patch_list(text: str, numbers: set[int] | None) -> None:
    assert parse_patch_list(text) == numbers
