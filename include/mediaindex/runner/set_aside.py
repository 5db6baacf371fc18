"""A recogniser that cannot be loaded, or fails whatever it is given, is set aside: the next one writes instead.

Whether a recording or the recogniser is to blame, a probe tells: whoever fails on plain noise, too, is broken. That
also finds one that worked until now, such as a GPU that is lost on the way.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import TYPE_CHECKING

from mediaindex.errors import ErrorCode, MediaindexError, ModelMissingError

if TYPE_CHECKING:
    from mediaindex.stages.protocols import Recogniser, Samples
    from mediaindex.timeline import Word

log = logging.getLogger(__name__)

LOUDNESS = 0.001  # of the probe; some engines answer digital silence without asking the model
LONGEST_WHY = 300  # characters; it stands on every transcript that is written without it


class SetAsideError(MediaindexError):
    """This recogniser is of no use in this process: the recording is to be written again without it."""

    code = ErrorCode.RECOGNISER_SET_ASIDE

    def __init__(self, name: str, why: str, *, memory: bool = False) -> None:
        super().__init__(f"{name} was set aside: {why}")
        self.name = name
        self.why = why
        self.memory = memory  # it had too little of it: another time may be better

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.name, self.why)


class StandIn:
    """Takes the place of a recogniser that is not to be had: says so when it is asked, and in the fingerprint."""

    def __init__(self, name: str, languages: frozenset[str], identity: str, why: str) -> None:
        self.name = name
        self.languages = languages
        self.identity = identity
        self._why = why

    def recognise(
        self, chunks: Sequence[Samples], language: str, vocabulary: Sequence[str] = ()
    ) -> list[tuple[Word, ...]]:
        """Raises ModelMissingError that says why."""
        raise ModelMissingError(self._why)


def without(name: str, languages: Iterable[str], why: str) -> StandIn:
    """A stand-in for it: what is computed without it has a fingerprint of its own, whatever the reason was."""
    return StandIn(name, frozenset(languages), f"without {name}", why)


class Watched:
    """The recogniser inside, until it turns out to be broken; from then on each call raises SetAsideError.

    As safe with threads as that one.
    """

    def __init__(self, recogniser: Recogniser) -> None:
        self.name = recogniser.name
        self.languages = recogniser.languages
        self._recogniser = recogniser
        self._lock = Lock()
        self._broken: SetAsideError | None = None

    @property
    def identity(self) -> str:
        """The recogniser's: what it writes is its own, and what others write instead is never taken for that."""
        return self._recogniser.identity

    def recognise(
        self, chunks: Sequence[Samples], language: str, vocabulary: Sequence[str] = ()
    ) -> list[tuple[Word, ...]]:
        """Words of each chunk; see ``Recogniser``. Its own errors, where these chunks are to blame for them."""
        self._raise_if_broken()
        try:
            return self._recogniser.recognise(chunks, language, vocabulary)
        except Exception as error:
            self._judge(error, max(map(len, chunks), default=0))
            raise

    def set_aside(self, why: str, error: Exception | None = None) -> None:
        """From now on; told once, with all that ``error`` says."""
        self._broken = SetAsideError(self.name, why, memory=isinstance(error, MemoryError))
        ours = isinstance(error, MediaindexError)
        log.error(
            "%s; the next recogniser writes instead of it. Mend what the error says, or its weights (`mediaindex "
            "models check %s` names the file): every new process tries it again, and recordings that were written "
            "without it are sent again once it works%s",
            self._broken.message,
            self.name,
            f"\n{error}" if ours else "",
            exc_info=None if ours else error,
        )

    def _judge(self, error: Exception, samples: int) -> None:
        with self._lock:
            if self._broken is None and self._fails_always(error, samples):
                self.set_aside(_short(error), error)
        self._raise_if_broken()

    def _fails_always(self, error: Exception, samples: int) -> bool:
        """Errors of our own tell of the model; any other may tell of the chunks, so noise of their length is asked."""
        if isinstance(error, MediaindexError):
            return True
        import numpy as np

        noise = np.random.default_rng(0).normal(0.0, LOUDNESS, samples).astype(np.float32)
        # A language that it does not write after all must not cost the others.
        language = "en" if "en" in self.languages else min(self.languages)
        try:
            self._recogniser.recognise([noise], language)
        except Exception:  # whatever it is, that was no recording
            return True
        return False

    def _raise_if_broken(self) -> None:
        if broken := self._broken:
            # A new one each time: several threads must not write their tracebacks into the same.
            raise SetAsideError(broken.name, broken.why, memory=broken.memory)


def _short(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [""]
    kind = "" if isinstance(error, MediaindexError) else f"{type(error).__name__}: "
    return (kind + lines[0])[:LONGEST_WHY].rstrip(": ")
