"""Why a recording is sent to a person, as one string that survives every queue, table and log."""

from __future__ import annotations


def reason(code: str, sentence: str) -> str:
    """``code: sentence``. The code is stable snake_case, for counting and filtering; the sentence has the numbers."""
    return f"{code}: {sentence}"


def code_of(text: str) -> str:
    """The stable code of a reason."""
    return text.partition(":")[0]
