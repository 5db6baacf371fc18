from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from mediaindex.stages.chunk_words import PackedWords
from mediaindex.timeline import Word

TEXTS = st.text(min_size=1, max_size=12).filter(lambda text: len(text.split()) == 1 and text == text.strip())
WORDS = st.builds(
    lambda start, length, text, confidence: Word(start, start + length, text, confidence),
    st.floats(0, 1e6),
    st.floats(0.001, 60),
    TEXTS,
    st.floats(0, 1),
)


@given(st.lists(WORDS))
def test_packed_words_are_equal_in_every_iteration(words: list[Word]) -> None:
    packed = PackedWords(words)
    assert list(packed) == words
    assert list(packed) == words


def test_a_packed_word_takes_few_bytes() -> None:
    packed = PackedWords(Word(i, i + 1, f"word{i}", 0.5) for i in range(1000))
    assert sum(map(sys.getsizeof, (packed, packed._numbers, packed._texts))) < 40 * 1000
