"""Effect of a vocabulary on rare words and on all others: ``python tests/bench/vocabulary.py``.

Needs the .nemo weights (MEDIAINDEX_MODELS), the case statistics (`mediaindex models fetch truecase-english`), and a
JSON Lines file of recordings with ``file``, ``text`` and ``speaker``, by default the development data beside the
checkout. The terms are the rare words of its references; the distractors are names that do not occur in it. Exits with
1 if a bound is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jiwer
import numpy as np
import soundfile

from mediaindex.engines.ctc import conformer as conformer_ctc
from mediaindex.engines.ctc import vocabulary as ctc_vocabulary
from mediaindex.engines.ctc.decode import DecodedWord, decoded_words, frame_confidence
from mediaindex.models import locate

SHARED = Path(__file__).parents[3] / "shared"
MODEL = "stt-en-conformer-ctc-small"
COMMON = 5_000  # the most frequent words, which are not terms
FEWEST_LETTERS = 4
DISTRACTORS = 200
BONUSES = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5)  # what cross-validation may choose from
LEAST_GAIN, MOST_INSERTED, MOST_TIME = 8.0, 6, 0.10  # points of recall, inserted distractors, share of recognition time


class Plain(pickle.Unpickler):  # restricted to counters and sets
    """Reads the case statistics without NLTK."""

    def find_class(self, module: str, name: str) -> type:
        """A Counter in place of NLTK's FreqDist."""
        return {("nltk.probability", "FreqDist"): Counter, ("builtins", "set"): set}[module, name]


@dataclass(frozen=True)
class Chunk:
    """A recording with the output of the model and of greedy decoding."""

    reference: str
    speaker: str
    log_probs: np.ndarray
    words: list[DecodedWord]
    certain: np.ndarray


@dataclass(frozen=True)
class Figures:
    """A line of the table; ``inserted``: number of distractors in the texts."""

    wer: float
    recall: float
    precision: float
    inserted: int

    def line(self, name: str) -> str:
        """The line as text."""
        numbers = f"{self.wer:6.2f} {self.recall:8.1f} {self.precision:11.1f} {self.inserted:9d}"
        return f"{name:<44}{numbers}"


def decoded(rows: Sequence[dict[str, str]], folder: Path) -> tuple[list[Chunk], float, tuple[str, ...]]:
    """All recordings decoded, the CPU seconds it took, and the pieces of the model."""
    recogniser = conformer_ctc.load(locate(MODEL))
    recordings = [soundfile.read(folder / row["file"], dtype="float32")[0] for row in rows]
    recogniser.recognise(recordings[:1], "en")  # loads
    began = time.process_time()
    matrices = [recogniser.log_probs(samples) for samples in recordings]
    took = time.process_time() - began
    pieces = recogniser._model.get().reader.pieces
    chunks = []
    for row, log_probs in zip(rows, matrices, strict=True):
        certain = frame_confidence(log_probs)
        words = decoded_words(log_probs.argmax(axis=-1), certain, pieces)
        chunks.append(Chunk(row["text"].lower(), row["speaker"], log_probs, words, certain))
    return chunks, took, pieces


def lists(chunks: Sequence[Chunk]) -> tuple[list[str], list[str]]:
    """Rare words of the references, and names that do not occur in them."""
    with locate("truecase-english").path.open("rb") as file:
        counts: Counter[str] = Plain(file).load()["uni_dist"]
    together: Counter[str] = Counter()
    for word, count in counts.items():
        together[word.lower()] += count
    common = {word for word, _ in together.most_common(COMMON)}
    files: defaultdict[str, set[int]] = defaultdict(set)
    for index, chunk in enumerate(chunks):
        for word in chunk.reference.split():
            files[word].add(index)
    rare = sorted(w for w, at in files.items() if len(at) <= 2 and w not in common and len(w) >= FEWEST_LETTERS)
    names = sorted(
        word
        for word, count in counts.items()
        if count >= 20 and word.istitle() and word.isalpha() and word.isascii() and len(word) >= FEWEST_LETTERS
        and count > 0.9 * together[word.lower()] and word.lower() not in files
    )  # fmt: skip
    return rare, names


def written(chunks: Sequence[Chunk], vocabulary: Sequence[str], pieces: tuple[str, ...]) -> list[str]:
    """The texts of all recordings with this vocabulary, in lower case."""
    terms = ctc_vocabulary.terms_of(tuple(vocabulary), pieces)
    texts = []
    for chunk in chunks:
        words = ctc_vocabulary.respelled(chunk.log_probs, chunk.words, chunk.certain, terms)
        texts.append(" ".join(word.text for word in words).lower())
    return texts


