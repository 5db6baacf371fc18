"""Find ends of sentences in the words of a recogniser without punctuation: at pauses and changes of speaker.

English only. In written text, half of the pauses at which a sentence ends here are commas: they sound the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from .tokens import LETTERS_BETWEEN, SENTENCE_END, Token

if TYPE_CHECKING:
    from mediaindex.timeline import Turn


# Not "had", "were", "should", "may": those open conditions and wishes too ("were I to").
_AUXILIARIES = """
    am is are was do does did have has can could will would isn't aren't wasn't weren't don't doesn't didn't haven't
    hasn't can't couldn't won't wouldn't shouldn't
"""
_SUBJECTS = "i you he she it we they there anyone anybody everyone everybody"
_DETERMINERS = "the this that these those your my his her their our"
_ASKING = "what why how where when who whose which"
_LEADS = "and but so well now then oh okay yes no"
AUXILIARIES = frozenset(_AUXILIARIES.split())
SUPPORT = frozenset(["do", "does", "did", "don't", "doesn't", "didn't"])
SUBJECTS = frozenset(_SUBJECTS.split())
DETERMINERS = frozenset(_DETERMINERS.split())
ASKING = frozenset(_ASKING.split())
LEADS = frozenset(_LEADS.split())


def is_question(words: Sequence[str]) -> bool:
    """Whether a sentence is a question; ``words``: its words in lower case without punctuation."""
    rest = list(words)
    while rest and rest[0] in LEADS:
        rest.pop(0)
    asked = bool(rest) and rest[0] in ASKING
    if asked:
        rest.pop(0)
    if len(rest) < 2 or rest[0] not in AUXILIARIES:
        return False
    if rest[1] in SUBJECTS:
        return True
    return asked and (rest[0] in SUPPORT or rest[1] in DETERMINERS)


# Words that do not end a sentence: the speaker continues, or was interrupted.
_NEVER_LAST = """
    a an the my your our their every of and or nor but if because although though while since unless than as very
    i we he she they i'm you're we're they're it's there's who's
"""
NEVER_LAST = frozenset(_NEVER_LAST.split())
# Words that rarely end one ("where are you from?", "I know what it is."): a pause after them is mostly hesitation.
_RARELY_LAST = """
    this that these those his her its some any no each
    to in on at by for from with without into onto upon over under between among through during against about
    so too until when where which who whom whose am is are was were be been not
    will would shall should can could may might must do does did have has had
"""
RARELY_LAST = NEVER_LAST | frozenset(_RARELY_LAST.split())
# Words that do not begin a sentence: in written text fewer than one in fifty of them is the first word.
_NEVER_FIRST = "of than which whom whose to into upon me him them us"
NEVER_FIRST = frozenset(_NEVER_FIRST.split())


def end_sentences(turns: Sequence[Turn], texts: Sequence[list[Token]], pause: float) -> list[list[Token]]:
    """The tokens with a full stop or question mark at each end of a sentence; existing punctuation is kept.

    ``pause``: the silence that ends a sentence, in seconds. It is measured from the time at which the word would end at
    the speaker's own pace, because recognisers differ in the end times of words.
    """
    flat = [(turn.speaker, token) for turn, tokens in zip(turns, texts, strict=True) for token in tokens]
    ends = _ends(flat, pause)
    marked: list[Token] = []
    begin = 0
    for index, (_, token) in enumerate(flat):
        if token.mark.endswith(SENTENCE_END):
            begin = index + 1
        elif ends[index]:
            question = is_question([word.core.lower() for _, word in flat[begin : index + 1]])
            token = replace(token, text=token.text.rstrip(",;:") + ("?" if question else "."))  # noqa: PLW2901
            begin = index + 1
        marked.append(token)
    rest = iter(marked)
    return [[next(rest) for _ in tokens] for tokens in texts]


def _ends(flat: Sequence[tuple[str, Token]], pause: float) -> list[bool]:
    pace = _paces(flat)
    ends = [
        token.core.lower() not in NEVER_LAST
        and (speaker != next_speaker or _silence(token, following, pace[speaker]) > pause)
        for (speaker, token), (next_speaker, following) in pairwise(flat)
    ]
    return [*ends, bool(flat) and flat[-1][1].core.lower() not in NEVER_LAST]


def _silence(token: Token, following: Token, pace: float) -> float:
    """Seconds of silence after a token; 0.0 if the words show that the sentence continues."""
    if token.core.lower() in RARELY_LAST or following.core.lower() in NEVER_FIRST:
        return 0.0
    return following.start - token.start - pace * (token.letters + LETTERS_BETWEEN)


def _paces(flat: Sequence[tuple[str, Token]]) -> dict[str, float]:
    """Median seconds per letter of each speaker."""
    taken: dict[str, list[float]] = defaultdict(list)
    for (speaker, token), (next_speaker, following) in pairwise(flat):
        if speaker == next_speaker:
            taken[speaker].append((following.start - token.start) / (token.letters + LETTERS_BETWEEN))
    return defaultdict(float, {speaker: median(times) for speaker, times in taken.items()})


def sentences(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """The sentences of a turn: index of the first token, and of the one after the last."""
    begin = 0
    for index, token in enumerate(tokens, 1):
        if index == len(tokens) or token.text.rstrip("\"'\u201d\u2019)]").endswith(SENTENCE_END):
            yield begin, index
            begin = index
