"""Copy one episode in pieces of bounded size, only if it has changed; resume after a broken connection."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from mediaindex.errors import ErrorCode
from mediaindex.printable import logger

from .errors import CutError, LaterError, RefusedError, UnexpectedAnswerError, WebError
from .fetch import Validators, if_range
from .places import shown
from .web import Answer, Web


class Stored(Protocol):
    """The stored object: its ETag (without quotes) and its size in bytes."""

    @property
    def etag(self) -> str:
        """The ETag."""
        ...

    @property
    def size(self) -> int:
        """Bytes."""
        ...


class Sink(Protocol):
    """Takes bytes in order. The object is not visible before ``finish``."""

    @property
    def received(self) -> int:
        """Bytes taken so far, including those of an earlier process that it resumes."""
        ...

    @property
    def resume_id(self) -> str | None:
        """What another process needs to resume; None while nothing is stored yet."""
        ...

    def open(self, media_type: str) -> None:
        """Set the media type, before the first byte."""
        ...

    def write(self, data: bytes) -> None:
        """Append bytes."""
        ...

    def restart(self) -> None:
        """Discard all bytes and start again."""
        ...

    def finish(self) -> Stored:
        """Make the whole object visible."""
        ...

    def abort(self) -> None:
        """Discard all bytes; an earlier object stays as it is."""
        ...


log = logger(__name__)

CUTS = 8  # broken connections per copy; those without new bytes count double
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Known:
    """The existing copy: its validators, its size in bytes, and its SHA-256 (hex) if it was computed."""

    validators: Validators = field(default_factory=Validators)
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Partial:
    """An unfinished copy that another process may resume if ``if_range`` still identifies the file."""

    resume_id: str
    if_range: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to copy. ``announced``: the feed says that the file is new or was replaced.

    ``others``: SHA-256 (hex) of files of the same feed that are not copied again under another name.
    """

    url: str
    known: Known
    announced: bool
    max_bytes: int
    media_types: tuple[str, ...]
    others: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Copied:
    """``stored`` is None if the file has not changed."""

    stored: Stored | None
    validators: Validators
    sha256: str | None = None