def figures(chunks: Sequence[Chunk], texts: Sequence[str], terms: set[str], distractors: set[str]) -> Figures:
    """WER of all words; recall and precision of the terms; number of distractors."""
    out = jiwer.process_words([chunk.reference for chunk in chunks], list(texts))
    occurrences = right = claimed = inserted = 0
    for reference, text, parts in zip(out.references, out.hypotheses, out.alignments, strict=True):
        occurrences += sum(word in terms for word in reference)
        claimed += sum(word in terms for word in text)
        inserted += sum(word in distractors for word in text)
        for part in parts:
            if part.type == "equal":
                right += sum(word in terms for word in text[part.hyp_start_idx : part.hyp_end_idx])
    return Figures(100 * out.wer, 100 * right / max(occurrences, 1), 100 * right / max(claimed, 1), inserted)


def cross_validated(chunks: Sequence[Chunk], vocabulary: Sequence[str], pieces: tuple[str, ...]) -> list[str]:
    """Texts of each speaker with the bonus that gives the fewest errors for the other speakers."""
    shipped = ctc_vocabulary.BONUS
    by_bonus = {}
    for bonus in BONUSES:
        ctc_vocabulary.BONUS = bonus
        by_bonus[bonus] = written(chunks, vocabulary, pieces)
    ctc_vocabulary.BONUS = shipped
    texts = [""] * len(chunks)
    for speaker in {chunk.speaker for chunk in chunks}:
        others = [index for index, chunk in enumerate(chunks) if chunk.speaker != speaker]
        errors = {
            bonus: jiwer.wer([chunks[i].reference for i in others], [texts_of[i] for i in others])
            for bonus, texts_of in by_bonus.items()
        }
        best = by_bonus[min(errors, key=lambda bonus: errors[bonus])]
        for index, chunk in enumerate(chunks):
            if chunk.speaker == speaker:
                texts[index] = best[index]
    return texts


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refs", type=Path, default=SHARED / "data" / "wer" / "refs.jsonl")
    given = parser.parse_args()
    if not given.refs.is_file():
        sys.exit(f"{given.refs} does not exist; give another file with --refs")
    if (SHARED / "models").is_dir():
        os.environ.setdefault("MEDIAINDEX_MODELS", str(SHARED / "models"))
    rows = [json.loads(line) for line in given.refs.read_text("utf-8").splitlines()]
    chunks, recognition_s, pieces = decoded(rows, given.refs.parent)
    terms, names = lists(chunks)
    distractors = random.Random(1).sample(names, min(DISTRACTORS, len(names)))
    rare, absent = set(terms), {name.lower() for name in distractors}
    before = figures(chunks, written(chunks, (), pieces), rare, absent)
    exact = figures(chunks, written(chunks, terms, pieces), rare, absent)
    began = time.process_time()
    texts = written(chunks, [*terms, *distractors], pieces)
    share = (time.process_time() - began) / recognition_s
    both = figures(chunks, texts, rare, absent)
    alone = figures(chunks, written(chunks, distractors, pieces), rare, absent)
    chosen = figures(chunks, cross_validated(chunks, [*terms, *distractors], pieces), rare, absent)
    lines = (
        f"{len(chunks)} recordings, {len(terms)} terms, {len(distractors)} distractors, bonus {ctc_vocabulary.BONUS}",
        f"{'vocabulary':<44}{'WER %':>6} {'recall %':>8} {'precision %':>11} {'inserted':>9}",
        before.line("none"),
        exact.line("the terms"),
        both.line("the terms and the distractors"),
        chosen.line("the same, bonus chosen on the other speakers"),
        alone.line("the distractors"),
        f"gain in recall {both.recall - before.recall:.1f} points (at least {LEAST_GAIN}); inserted at most "
        f"{MOST_INSERTED}; WER not higher; {100 * share:.1f} % of recognition time (at most {100 * MOST_TIME:.0f})",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    good = (
        min(exact.recall, both.recall) >= before.recall + LEAST_GAIN
        and max(exact.wer, both.wer, alone.wer - 0.05) <= before.wer  # one word in two thousand is chance
        and max(both.inserted, alone.inserted) - before.inserted <= MOST_INSERTED
        and share <= MOST_TIME
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
