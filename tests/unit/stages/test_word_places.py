from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mediaindex.stages.tokens import Token, WordPlaces, written


@given(st.lists(st.text("abc'", min_size=1, max_size=6), min_size=1, max_size=9))
def test_every_character_belongs_to_its_token(texts):
    tokens = [Token(text, i, i, i + 1, len(text)) for i, text in enumerate(texts)]
    text = written(tokens).text
    places = WordPlaces(tokens)
    begin = 0
    for token in tokens:
        assert {places.token_at(at).place for at in range(begin, begin + len(token.text))} == {token.place}
        begin = text.index(token.text, begin) + len(token.text) + 1
