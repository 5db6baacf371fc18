from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mediaindex.stages.word_places import WordPlaces
from mediaindex.timeline import Turn, Word


@given(st.lists(st.text("abc'", min_size=1, max_size=6), min_size=1, max_size=9))
def test_every_character_belongs_to_the_word_it_was_written_for(texts):
    words = tuple(Word(i, i + 1, text, 0.9) for i, text in enumerate(texts))
    text = Turn(0, len(words), "A", "en", words).text
    places = WordPlaces(words)
    begin = 0
    for word in words:
        assert {places.word_at(at) for at in range(begin, begin + len(word.text))} == {word}
        begin = text.index(word.text, begin) + len(word.text) + 1
