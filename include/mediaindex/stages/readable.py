"""The readable text of each turn: with capitals and ends of sentences and, if set, with digits and without fillers.

Text that a recogniser wrote with punctuation keeps it; words with capitals, such as the terms of a vocabulary, keep
them. Words and times do not change: every token has the index of the word that it begins with.
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
ABBREVIATION = 3  # letters: "Dr." and "St." do not end a sentence


@dataclass(frozen=True, slots=True)
class ReadableRules:
    """``digits``: numbers as digits; ``fillers``: keep "um" and "uh"; ``pause``: silence (s) that ends a sentence."""

    digits: bool
    fillers: bool
    pause: float


def readable(
    turns: Sequence[Turn], restorer: CaseRestorer | None, finder: NumberFinder | None, rules: ReadableRules
) -> list[list[Token]]:
    """The tokens of each turn, at least one per turn; if an engine is None, its step is skipped."""
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
    """Whether the recogniser wrote punctuation; that of abbreviations in terms of a vocabulary does not count."""
    return any(
        token.mark and not (token.mark == "." and token.core[:1].isupper() and len(token.core) <= ABBREVIATION)
        for token in tokens
    )


def _restored(texts: Sequence[list[Token]], restorer: CaseRestorer) -> list[list[Token]]:
    """Capitals, restored across turns: a turn that continues a sentence does not begin with a capital."""
    restored: list[list[Token]] = []
    for first, end in _paragraphs(texts):
        tokens = [token for text in texts[first:end] for token in text]
        before = " ".join(token.text for token in tokens)
        after = restorer.restore(before)
        pieces = iter(after.split() if len(after) == len(before) else before.split())
        restored += [[replace(token, text=next(pieces)) for token in text] for text in texts[first:end]]
    return restored


def _paragraphs(texts: Sequence[list[Token]]) -> list[tuple[int, int]]:
    """Runs of turns (first index, index after the last), cut after each turn that ends with a sentence."""
    cuts = [i + 1 for i, text in enumerate(texts) if text[-1].text.endswith(SENTENCE_END) or i == len(texts) - 1]
    return list(zip([0, *cuts], cuts, strict=False))
