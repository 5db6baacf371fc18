"""Word and character errors, counted by jiwer on normalised text."""

from __future__ import annotations

from collections.abc import Sequence

from .tally import Tally


def word_errors(reference: str, said: str) -> Tally:
    """Words wrong, missing or too many, over the words of the reference. Both texts normalised."""
    import jiwer

    counted = jiwer.process_words(reference, said)
    errors = counted.substitutions + counted.deletions + counted.insertions
    return Tally(part=errors, whole=len(reference.split()))


def character_errors(reference: str, said: str) -> Tally:
    """The same with characters, spaces between words among them."""
    import jiwer

    counted = jiwer.process_characters(reference, said)
    errors = counted.substitutions + counted.deletions + counted.insertions
    return Tally(part=errors, whole=len(reference))


def equal_pairs(reference: Sequence[str], said: Sequence[str]) -> list[tuple[int, int]]:
    """Positions (in the reference, in what was said) of tokens that the best alignment finds equal."""
    import jiwer

    if not reference or not said:
        return []
    (chunks,) = jiwer.process_words(" ".join(reference), " ".join(said)).alignments
    return [
        (chunk.ref_start_idx + step, chunk.hyp_start_idx + step)
        for chunk in chunks
        if chunk.type == "equal"
        for step in range(chunk.ref_end_idx - chunk.ref_start_idx)
    ]
