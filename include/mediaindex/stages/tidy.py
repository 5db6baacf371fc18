"""Words as they are compared: recognisers differ in case and punctuation, and mean the same."""

from __future__ import annotations


def plain(text: str) -> str:
    """The letters and digits of a word in lower case; the word itself where it has none."""
    return "".join(character for character in text.casefold() if character.isalnum()) or text
