from __future__ import annotations

import html
from datetime import timedelta

import srt
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.contract.results import TurnText
from mediaindex.exports import to_srt, to_vtt
from mediaindex.exports.captions import LINE, LINES, LONGEST, cues
from mediaindex.timeline import Transcript, Turn, Word, round_to_ms

HOSTILE = ["<b>", "&amp;", "-->", "a<b", "00:00:01,000", "7", "WEBVTT", "NOTE", "</v>", "{\\an8}"]
TOKENS = st.sampled_from(["hello", "there.", *HOSTILE]) | st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zs", "Zl", "Zp"]), min_size=1, max_size=LINE // 2
)


@st.composite
def transcripts(draw) -> Transcript:
    turns: list[Turn] = []
    start = draw(st.floats(0, 4000))
    for texts in draw(st.lists(st.lists(TOKENS, min_size=1, max_size=30), max_size=4)):
        step = draw(st.floats(0.01, 3))
        words = []
        for text in texts:
            words.append(Word(round_to_ms(start), round_to_ms(start + step + 0.01), text, 0.9))
            start += step + 0.02
        turns.append(Turn(words[0].start, words[-1].end, draw(st.sampled_from("AB")), "en", tuple(words)))
    return Transcript(0.0, round_to_ms(start + 10), "en", "conformer", tuple(turns))


def spoken(transcript: Transcript) -> list[str]:
    return [word.text for word in transcript.words]


def joined(parts: list[str]) -> list[str]:
    return " ".join(parts).split()


@given(transcripts())
def test_captions_keep_all_words_and_the_limits(transcript):
    captions = list(cues(transcript))
    assert joined([cue.text for cue in captions]) == spoken(transcript)
    for cue in captions:
        assert len(cue.lines) <= LINES
        assert all(len(line) <= LINE for line in cue.lines)
        assert cue.duration <= LONGEST + 1e-6


@given(transcripts())
def test_a_parser_reads_srt_back_unchanged(transcript):
    captions = list(cues(transcript, label_speakers=True))
    back = list(srt.parse(to_srt(transcript)))
    assert [subtitle.content for subtitle in back] == ["\n".join(cue.lines) for cue in captions]
    for subtitle, cue in zip(back, captions, strict=True):
        assert abs(subtitle.start - timedelta(seconds=cue.start)) <= timedelta(milliseconds=1)
        assert abs(subtitle.end - timedelta(seconds=cue.end)) <= timedelta(milliseconds=1)


@given(transcripts())
def test_a_parser_reads_vtt_back_unchanged(transcript):
    captions = list(cues(transcript))
    back = webvtt.from_string(to_vtt(transcript), strict=True).captions
    # The parser removes tags and keeps entities.
    shown = [(caption.voice, html.unescape(caption.text)) for caption in back]
    assert shown == [(cue.speaker, "\n".join(cue.lines)) for cue in captions]
    for caption, cue in zip(back, captions, strict=True):
        assert abs(caption.start_in_seconds - int(cue.start)) <= 1


def test_a_caption_begins_and_ends_with_its_words(dialogue):
    first, *_ = cues(dialogue)
    words = list(dialogue.words)
    assert first.start == words[0].start
    assert first.end in {word.end for word in words}


def test_a_pause_ends_a_caption():
    words = (Word(0.0, 0.5, "one", 0.9), Word(3.0, 3.5, "two", 0.9))
    transcript = Transcript(0.0, 5.0, "en", "x", (Turn(0.0, 3.5, "A", "en", words),))
    assert [cue.text for cue in cues(transcript)] == ["one", "two"]


def test_readable_text_replaces_the_spoken_words(dialogue):
    texts = [TurnText(turn.text.upper(), tuple(range(len(turn.words)))) for turn in dialogue.turns]
    assert joined([cue.text for cue in cues(dialogue, texts=texts)]) == [word.upper() for word in spoken(dialogue)]


def test_a_token_of_several_words_is_displayed_while_they_are_spoken():
    words = tuple(
        Word(i * 3.0, i * 3.0 + 2.5, text, 0.9) for i, text in enumerate(["um", "at", "twenty", "five", "left"])
    )
    transcript = Transcript(0.0, 20.0, "en", "x", (Turn(0.0, 14.5, "A", "en", words),))
    captions = list(cues(transcript, texts=[TurnText("At 25 left.", (1, 2, 4))]))
    assert [(cue.start, cue.end, cue.text) for cue in captions] == [
        (3.0, 5.5, "At"),
        (6.0, 11.5, "25"),
        (12.0, 14.5, "left."),
    ]


def test_a_readable_text_of_another_transcript_is_not_used(dialogue):
    texts = [TurnText("one too many", (0, 1, 99)), TurnText("No.", (0,))]
    assert joined([cue.text for cue in cues(dialogue, texts=texts)]) == [*dialogue.turns[0].text.split(), "No."]
