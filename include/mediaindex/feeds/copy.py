"""Copying one episode: in pieces of bounded size, going on where the connection broke, and only if it has changed."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from mediaindex.errors import ErrorCode

from .errors import CutError, LaterError, RefusedError, UnexpectedAnswerError, WebError
from .sink import Sink, Stored
from .validators import Validators, if_range
from .web import Answer, Web

log = logging.getLogger(__name__)

CUTS = 8  # broken connections in one go; those that brought nothing new count double
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Known:
    """The copy that there is: what its server said of it, its size, and its SHA-256 where it was measured."""

    validators: Validators = field(default_factory=Validators)
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Partial:
    """An unfinished copy that another process may go on with: only if the file is still the one of ``if_range``."""

    resume_id: str
    if_range: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to copy. ``announced``: the feed itself says that the file is new or another one."""

    url: str
    known: Known
    announced: bool
    max_bytes: int
    media_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Copied:
    """``stored`` is None where the file is the one that there is already."""

    stored: Stored | None
    validators: Validators
    sha256: str | None = None


class Copier:
    """One copy. ``note`` is told what another process would need, as soon as there is something, or None again."""

    def __init__(
        self, web: Web, wanted: Wanted, sink: Sink, partial: Partial | None, note: Callable[[Partial | None], None]
    ) -> None:
        self._web, self._wanted, self._sink, self._note = web, wanted, sink, note
        self._noted = partial
        self._if_range = partial.if_range if partial and sink.received else None
        self._validators = Validators()
        # Of what an earlier process wrote we have no sum.
        self._sum = None if sink.received else hashlib.sha256()

    def run(self) -> Copied:
        """Copy it. Raises WebErrors; after a LaterError another process may go on with what was ``note``d."""
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
                log.info("%s; going on at %d bytes", cut, self._sink.received)
                if not self._if_range:
                    self._restart()

    def _transfer(self) -> bool:
        """Whether the file came to its end; False where it is the one that there is."""
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
            raise CutError(f"{answer.shown}: {self._sink.received} bytes came instead of {total}", code=ErrorCode.CUT)
        return True

    def _begin(self, answer: Answer, begun: int) -> int | None:
        """Check the head against the limits; the whole file's size, where it says so."""
        if answer.status == 416:
            # The file has fewer bytes than we asked for: another one, so everything anew.
            self._restart()
            raise CutError(f"{answer.shown}: has another size now", code=ErrorCode.CUT)
        total = answer.length
        if answer.status == 206:
            total = self._continued(answer, begun)
        elif begun:  # another file now, or a server without ranges: all of it comes again
            self._restart()
        self._check(answer, total)
        self._validators = Validators.of(answer.headers)
        self._if_range = if_range(answer.headers)
        return total

    def _continued(self, answer: Answer, begun: int) -> int | None:
        found = _RANGE.fullmatch(answer.headers.get("content-range", ""))
        if not begun or not found or int(found[1]) != begun:
            self._restart()
            raise CutError(f"{answer.shown}: sends another part than was asked for", code=ErrorCode.CUT)
        # Servers that know ranges and not If-Range would give us the end of another file.
        told = {answer.headers.get("etag"), answer.headers.get("last-modified")} - {None}
        if told and self._if_range not in told:
            self._restart()
            raise CutError(f"{answer.shown}: has become another file", code=ErrorCode.CUT)
        return None if found[3] == "*" else int(found[3])

    def _check(self, answer: Answer, total: int | None) -> None:
        if answer.headers.get("content-encoding", "identity").lower() not in {"", "identity"}:
            raise UnexpectedAnswerError(
                f"{answer.shown}: comes encoded, though nobody asked for it", code=ErrorCode.CONTENT_ENCODING
            )
        if total is not None and total > self._wanted.max_bytes:
            raise self._too_large(answer)
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind and not any(
            kind.startswith(one) if one.endswith("/") else kind == one for one in self._wanted.media_types
        ):
            raise UnexpectedAnswerError(
                f"{answer.shown}: is {kind[:100]!r}, not media; if it is meant, add it to the source's media_types",
                code=ErrorCode.MEDIA_TYPE,
            )
        self._sink.open(kind or "application/octet-stream")

    def _is_known(self, answer: Answer, total: int | None) -> bool:
        """Servers that ignore conditions send an unchanged file in full: the head tells."""
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
            raise UnexpectedAnswerError("the file is empty", code=ErrorCode.EMPTY)
        digest = self._sum.hexdigest() if self._sum is not None else None
        if digest and digest == self._wanted.known.sha256:
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
            f"{answer.shown}: more than {self._wanted.max_bytes} bytes; raise the source's episode_bytes to take it",
            code=ErrorCode.TOO_LARGE,
        )
