"""Inputs shaped like a format and then bent: words of its grammar in a row, cut, doubled, turned and swapped."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from tests.torture.tokens import ODD

MOST_WORDS = 60


def strung(words: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Return words of a grammar in a row, with what belongs nowhere among them."""
    word = st.one_of(
        st.sampled_from(words), st.sampled_from(words), st.sampled_from(ODD), st.binary(max_size=8)
    )
    return st.lists(word, max_size=MOST_WORDS).map(b"".join)


@st.composite
def bent(draw: st.DrawFn, words: Sequence[bytes]) -> bytes:
    """Return such a row after some mutations."""
    data = draw(strung(words))
    for _ in range(draw(st.integers(0, 4))):
        begin, end = sorted((draw(st.integers(0, len(data))), draw(st.integers(0, len(data)))))
        piece = data[begin:end]
        mutants = (b"", piece * 2, piece[::-1], bytes(byte ^ 0x80 for byte in piece))
        word = draw(st.sampled_from(words) | st.sampled_from(ODD))
        data = data[:begin] + draw(st.sampled_from((*mutants, word, piece + word))) + data[end:]
    return data


def repeated(words: Sequence[bytes]) -> st.SearchStrategy[tuple[bytes, bytes, bytes]]:
    """Return a beginning, a piece to be repeated many times and an ending: what costs more than linear time is of this kind."""
    odd = tuple(word for word in ODD if len(word) < 100)
    word = st.sampled_from(words) | st.sampled_from(words) | st.sampled_from(odd)
    piece = st.lists(word, min_size=1, max_size=4).map(b"".join).filter(bool)
    short = st.lists(word, max_size=3).map(b"".join)
    return st.tuples(short, piece, short)
