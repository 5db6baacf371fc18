from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from mediaindex.feeds.copy import Copied, Copier, Known, Partial, Wanted
from mediaindex.feeds.errors import CutError, RefusedError, UnexpectedAnswerError, WebError
from mediaindex.feeds.fetch import Validators
from mediaindex.feeds.web import Web
from tests.builders.podcast_host import File, Host, reply

SOUND = bytes(range(256)) * 400  # 102 400 bytes
WHEN = "Fri, 02 Jan 2026 03:04:05 GMT"
PART = 10_000


@dataclass
class Kept:
    etag: str
    size: int


@dataclass
class Memory:
    """A sink that keeps whole parts for another process, like a multipart upload."""

    kept: bytearray = field(default_factory=bytearray)
    buffer: bytearray = field(default_factory=bytearray)
    uploads: int = 0
    media_type: str = ""
    shown: bytes | None = None

    @property
    def received(self) -> int:
        return len(self.kept) + len(self.buffer)

    @property
    def resume_id(self) -> str | None:
        return f"upload-{self.uploads}" if self.kept else None

    def open(self, media_type: str) -> None:
        self.media_type = media_type

    def write(self, data: bytes) -> None:
        self.buffer += data
        while len(self.buffer) > PART:
            self.kept += self.buffer[:PART]
            del self.buffer[:PART]

    def restart(self) -> None:
        self.abort()

    def finish(self) -> Kept:
        self.shown = bytes(self.kept + self.buffer)
        return Kept(hashlib.md5(self.shown).hexdigest(), len(self.shown))  # noqa: S324

    def abort(self) -> None:
        self.uploads += 1
        self.kept.clear()
        self.buffer.clear()


class Case:
    def __init__(self, web: Web, host: Host) -> None:
        self.web, self.host = web, host
        self.notes: list[Partial | None] = []

    def copy(
        self, file: Any, sink: Memory, known: Known | None = None, partial: Partial | None = None, **more: Any
    ) -> Copied:
        self.host.answers["/e.mp3"] = file
        self.host.asked.clear()
        options: dict[str, Any] = {"announced": True, "max_bytes": 200_000, "media_types": ("audio/",)} | more
        wanted = Wanted(f"{self.host.url}/e.mp3?key=secret", known or Known(), **options)
        return Copier(self.web, wanted, sink, partial, self.notes.append).run()

    def ranges(self) -> list[str | None]:
        return [headers.get("range") for _, headers in self.host.asked]


@pytest.fixture
def case(web: Web, host: Host) -> Case:
    return Case(web, host)


def known_of(copied: Copied) -> Known:
    assert copied.stored is not None
    return Known(copied.validators, copied.stored.size, copied.sha256)


def test_a_whole_episode_is_copied(case: Case) -> None:
    sink = Memory()
    copied = case.copy(File(SOUND, last_modified=WHEN), sink)
    assert sink.shown == SOUND
    assert sink.media_type == "audio/mpeg"
    assert copied.validators == Validators('"one"', WHEN)
    assert copied.sha256 == hashlib.sha256(SOUND).hexdigest()


@pytest.mark.parametrize("file", [File(SOUND), File(SOUND, etag=None, last_modified=WHEN)], ids=["by-etag", "by-date"])
def test_a_cut_transfer_is_resumed(case: Case, file: File) -> None:
    sink = Memory()
    case.copy(replace(file, cuts=[15_000, 20_000]), sink)
    assert sink.shown == SOUND
    assert case.ranges() == [None, "bytes=15000-", "bytes=35000-"]


def test_a_file_replaced_during_the_copy_is_copied_again(case: Case) -> None:
    sink, other = Memory(), SOUND[::-1]
    first = File(SOUND, cuts=[15_000])

    def answer(request: Any) -> None:
        (first if len(case.host.asked) == 1 else File(other, etag='"two"'))(request)

    copied = case.copy(answer, sink)
    assert sink.shown == other
    assert copied.validators.etag == '"two"'
    assert copied.sha256 == hashlib.sha256(other).hexdigest()


def test_a_server_that_ignores_if_range_gives_no_mixed_file(case: Case) -> None:
    sink, other = Memory(), SOUND[::-1]
    first, second = File(SOUND, cuts=[15_000]), File(other, etag='"two"', if_range=False)

    def answer(request: Any) -> None:
        (first if len(case.host.asked) == 1 else second)(request)

    case.copy(answer, sink)
    assert sink.shown == other
    assert case.ranges() == [None, "bytes=15000-", None]


@pytest.mark.parametrize(
    "file", [File(SOUND, ranges=False), File(SOUND, etag=None), File(SOUND, etag='W/"weak"')],
    ids=["no-ranges", "no-validators", "weak"],
)  # fmt: skip
def test_pieces_that_cannot_be_joined_safely_are_copied_again(case: Case, file: File) -> None:
    sink = Memory()
    case.copy(replace(file, cuts=[15_000]), sink)
    assert sink.shown == SOUND


