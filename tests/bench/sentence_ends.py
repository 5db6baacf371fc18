"""Ends of sentences: the rules applied to the Conformer's words, compared with Whisper's punctuation.

``python tests/bench/sentence_ends.py``; the utterances are those of the development data beside the checkout, in
sequence by speaker. Whisper, which gets each utterance alone, is only an approximate reference.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import sys
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import soundfile

from mediaindex.contract.settings import FindTopicsSettings
from mediaindex.runner.engines import Engines
from mediaindex.stages.sentences import end_sentences
from mediaindex.stages.tokens import spoken
from mediaindex.timeline import Turn, Word, round_to_ms

SHARED = Path(__file__).parents[3] / "shared"
ENDS, CLAUSES = ".?!", ",;:"
RATE = 16_000
Words = tuple[Word, ...]


def main() -> int:
    """Print recall of Whisper's ends of sentences, and Whisper's punctuation at those found by the rules."""
    os.environ.setdefault("MEDIAINDEX_MODELS", str(SHARED / "models"))
    index = SHARED / "data" / "wer" / "refs.jsonl"
    if not index.is_file():
        sys.stdout.write(f"{index} does not exist: nothing to measure\n")
        return 0
    rows = [json.loads(line) for line in index.read_text("utf-8").splitlines()]
    chunks = [soundfile.read(index.parent / row["file"], dtype="float32")[0] for row in rows]
    conformer, whisper = Engines().recognisers
    heard, punctuated = (engine.recognise(chunks, "en") for engine in (conformer, whisper))
    speakers = [Path(row["file"]).name.partition("-")[0] for row in rows]
    lengths = [len(chunk) / RATE for chunk in chunks]
    report(list(zip(speakers, lengths, heard, punctuated, strict=True)))
    return 0


def report(utterances: list[tuple[str, float, Words, Words]]) -> None:
    """Print the comparison of utterances, each (speaker, seconds, words of the Conformer, words of Whisper)."""
    ends, marks = Counter[str](), Counter[str]()
    for speaker in dict.fromkeys(speaker for speaker, *_ in utterances):
        own = [(length, words, others) for name, length, words, others in utterances if name == speaker]
        words = joined([(length, heard) for length, heard, _ in own])
        others = joined([(length, heard) for length, _, heard in own])
        for ended, mark in compared(words, others):
            marks[mark] += 1
            ends[mark] += ended
    placed = ends.total()
    sys.stdout.write(
        f"{len(utterances)} utterances, {marks.total()} places between words, Whisper ends {marks['end']} sentences\n"
        f"ended by the rules: {placed}; of those an end in Whisper {ends['end']} ({ends['end'] / placed:.0%}), "
        f"a comma {ends['clause']}, nothing {ends['none']}; recall {ends['end'] / marks['end']:.0%}\n"
    )


def joined(parts: list[tuple[float, Words]]) -> Words:
    """Words of consecutive recordings on one time axis; ``parts``: duration (s) and words of each."""
    words: list[Word] = []
    at = 0.0
    for length, part in parts:
        words += [replace(word, start=round_to_ms(at + word.start), end=round_to_ms(at + word.end)) for word in part]
        at += length
    return tuple(words)


def compared(words: Words, others: Words) -> list[tuple[bool, str]]:
    """Per place between two words of both: whether the rules end a sentence, and Whisper's punctuation."""
    turn = Turn(words[0].start, words[-1].end, "A", "en", words)
    (tokens,) = end_sentences([turn], [spoken(turn)], FindTopicsSettings().sentence_pause)
    matcher = difflib.SequenceMatcher(a=[plain(w) for w in words], b=[plain(w) for w in others], autojunk=False)
    same = {a + i: b + i for a, b, size in matcher.get_matching_blocks() for i in range(size)}
    places = []
    for here, after in pairwise(range(len(words))):
        if here in same and same.get(after) == same[here] + 1:
            last = others[same[here]].text.strip("\"'")[-1:]
            mark = "end" if last in ENDS else "clause" if last in CLAUSES else "none"
            places.append((tokens[here].text[-1] in ENDS, mark))
    return places


def plain(word: Word) -> str:
    """The word without punctuation."""
    return re.sub(r"[^\w']", "", word.text.lower())


if __name__ == "__main__":
    sys.exit(main())
