"""Is an English sentence a question? Only what its first words settle ("do you", "what is the"), no tone of voice."""

from __future__ import annotations

from collections.abc import Sequence

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
    """``words``: one sentence in lower case without marks."""
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
