from __future__ import annotations

from mediaindex.contract.results import Part, Recognition
from mediaindex.stages.assembly.turns import languages_of
from mediaindex.timeline import Span, Word

WORDS = (Word(1, 2, "good", 0.9), Word(4.8, 5.1, "morning", 0.9), Word(5.1, 6, "guten", 0.9), Word(11, 12, "Tag", 0.9))


def test_a_word_is_in_the_language_of_the_part_that_holds_it():
    parts = (Part(Span(0.5, 5.0), "en", "conformer"), Part(Span(5.0, 7.0), "de", "whisper"))
    assert languages_of(WORDS, Recognition("en", "conformer", WORDS, (), parts=parts)) == ["en", "en", "de", "de"]


def test_without_parts_all_words_have_the_main_language():
    assert languages_of(WORDS, Recognition("fr", "whisper", WORDS, ())) == ["fr"] * 4
