from __future__ import annotations

import pytest

from mediaindex.contract.results import NormalizedAudio
from mediaindex.evaluation.references import Reference, SpokenWord
from mediaindex.evaluation.report import Protocol
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


def test_words_their_confidence_and_speed() -> None:
    one = score(RESULT, reference("I do not know.", "en-GB"), Protocol())
    assert one.tallies["wer"] == Tally(part=1, whole=4)
    assert one.tallies["cer"] == Tally(part=2, whole=13)  # "no" for "know"
    assert one.tallies["language"] == Tally(part=1, whole=1)
    assert one.tallies["rtf"].value == pytest.approx(0.2)
    assert (one.right, one.wrong) == ((0.9, 0.8), (0.3,))
    assert (one.lang, one.channel, one.length) == ("en", "telephone, stereo", "10 s to 1 min")


def test_half_a_contraction_is_a_wrong_word() -> None:
    assert score(RESULT, reference("I do no"), Protocol()).wrong == (0.8,)


def test_times_of_the_words_that_are_right() -> None:
    spoken = (SpokenWord(0.1, 0.4, "I", "ann"), SpokenWord(1.2, 1.5, "no", "bob"))
    one = score(RESULT, reference(words=spoken), Protocol())
    assert one.tallies["word_start"].value == pytest.approx((0.1 + 0.2) / 2)
    assert one.tallies["word_end"].value == pytest.approx((0.0 + 0.1) / 2)
    assert one.tallies["cpwer"] == Tally(part=4, whole=2)  # ann's "i": "do not no" too many; bob's "no" missing


@pytest.mark.parametrize(("collar", "wrong", "spoken"), [(0.0, 1.5, 4.5), (0.25, 1.0, 3.5)])
def test_speakers_by_hand(collar: float, wrong: float, spoken: float) -> None:
    # Heard: one speaker from 0 to 4. Said: ann 0 to 3, bob 3 to 4.5. Bob's second is confused, his half second missed;
    # the collar takes a quarter of a second from either side of 0, 3 and 4.5.
    said = (SpeakerSpan(0.0, 3.0, "ann"), SpeakerSpan(3.0, 4.5, "bob"))
    tallies = score(RESULT, reference(speakers=said), Protocol(collar=collar)).tallies
    assert tallies["der"].part == pytest.approx(wrong)
    assert tallies["der"].whole == pytest.approx(spoken)


def test_overlap_counts_for_each_speaker_unless_left_out() -> None:
    said = (SpeakerSpan(0.0, 4.0, "ann"), SpeakerSpan(2.0, 4.0, "bob"))
    assert score(RESULT, reference(speakers=said), Protocol()).tallies["der"].part == pytest.approx(2.0)
    assert score(RESULT, reference(speakers=said), Protocol(overlap=False)).tallies["der"].part == 0.0


def test_jaccard_gives_every_speaker_the_same_weight() -> None:
    said = (SpeakerSpan(0.0, 3.0, "ann"), SpeakerSpan(3.0, 4.5, "bob"))
    jer = score(RESULT, reference(speakers=said), Protocol()).tallies["jer"]
    assert (jer.part, jer.whole) == (pytest.approx(1 / 4 + 1), 2)  # ann: 1 of 4 s; bob has no partner


def test_what_did_not_come_out_is_all_missing() -> None:
    one = score(NOTHING, reference("two words", "en", (SpeakerSpan(0.0, 2.0, "ann"),)), Protocol())
    values = {name: tally.value for name, tally in one.tallies.items()}
    assert values == {"wer": 1.0, "cer": 1.0, "language": 0.0, "der": 1.0, "jer": 1.0}


def test_lengths() -> None:
    assert [length_of(s) for s in (0, 10, 600, 90_000)] == ["under 10 s", "10 s to 1 min", "10 min to 1 h", "over 1 h"]