class Copier:
    """Copies one episode. ``note`` receives what another process needs to resume, or None if it cannot resume."""

    def __init__(
        self, web: Web, wanted: Wanted, sink: Sink, partial: Partial | None, note: Callable[[Partial | None], None]
    ) -> None:
        self._web, self._wanted, self._sink, self._note = web, wanted, sink, note
        self._noted = partial
        self._if_range = partial.if_range if partial and sink.received else None
        self._validators = Validators()
        # The SHA-256 of the bytes that an earlier process wrote is unknown.
        self._sum = None if sink.received else hashlib.sha256()

    def run(self) -> Copied:
        """Copy the episode. Raises WebError; after a LaterError another process may resume what was ``note``d."""
        try:
            return self._copy()
        except WebError as error:
            if not (isinstance(error, LaterError) and self._if_range):
                self._forget()
            raise

    def _copy(self) -> Copied:
        if self._sink.received and not self._if_range:
            self._restart()
        broken = 0
        while True:
            before = self._sink.received
            try:
                if not self._transfer():
                    self._forget()
                    return Copied(None, self._validators)
                return self._finish()
            except CutError as cut:
                broken += 1 if self._sink.received > before else 2
                if broken >= CUTS:
                    raise
                log.info("%s; resuming at %d bytes", cut, self._sink.received)
                if not self._if_range:
                    self._restart()

    def _transfer(self) -> bool:
        """Whether the file was received to its end; False if it has not changed."""
        headers = {"Accept-Encoding": "identity"}
        if begun := self._sink.received:
            headers |= {"Range": f"bytes={begun}-", "If-Range": self._if_range or ""}
        else:
            headers |= self._wanted.known.validators.conditions
        with self._web.get(self._wanted.url, headers) as answer:
            if answer.status == 304:
                self._validators = self._wanted.known.validators
                return False
            total = self._begin(answer, begun)
            if self._is_known(answer, total):
                return False
            for chunk in answer.chunks:
                self._take(answer, chunk)
        if total is not None and self._sink.received != total:
            raise CutError(
                f"{answer.shown}: received {self._sink.received} bytes instead of {total}", code=ErrorCode.CUT
            )
        return True

    def _begin(self, answer: Answer, begun: int) -> int | None:
        """Check the response head against the limits; the size of the whole file in bytes, if the server says it."""
        if answer.status == 416:
            # The file is shorter than the requested offset: it was replaced, so start again.
            self._restart()
            raise CutError(f"{answer.shown}: the size of the file has changed", code=ErrorCode.CUT)
        total = answer.length
        if answer.status == 206:
            total = self._continued(answer, begun)
        elif begun:  # the file was replaced, or the server does not support ranges: the whole file is sent
            self._restart()
        self._check(answer, total)
        self._validators = Validators.of(answer.headers)
        self._if_range = if_range(answer.headers)
        return total

    def _continued(self, answer: Answer, begun: int) -> int | None:
        content_range = _RANGE.fullmatch(answer.headers.get("content-range", ""))
        if not begun or not content_range or int(content_range[1]) != begun:
            self._restart()
            raise CutError(f"{answer.shown}: the server sent a different range than requested", code=ErrorCode.CUT)
        # Servers that support ranges but not If-Range would send the end of the replaced file.
        validators = {answer.headers.get("etag"), answer.headers.get("last-modified")} - {None}
        if validators and self._if_range not in validators:
            self._restart()
            raise CutError(f"{answer.shown}: the file was replaced", code=ErrorCode.CUT)
        return None if content_range[3] == "*" else int(content_range[3])

    def _check(self, answer: Answer, total: int | None) -> None:
        if answer.headers.get("content-encoding", "identity").lower() not in {"", "identity"}:
            raise UnexpectedAnswerError(
                f"{answer.shown}: the server sent a Content-Encoding that was not requested",
                code=ErrorCode.CONTENT_ENCODING,
            )
        if total is not None and total > self._wanted.max_bytes:
            raise self._too_large(answer)
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        # Without a slash it is no media type, and says nothing.
        if "/" in media_type and not any(
            media_type.startswith(accepted) if accepted.endswith("/") else media_type == accepted
            for accepted in self._wanted.media_types
        ):
            raise UnexpectedAnswerError(
                f"{answer.shown}: the media type {media_type[:100]!r} is not accepted; "
                "to accept it, add it to the source's media_types",
                code=ErrorCode.MEDIA_TYPE,
            )
        self._sink.open(media_type or "application/octet-stream")

    def _is_known(self, answer: Answer, total: int | None) -> bool:
        """Whether the head describes the known file: servers that ignore conditions send unchanged files in full."""
        known = self._wanted.known
        if known.size is None or self._sink.received:
            return False
        same = known.validators.same_file(self._validators)
        if same is None or (same and not self._validators.etag):
            return total == known.size and (bool(same) or not self._wanted.announced)
        return same

    def _take(self, answer: Answer, chunk: bytes) -> None:
        if self._sink.received + len(chunk) > self._wanted.max_bytes:
            raise self._too_large(answer)
        if self._sum is not None:
            self._sum.update(chunk)
        self._sink.write(chunk)
        resume_id = self._sink.resume_id
        if resume_id and self._if_range and (self._noted is None or self._noted.resume_id != resume_id):
            self._noted = Partial(resume_id, self._if_range)
            self._note(self._noted)

    def _finish(self) -> Copied:
        if self._sink.received == 0:
            raise UnexpectedAnswerError(
                f"{shown(self._wanted.url)}: the file is empty; check the address", code=ErrorCode.EMPTY
            )
        digest = self._sum.hexdigest() if self._sum is not None else None
        if digest and (digest == self._wanted.known.sha256 or digest in self._wanted.others):
            self._forget()
            return Copied(None, self._validators, digest)
        return Copied(self._sink.finish(), self._validators, digest)

    def _restart(self) -> None:
        self._sink.restart()
        self._if_range = None
        self._sum = hashlib.sha256()

    def _forget(self) -> None:
        self._sink.abort()
        if self._noted:
            self._note(None)

    def _too_large(self, answer: Answer) -> RefusedError:
        return RefusedError(
            f"{answer.shown}: larger than {self._wanted.max_bytes} bytes; raise the source's episode_bytes to copy it",
            code=ErrorCode.TOO_LARGE,
        )
