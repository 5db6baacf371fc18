from __future__ import annotations

import html
from datetime import timedelta

import srt
import webvtt
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mediaindex.contract.results import TurnText
from mediaindex.exports import to_podcast_json, to_srt, to_vtt
from mediaindex.exports.captions import LINE, LINES, LONGEST, cues
from mediaindex.timeline import Transcript, Turn, Word, round_to_ms
from mediaindex.timeline.scripts import tokens

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


def spoken(transcript: Transcript) -> str:
    return "".join(word.text for word in transcript.words)


def unspaced(parts: list[str]) -> str:
    return "".join("".join(parts).split())


@given(transcripts())
def test_captions_keep_all_words_and_the_limits(transcript):
    captions = list(cues(transcript))
    assert unspaced([cue.text for cue in captions]) == spoken(transcript)
    for cue in captions:
        assert len(cue.lines) <= LINES
        assert all(cell_len(line) <= LINE for line in cue.lines)
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


def caption_times(*words: tuple[float, float, str], end: float = 9.0) -> list[tuple[float, float, str]]:
    spoken = tuple(Word(*word, 0.9) for word in words)
    transcript = Transcript(0.0, end, "ja", "x", (Turn(spoken[0].start, spoken[-1].end, "A", "ja", spoken),))
    return [(cue.start, cue.end, cue.text) for cue in cues(transcript)]


def test_a_short_caption_stays_until_it_can_be_read_or_the_next_one_begins():
    assert caption_times((1.0, 1.24, "no"), (2.3, 2.5, "yes")) == [(1.0, 2.0, "no"), (2.3, 3.3, "yes")]
    assert caption_times((1.0, 1.01, "no"), (8.6, 8.7, "yes")) == [(1.0, 2.0, "no"), (8.6, 9.0, "yes")]


def test_a_short_caption_ends_with_the_start_of_the_next_speaker():
    turns = (
        Turn(1.0, 1.2, "A", "en", (Word(1.0, 1.2, "no", 0.9),)),
        Turn(1.5, 3.0, "B", "en", (Word(1.5, 3.0, "yes", 0.9),)),
    )
    assert [(cue.start, cue.end) for cue in cues(Transcript(0.0, 9.0, "en", "x", turns))] == [(1.0, 1.5), (1.5, 3.0)]


def test_captions_of_a_script_without_spaces_have_none_and_count_wide_characters_twice():
    text = "客観的に見て、Visual Studioは10年前から使われています。" * 4
    words = [(i / 10, i / 10 + 0.1, token) for i, token in enumerate(tokens(text))]
    spoken = tuple(Word(*word, 0.9) for word in words)
    transcript = Transcript(0.0, 90.0, "ja", "x", (Turn(0.0, spoken[-1].end, "話し手", "ja", spoken),))
    assert "".join(cue.text for cue in cues(transcript)) == text
    for content in (to_srt(transcript), to_vtt(transcript), "".join(to_podcast_json(transcript))):
        assert "観 的" not in content
        assert "Visual Studio" in content
    for cue in cues(transcript, label_speakers=True):
        assert len(cue.lines) <= LINES
        assert max(map(cell_len, cue.lines)) <= LINE
        assert not any(line.startswith(("、", "。")) for line in cue.lines)


def test_a_pause_ends_a_caption():
    words = (Word(0.0, 0.5, "one", 0.9), Word(3.0, 3.5, "two", 0.9))
    transcript = Transcript(0.0, 5.0, "en", "x", (Turn(0.0, 3.5, "A", "en", words),))
    assert [cue.text for cue in cues(transcript)] == ["one", "two"]


def test_readable_text_replaces_the_spoken_words(dialogue):
    texts = [TurnText(turn.text.upper(), tuple(range(len(turn.words)))) for turn in dialogue.turns]
    shown = [cue.text for cue in cues(dialogue, texts=texts)]
    assert unspaced(shown) == spoken(dialogue).upper()


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
    shown = [cue.text for cue in cues(dialogue, texts=texts)]
    assert " ".join(shown) == f"{dialogue.turns[0].text} No."