def test_another_process_resumes_from_the_last_whole_part(case: Case) -> None:
    sink = Memory()
    with pytest.raises(CutError):
        case.copy(File(SOUND, cuts=[25_000, *[0] * 20]), sink)
    assert sink.shown is None
    (partial,) = case.notes
    assert partial == Partial("upload-0", '"one"')
    later = Memory(kept=bytearray(sink.kept))
    copied = case.copy(File(SOUND), later, partial=partial)
    assert case.ranges() == ["bytes=20000-"]
    assert later.shown == SOUND
    assert copied.sha256 is None  # this process has not received all bytes


def test_another_process_starts_again_if_the_file_was_replaced(case: Case) -> None:
    later = Memory(kept=bytearray(b"x" * 20_000))
    case.copy(File(SOUND, etag='"two"'), later, partial=Partial("upload-0", '"one"'))
    assert later.shown == SOUND


def test_a_server_that_always_hangs_up_is_given_up(case: Case) -> None:
    with pytest.raises(CutError):
        case.copy(File(SOUND, cuts=[0] * 50), Memory())
    assert len(case.host.asked) == 4


@pytest.mark.parametrize("conditions", [True, False])
@pytest.mark.parametrize("file", [File(SOUND, last_modified=WHEN), File(SOUND, etag=None, last_modified=WHEN)])
def test_an_unchanged_file_is_not_copied_again(case: Case, file: File, conditions: bool) -> None:
    known = known_of(case.copy(file, Memory()))
    again = Memory()
    unchanged = case.copy(replace(file, conditions=conditions), again, known)
    assert (unchanged.stored, unchanged.validators, again.shown) == (None, known.validators, None)
    (_, headers) = case.host.asked[0]
    assert known.validators.conditions.items() <= {name.title(): text for name, text in headers.items()}.items()


def test_equal_bytes_under_another_etag_are_not_stored_again(case: Case) -> None:
    known = known_of(case.copy(File(SOUND), Memory()))
    again = Memory()
    copied = case.copy(File(SOUND, etag='"other-node"'), again, known)
    assert (copied.stored, again.shown, again.received) == (None, None, 0)
    assert copied.validators.etag == '"other-node"'


def test_a_changed_file_is_copied(case: Case) -> None:
    known = known_of(case.copy(File(SOUND), Memory()))
    again = Memory()
    assert case.copy(File(SOUND[::-1], etag='"two"'), again, known).stored is not None
    assert again.shown == SOUND[::-1]


def test_without_validators_the_size_decides_unless_the_feed_announces_a_change(case: Case) -> None:
    mute = File(SOUND, etag=None)
    known = known_of(case.copy(mute, Memory()))
    assert case.copy(mute, Memory(), known, announced=False).stored is None
    again = Memory()
    assert case.copy(replace(mute, body=SOUND[::-1]), again, known, announced=True).stored is not None


@pytest.mark.parametrize("says_length", [True, False])
def test_a_file_beyond_the_limit_is_refused_and_discarded(case: Case, says_length: bool) -> None:
    sink = Memory()
    with pytest.raises(RefusedError) as caught:
        case.copy(File(SOUND, says_length=says_length), sink, max_bytes=50_000)
    assert caught.value.code == "too_large"
    assert (sink.shown, sink.received) == (None, 0)
    assert bool(sink.media_type) is not says_length  # what is announced as too large is not begun


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (File(b"<html>Sign in</html>", "text/html; charset=utf-8"), "media_type"),
        (File(b""), "empty"),
        (lambda request: reply(request, 200, {"Content-Encoding": "gzip"}, b"x"), "content_encoding"),
        (lambda request: reply(request, 404, {}), "http_404"),
    ],
    ids=["html", "empty", "encoded", "missing"],
)
def test_an_answer_without_media_is_not_stored(case: Case, answer: Any, code: str) -> None:
    sink = Memory()
    with pytest.raises(UnexpectedAnswerError) as caught:
        case.copy(answer, sink)
    assert caught.value.code == code
    assert sink.shown is None
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "headers",
    [{"Content-Range": "bytes 0-9/10"}, {"Content-Range": "bytes 20001-20010/20011"}, {}, {"Content-Range": "x"}],
)
def test_a_part_with_a_wrong_range_is_discarded(case: Case, headers: dict[str, Any]) -> None:
    later = Memory(kept=bytearray(b"x" * 20_000))

    def answer(request: Any) -> None:
        if len(case.host.asked) == 1:
            reply(request, 206, headers, b"y" * 10)
        else:
            File(SOUND)(request)

    case.copy(answer, later, partial=Partial("upload-0", '"one"'))
    assert later.shown == SOUND


def test_a_range_beyond_the_end_means_a_replaced_file(case: Case) -> None:
    later = Memory(kept=bytearray(b"x" * 120_000))

    def answer(request: Any) -> None:
        (File(SOUND) if len(case.host.asked) > 1 else lambda r: reply(r, 416, {}))(request)

    case.copy(answer, later, partial=Partial("upload-0", '"one"'))
    assert later.shown == SOUND


