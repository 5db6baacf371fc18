"""What people read: the words of each turn with capitals, sentences that end, and, as asked, digits and no fillers.

What a recogniser wrote with punctuation keeps its own; so do words with capitals among others without, like the terms
of a vocabulary. Words and their times stay what they were: every token knows the word it begins with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .fillers import without_fillers
from .numbers import with_digits
from .sentences import end_sentences
from .tokens import SENTENCE_END, Token, spoken

if TYPE_CHECKING:
    from mediaindex.timeline import Turn

    from .protocols import CaseRestorer, NumberFinder

RESTORED = "en"  # the language whose capitals and sentences can be restored
ABBREVIATION = 3  # letters: "Dr." and "St." end no sentence


@dataclass(frozen=True, slots=True)
class ReadableRules:
    """``digits``: numbers as digits; ``fillers``: "um" and "uh" stay; ``pause``: silence (s) that ends a sentence."""

    digits: bool
    fillers: bool
    pause: float


def readable(
    turns: Sequence[Turn], restorer: CaseRestorer | None, finder: NumberFinder | None, rules: ReadableRules
) -> list[list[Token]]:
    """Each turn's tokens, at least one a turn; a None of the engines leaves its step out."""
    texts = [_chosen(turn, finder, rules) for turn in turns]
    plain = [i for i, turn in enumerate(turns) if turn.language == RESTORED and not _punctuated(texts[i])]
    if restorer is not None:
        ended = end_sentences([turns[i] for i in plain], [texts[i] for i in plain], rules.pause)
        for i, tokens in zip(plain, _restored(ended, restorer), strict=True):
            texts[i] = tokens
    return texts


def _chosen(turn: Turn, finder: NumberFinder | None, rules: ReadableRules) -> list[Token]:
    tokens = spoken(turn)
    if not rules.fillers:
        tokens = without_fillers(tokens, turn.language)
    if rules.digits and finder is not None:
        tokens = with_digits(tokens, turn.language, finder, rules.pause)
    return tokens


def _punctuated(tokens: Sequence[Token]) -> bool:
    """Whether the recogniser wrote marks here; those of an abbreviation in a vocabulary's term are none."""
    return any(
        token.mark and not (token.mark == "." and token.core[:1].isupper() and len(token.core) <= ABBREVIATION)
        for token in tokens
    )


def _restored(texts: Sequence[list[Token]], restorer: CaseRestorer) -> list[list[Token]]:
    """Capitals, read over the ends of turns: one that goes on with a sentence does not begin with a capital."""
    restored: list[list[Token]] = []
    for first, end in _paragraphs(texts):
        tokens = [token for text in texts[first:end] for token in text]
        before = " ".join(token.text for token in tokens)
        after = restorer.restore(before)
        pieces = iter(after.split() if len(after) == len(before) else before.split())
        restored += [[replace(token, text=next(pieces)) for token in text] for text in texts[first:end]]
    return restored


def _paragraphs(texts: Sequence[list[Token]]) -> list[tuple[int, int]]:
    """Runs of turns, cut wherever a turn ends with a sentence."""
    cuts = [i + 1 for i, text in enumerate(texts) if text[-1].text.endswith(SENTENCE_END) or i == len(texts) - 1]
    return list(zip([0, *cuts], cuts, strict=False))
