"""About how many syllables a text has, in any script: rates of speech are alike over languages, letters are not."""

from __future__ import annotations

# First and last code point of scripts, and how many of their letters make a syllable. Scripts that are not listed write
# about one syllable a letter: kana, Hangul, Han, and those of India and South-East Asia (vowel signs are no letters).
_ALPHABETS = ((0x0000, 0x058F), (0x10A0, 0x10FF), (0x1C80, 0x1CBF), (0x1E00, 0x1FFF), (0x2C00, 0x2DFF))
_CONSONANTS = ((0x0590, 0x08FF), (0xFB1D, 0xFDFF), (0xFE70, 0xFEFF))  # Hebrew, Arabic: short vowels are not written


def syllables(text: str) -> float:
    """Letters by how many of them their script needs for a syllable; a digit is spoken as one, at least."""
    return sum(_share(character) for character in text if character.isalnum())


def _share(character: str) -> float:
    if character.isdigit():
        return 1.0
    point = ord(character)
    if any(first <= point <= last for first, last in _ALPHABETS):
        return 1 / 3
    if any(first <= point <= last for first, last in _CONSONANTS):
        return 1 / 2
    return 1.0
