"""Setting broken recognisers aside: one that cannot be loaded, or fails on any input, is replaced by the next one.

A probe decides whether the recording or the recogniser is at fault: a recogniser that also fails on plain noise is
broken. This also detects a recogniser that breaks while it is used, for example because the GPU is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import TYPE_CHECKING

from mediaindex.errors import ErrorCode, MediaindexError, ModelMissingError
from mediaindex.printable import logger

if TYPE_CHECKING:
    from mediaindex.stages.protocols import Recogniser, Samples
    from mediaindex.timeline import Word

log = logger(__name__)

LOUDNESS = 0.001  # of the probe; some engines do not run the model on digital silence
LONGEST_WHY = 300  # characters; the reason is stored with every transcript that is affected


class SetAsideError(MediaindexError):
    """The recogniser is broken in this process; the recording must be recognised again without it."""

    code = ErrorCode.RECOGNISER_SET_ASIDE

    def __init__(self, name: str, why: str, *, memory: bool = False) -> None:
        super().__init__(f"{name} was set aside: {why}")
        self.name = name
        self.why = why
        self.memory = memory  # for want of memory, so that a later attempt may succeed

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.name, self.why)


class StandIn:
    """A placeholder for an unavailable recogniser: raises when called, and appears in the fingerprint."""

    may_loop = False

    def __init__(self, name: str, languages: frozenset[str], identity: str, why: str) -> None:
        self.name = name
        self.languages = languages
        self.identity = identity
        self._why = why

    def recognise(
        self, chunks: Sequence[Samples], language: str, vocabulary: Sequence[str] = ()
    ) -> list[tuple[Word, ...]]:
        """Raise ModelMissingError with the reason."""
        raise ModelMissingError(self._why)


def without(name: str, languages: Iterable[str], why: str) -> StandIn:
    """A placeholder for a broken recogniser. Results without it have the same fingerprint for every reason."""
    return StandIn(name, frozenset(languages), f"without {name}", why)


class Watched:
    """Wraps a recogniser until it proves broken; from then on each call raises SetAsideError.

    As thread-safe as the wrapped recogniser.
    """

    def __init__(self, recogniser: Recogniser) -> None:
        self.name = recogniser.name
        self.languages = recogniser.languages
        self.may_loop = recogniser.may_loop
        self._recogniser = recogniser
        self._lock = Lock()
        self._broken: SetAsideError | None = None

    @property
    def identity(self) -> str:
        """The identity of the wrapped recogniser; results of a replacement have another fingerprint."""
        return self._recogniser.identity

    def recognise(
        self, chunks: Sequence[Samples], language: str, vocabulary: Sequence[str] = ()
    ) -> list[tuple[Word, ...]]:
        """Words of each chunk; see ``Recogniser``. Raises the recogniser's errors if the chunks cause them."""
        self._raise_if_broken()
        try:
            return self._recogniser.recognise(chunks, language, vocabulary)
        except Exception as error:
            self._judge(error, max(map(len, chunks), default=0))
            raise

    def set_aside(self, why: str, error: Exception | None = None) -> None:
        """Mark the recogniser as broken, and log it once, with ``error`` in full."""
        self._broken = SetAsideError(self.name, why, memory=isinstance(error, MemoryError))
        known = isinstance(error, MediaindexError)
        log.error(
            "%s; the next recogniser is used instead. Fix the cause of the error, or replace the weights (`mediaindex "
            "models check %s` names the file). Every new process tries the recogniser again; once it works, recordings "
            "that were recognised without it are processed again%s",
            self._broken.message,
            self.name,
            f"\n{error}" if known else "",
            exc_info=None if known else error,
        )

    def _judge(self, error: Exception, samples: int) -> None:
        with self._lock:
            if self._broken is None and self._fails_always(error, samples):
                self.set_aside(_short(error), error)
        self._raise_if_broken()

    def _fails_always(self, error: Exception, samples: int) -> bool:
        """A MediaindexError concerns the model; other errors may be due to the chunks, so noise is tried."""
        if isinstance(error, MediaindexError):
            return True
        import numpy as np

        noise = np.random.default_rng(0).normal(0.0, LOUDNESS, samples).astype(np.float32)
        # A language in which the recogniser fails must not set it aside for the others.
        language = "en" if "en" in self.languages else min(self.languages)
        try:
            self._recogniser.recognise([noise], language)
        except Exception:  # any error: noise is not the cause
            return True
        return False

    def _raise_if_broken(self) -> None:
        if broken := self._broken:
            # A new exception each time: several threads must not write their tracebacks into the same one.
            raise SetAsideError(broken.name, broken.why, memory=broken.memory)


def _short(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [""]
    kind = "" if isinstance(error, MediaindexError) else f"{type(error).__name__}: "
    return (kind + lines[0])[:LONGEST_WHY].rstrip(": ")
