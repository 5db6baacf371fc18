from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mediaindex.stages.readable import ReadableRules, readable
from mediaindex.stages.tokens import written
from mediaindex.timeline import Turn
from tests.builders.turns import said

SPOKEN = ["um", "uh", "the", "End.", "well,", "Mr.", "i", "twenty", "five", "|"]
RULES = ReadableRules(digits=True, fillers=True, pause=0.6)


class Sentences:
    """A restorer that capitalises the beginning of sentences only."""

    identity = "sentences"

    def restore(self, text):
        return re.sub(r"(^|[.?] )([a-z])", lambda match: match.group(1) + match.group(2).upper(), text)


class Longer:
    identity = "longer"

    def restore(self, text):
        return text.replace("s", "SS")


def texts(*turns: Turn, restorer=None, rules: ReadableRules = RULES) -> list[str]:
    return [written(tokens).text for tokens in readable(turns, restorer or Sentences(), None, rules)]


def test_words_become_sentences():
    assert texts(said("it was late | we went home")) == ["It was late. We went home."]


def test_a_sentence_may_continue_in_the_next_turn():
    first, second = said("he walked along"), said("another street", start=0.95)
    assert texts(first, second) == ["He walked along", "another street."]


def test_punctuation_of_the_recogniser_is_kept():
    assert texts(said("it was late, | and we went")) == ["it was late, and we went"]


def test_a_turn_with_punctuation_does_not_affect_others():
    assert texts(said("Yes, sir."), said("i see", speaker="B", start=2)) == ["Yes, sir.", "I see."]


def test_terms_of_a_vocabulary_keep_their_case():
    assert texts(said("from Tellson's Bank by St. Antoine and iPhone")) == [
        "From Tellson's Bank by St. Antoine and iPhone."
    ]


def test_other_languages_are_not_changed():
    assert texts(said("wir waren | in york", language="de")) == ["wir waren in york"]


def test_a_restorer_that_changes_more_than_case_is_not_used():
    assert texts(said("this is it"), restorer=Longer()) == ["this is it."]


def test_fillers_are_removed_if_set():
    turn = said("um it was | uh late")
    assert texts(turn) == ["Um it was uh late."]
    assert texts(turn, rules=replace(RULES, fillers=False)) == ["It was late."]


@given(
    st.lists(
        st.lists(st.sampled_from(["um", "uh", "the", "End.", "well,", "Mr.", "i", "twenty", "five", "|"]), max_size=9),
        max_size=5,
    )
)
def test_the_tokens_of_every_turn_are_its_words_in_order(spoken):
    lines = [" ".join(words) for words in spoken if set(words) - {"|"}]
    turns = [said(line, speaker="AB"[i % 2], start=i * 30.0) for i, line in enumerate(lines)]
    texts = readable(turns, Sentences(), None, replace(RULES, fillers=False))
    assert len(texts) == len(turns)
    for turn, tokens in zip(turns, texts, strict=True):
        text = written(tokens)
        assert text.places
        for token, place in zip(text.text.split(), text.places, strict=True):
            assert token.casefold().rstrip(".?") == turn.words[place].text.casefold().rstrip(".?")
