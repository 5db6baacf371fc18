from __future__ import annotations

from pathlib import Path

from mediaindex.engines.ctc.language_model import LanguageModel, Weights
from mediaindex.engines.ctc.reader import CtcReader
from tests.builders.arpa import bigrams
from tests.builders.ctc_frames import PIECES, frames, spelled

FRAME = 0.04
# "the king and the warden", which greedy decoding reads as "worden".
LOG_PROBS = frames("▁the", *spelled("king"), "▁", *"and", "▁the", *spelled("warden", {1: {"o": 0.5, "a": 0.4}}))
DURATION = len(LOG_PROBS) * FRAME
TEXT = ["the warden and the king", "the king and the warden", "a king and a warden"]


def test_a_language_model_corrects_greedy_decoding(tmp_path: Path) -> None:
    arpa = tmp_path / "king.arpa"
    arpa.write_text(bigrams(TEXT), "utf-8")
    greedy = CtcReader(PIECES, FRAME).words(LOG_PROBS, DURATION)
    model = LanguageModel(arpa, Weights(weight=0.5, bonus=1.0))
    beam = CtcReader(PIECES, FRAME, model).words(LOG_PROBS, DURATION)
    assert " ".join(word.text for word in greedy) == "the king and the worden"
    assert " ".join(word.text for word in beam) == "the king and the warden"
    assert [(word.start, word.end, word.confidence) for word in beam] == [
        (word.start, word.end, word.confidence) for word in greedy
    ]


def test_the_vocabulary_is_applied_after_either_search(tmp_path: Path) -> None:
    arpa = tmp_path / "king.arpa"
    arpa.write_text(bigrams(TEXT), "utf-8")
    for reader in (CtcReader(PIECES, FRAME), CtcReader(PIECES, FRAME, LanguageModel(arpa))):
        words = reader.words(LOG_PROBS, DURATION, ["King", "Warden"])
        assert [word.text for word in words] == ["the", "King", "and", "the", "Warden"]
        assert all(0 <= word.start < word.end <= DURATION for word in words)
