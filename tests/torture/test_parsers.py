"""Each parser on bent input: nothing leaves it but what it promises, in time and memory that grow as its input does."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.torture.budget import assert_linear, peak
from tests.torture.strategies import bent, repeated
from tests.torture.targets import TARGETS

EXAMPLES = int(os.environ.get("TORTURE_EXAMPLES", "120"))
"""More of them with `make torture`."""
CALM = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
BYTES_FOR_A_BYTE = 400
"""Python's objects for each byte read: an id is some 100, a row of a table more; 100 MB of mail are never read at once."""
BYTES_AT_REST = 3 << 20

EACH = pytest.mark.parametrize("name", TARGETS)


@EACH
def test_nothing_leaves_a_parser_but_its_answer(name: str) -> None:
    target = TARGETS[name]

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=CALM)
    @given(data=bent(target.tokens) | st.binary(max_size=200))
    def run(data: bytes) -> None:
        target.check(data)

    run()


@EACH
def test_time_grows_as_the_input_does(name: str) -> None:
    target = TARGETS[name]

    @settings(max_examples=max(5, EXAMPLES // 10), deadline=None, suppress_health_check=CALM)
    @given(parts=repeated(target.tokens))
    def run(parts: tuple[bytes, bytes, bytes]) -> None:
        begin, piece, end = parts
        assert_linear(
            target.check,
            lambda size: begin + piece * (size // len(piece)) + end,
            target.size,
        )

    run()


@EACH
def test_memory_grows_as_the_input_does(name: str) -> None:
    target = TARGETS[name]

    @settings(max_examples=max(3, EXAMPLES // 40), deadline=None, suppress_health_check=CALM)
    @given(parts=repeated(target.tokens))
    def run(parts: tuple[bytes, bytes, bytes]) -> None:
        begin, piece, end = parts
        data = begin + piece * (target.size // len(piece)) + end
        assert peak(lambda: target.check(data)) <= BYTES_AT_REST + BYTES_FOR_A_BYTE * len(data)

    run()
