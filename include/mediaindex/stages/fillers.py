"""Remove words that only fill a pause from the readable text; they stay in the words of the transcript."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .tokens import LETTERS_BETWEEN, MARKS, SENTENCE_END, Token

# Only sounds that are not a word of the language: German keeps "um" and "er", Italian and Portuguese "eh".
FILLERS = {
    language: frozenset(words.split())
    for language, words in {
        "de": "ehm hm hmm mhm mm \u00e4h \u00e4hm \u00f6h \u00f6hm \u00e4hh \u00f6hh",
        "en": "ehm er erm hm hmm mhm mm mmm uh uhh uhm um umm",
        "es": "ehm em emm hm hmm mm mmm mhm",
        "fr": "euh euhh heu hm hmm mhm mm mmm",
        "it": "ehm hm hmm mhm mm mmm uhm",
        "nl": "ehm hm hmm mhm mm uh uhm",
        "pt": "hm hmm hum mhm mm h\u00e3",
    }.items()
}


def without_fillers(tokens: Sequence[Token], language: str) -> list[Token]:
    """The tokens without fillers, or all tokens if there are only fillers: the text of a turn is never empty.

    The full stop of a filler moves to the word before it, its capital to the word after it; commas around it are
    removed.
    """
    fillers = FILLERS.get(language, frozenset())
    if all(token.core.lower() in fillers for token in tokens):
        return list(tokens)
    kept: list[Token] = []
    capital = False
    for token in tokens:
        if token.core.lower() in fillers:
            capital = capital or token.core[:1].isupper()
            if kept:
                kept[-1] = _with_mark_of(kept[-1], token)
        else:
            kept.append(replace(token, text=_capitalised(token.text)) if capital else token)
            capital = False
    return kept


def _with_mark_of(token: Token, filler: Token) -> Token:
    # The time of the filler does not count as silence.
    letters = token.letters + LETTERS_BETWEEN + filler.letters
    text = token.text
    if filler.mark and not token.mark.endswith(SENTENCE_END):
        text = text.rstrip(MARKS) + (filler.mark if filler.mark.endswith(SENTENCE_END) else "")
    return replace(token, text=text, letters=letters)


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