@pytest.mark.parametrize("announced", [True, False])
def test_a_date_alone_does_not_make_files_of_two_sizes_one(case: Case, announced: bool) -> None:
    file = File(SOUND, etag=None, last_modified=WHEN, conditions=False)
    known = known_of(case.copy(file, Memory()))
    assert case.copy(replace(file, body=SOUND + b"x"), Memory(), known, announced=announced).stored is not None


def test_an_equal_etag_needs_no_length(case: Case) -> None:
    file = File(SOUND, conditions=False)
    known = known_of(case.copy(file, Memory()))
    again = Memory()
    assert case.copy(replace(file, says_length=False), again, known).sha256 is None
    assert again.received == 0


def test_without_validators_another_size_is_another_file(case: Case) -> None:
    mute = File(SOUND, etag=None)
    known = known_of(case.copy(mute, Memory()))
    assert case.copy(replace(mute, body=SOUND + b"x"), Memory(), known, announced=False).stored is not None


def test_a_file_of_the_largest_size_is_copied(case: Case) -> None:
    for says_length in (True, False):
        sink = Memory()
        case.copy(File(SOUND, says_length=says_length), sink, max_bytes=len(SOUND))
        assert sink.shown == SOUND


def test_a_file_of_unknown_length_is_whole_when_the_answer_ends(case: Case) -> None:
    sink = Memory()
    case.copy(File(SOUND, etag=None, says_length=False), sink)
    assert (sink.shown, len(case.host.asked)) == (SOUND, 1)


def test_a_file_of_the_same_feed_is_not_stored_under_another_name(case: Case) -> None:
    sink, digest = Memory(), hashlib.sha256(SOUND).hexdigest()
    copied = case.copy(File(SOUND), sink, others=frozenset({digest}))
    assert (copied.stored, copied.sha256, sink.shown, sink.received) == (None, digest, None, 0)


@pytest.mark.parametrize(
    ("sent", "accepted", "stored"),
    [
        ("audio/mpeg; charset=binary", ("audio/",), "audio/mpeg"),
        ("AUDIO/MPEG", ("audio/mpeg",), "audio/mpeg"),
        ("mp3", ("audio/",), "mp3"),
        ("", ("audio/",), "application/octet-stream"),
        ("audio/mpegurl", ("audio/mpeg",), None),
        ("audio", ("video/",), "audio"),
    ],
)
def test_only_accepted_or_generic_media_types_are_copied(
    case: Case, sent: str, accepted: tuple[str, ...], stored: str | None
) -> None:
    sink = Memory()
    if stored is None:
        with pytest.raises(UnexpectedAnswerError, match="media_types"):
            case.copy(File(SOUND, sent), sink, media_types=accepted)
    else:
        case.copy(File(SOUND, sent), sink, media_types=accepted)
        assert sink.media_type == stored


def test_progress_ends_neither_the_tries_nor_the_copy(case: Case) -> None:
    """A server that hangs up after each piece is resumed; one without progress is given up sooner."""
    sink = Memory()
    case.copy(File(SOUND, cuts=[15_000] * 6), sink)
    assert sink.shown == SOUND
    with pytest.raises(CutError):
        case.copy(File(SOUND, cuts=[1_000] * 50), Memory())
    assert len(case.host.asked) == 8


def test_the_state_of_a_transfer_is_deleted_after_a_final_result(case: Case) -> None:
    first = File(SOUND, cuts=[25_000])

    def answer(request: Any) -> None:
        (first if len(case.host.asked) == 1 else lambda one: reply(one, 410, {}))(request)

    sink = Memory()
    with pytest.raises(RefusedError):
        case.copy(answer, sink)
    assert case.notes == [Partial("upload-0", '"one"'), None]
    assert sink.received == 0


def test_what_cannot_be_resumed_is_discarded(case: Case) -> None:
    sink = Memory()
    with pytest.raises(CutError):
        case.copy(File(SOUND, etag=None, cuts=[25_000] * 50), sink)
    assert (sink.received, sink.shown, case.notes) == (0, None, [])


def test_an_answer_shorter_than_the_whole_is_resumed(case: Case) -> None:
    later = Memory(kept=bytearray(SOUND[:20_000]))

    def answer(request: Any) -> None:
        begun = len(later.kept) + len(later.buffer)
        part = SOUND[begun : begun + 50_000]
        reply(
            request,
            206,
            {"Content-Range": f"bytes {begun}-{begun + len(part) - 1}/{len(SOUND)}", "ETag": '"one"'},
            part,
        )

    case.copy(answer, later, partial=Partial("upload-0", '"one"'))
    assert later.shown == SOUND
    assert case.ranges() == ["bytes=20000-", "bytes=70000-"]


def test_errors_of_the_sink_are_not_errors_of_the_server(case: Case) -> None:
    class Broken(Memory):
        def write(self, data: bytes) -> None:
            raise ConnectionResetError("the store")

    with pytest.raises(ConnectionResetError):
        case.copy(File(SOUND), Broken())
    assert not issubclass(ConnectionResetError, WebError)
