from __future__ import annotations

import pytest

from mediaindex.contract.results import NormalizedAudio
from mediaindex.evaluation.references import Reference, SpokenWord
from mediaindex.evaluation.report import ScoringRules
from mediaindex.evaluation.score import Result, length_of, score
from mediaindex.evaluation.word_errors import Tally
from mediaindex.timeline import Clock, SpeakerSpan, Transcript, Turn, Word

AUDIO = NormalizedAudio("0" * 64, 10.0, Clock(), "wav", "pcm_s16le", 8000, 2, 0, False, -20.0, 0.0, -1.0)
WORDS = (Word(0.0, 0.4, "i", 0.9), Word(0.5, 0.9, "don't", 0.8), Word(1.0, 1.4, "no", 0.3))
TURN = Turn(0.0, 1.4, "SPEAKER_00", "en", WORDS)
RESULT = Result(
    name="a.wav",
    status="indexed",
    detail="",
    normalized=AUDIO,
    speakers=(SpeakerSpan(0.0, 4.0, "SPEAKER_00"),),
    language="en",
    transcript=Transcript(0.0, 10.0, "en", "a model", (TURN,)),
    wall_s=2.0,
    peak_mb=100.0,
)
NOTHING = Result("a.wav", "quarantined", "broken", None, None, "", None, None, 50.0)


def reference(
    text: str | None = None,
    lang: str | None = None,
    speakers: tuple[SpeakerSpan, ...] | None = None,
    words: tuple[SpokenWord, ...] | None = None,
) -> Reference:
    return Reference(text, lang, speakers, words)


def test_errors_confidences_and_speed() -> None:
    scored = score(RESULT, reference("I do not know.", "en-GB"), ScoringRules())
    assert scored.tallies["wer"] == Tally(part=1, whole=4)
    assert scored.tallies["cer"] == Tally(part=2, whole=13)  # "no" for "know"
    assert scored.tallies["language"] == Tally(part=1, whole=1)
    assert scored.tallies["rtf"].value == pytest.approx(0.2)
    assert (scored.right, scored.wrong) == ((0.9, 0.8), (0.3,))
    assert (scored.lang, scored.channel, scored.length) == ("en", "telephone, stereo", "10 s to 1 min")


def test_half_a_contraction_is_a_wrong_word() -> None:
    assert score(RESULT, reference("I do no"), ScoringRules()).wrong == (0.8,)


def test_times_are_compared_for_right_words() -> None:
    spoken = (SpokenWord(0.1, 0.4, "I", "ann"), SpokenWord(1.2, 1.5, "no", "bob"))
    scored = score(RESULT, reference(words=spoken), ScoringRules())
    assert scored.tallies["word_start"].value == pytest.approx((0.1 + 0.2) / 2)
    assert scored.tallies["word_end"].value == pytest.approx((0.0 + 0.1) / 2)
    assert scored.tallies["cpwer"] == Tally(part=4, whole=2)  # ann's "i": "do not no" too many; bob's "no" missing


@pytest.mark.parametrize(("collar", "wrong", "spoken"), [(0.0, 1.5, 4.5), (0.25, 1.0, 3.5)])
def test_diarization_errors_by_hand(collar: float, wrong: float, spoken: float) -> None:
    # Result: one speaker, 0 to 4. Reference: ann 0 to 3, bob 3 to 4.5. One second is confused, half a second missed;
    # the collar excludes a quarter of a second on either side of 0, 3 and 4.5.
    spans = (SpeakerSpan(0.0, 3.0, "ann"), SpeakerSpan(3.0, 4.5, "bob"))
    tallies = score(RESULT, reference(speakers=spans), ScoringRules(collar=collar)).tallies
    assert tallies["der"].part == pytest.approx(wrong)
    assert tallies["der"].whole == pytest.approx(spoken)


def test_overlap_counts_for_each_speaker_unless_excluded() -> None:
    spans = (SpeakerSpan(0.0, 4.0, "ann"), SpeakerSpan(2.0, 4.0, "bob"))
    assert score(RESULT, reference(speakers=spans), ScoringRules()).tallies["der"].part == pytest.approx(2.0)
    assert score(RESULT, reference(speakers=spans), ScoringRules(overlap=False)).tallies["der"].part == 0.0


def test_jaccard_gives_every_speaker_the_same_weight() -> None:
    spans = (SpeakerSpan(0.0, 3.0, "ann"), SpeakerSpan(3.0, 4.5, "bob"))
    jer = score(RESULT, reference(speakers=spans), ScoringRules()).tallies["jer"]
    assert jer.part == pytest.approx(1 / 4 + 1)  # ann: 1 of 4 s; bob has no partner
    assert jer.whole == 2


def test_a_missing_result_counts_as_errors() -> None:
    scored = score(NOTHING, reference("two words", "en", (SpeakerSpan(0.0, 2.0, "ann"),)), ScoringRules())
    values = {name: tally.value for name, tally in scored.tallies.items()}
    assert values == {"wer": 1.0, "cer": 1.0, "language": 0.0, "der": 1.0, "jer": 1.0}


def test_lengths() -> None:
    assert [length_of(s) for s in (0, 10, 600, 90_000)] == ["under 10 s", "10 s to 1 min", "10 min to 1 h", "over 1 h"]
