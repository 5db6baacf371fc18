"""Named entities and noun phrases of English text by a spaCy model; spaCy is imported at the first use."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mediaindex.stages.protocols import Entity, ReadText

if TYPE_CHECKING:
    from pathlib import Path

BATCH = 64  # texts
# Word classes at the start of a key phrase; articles, pronouns, numbers and adverbs before it are cut off.
PHRASE_WORDS = frozenset({"NOUN", "PROPN", "ADJ"})
PHRASE_HEADS = frozenset({"NOUN", "PROPN"})


@dataclass
class SpacyReader:
    """A reader with one model directory; noun phrases do not begin with articles, pronouns or numbers."""

    path: Path
    identity: str
    languages: frozenset[str] = frozenset({"en"})

    def read(self, texts: Sequence[str]) -> list[ReadText]:
        """Entities (all labels of the model) and noun phrases of each text, in order, as character offsets."""
        return [_read(document) for document in self._model.pipe(texts, batch_size=BATCH)]

    @cached_property
    def _model(self) -> Any:
        with _torch_hidden():
            import spacy

            return spacy.load(self.path, exclude=["lemmatizer", "senter"])


class _NoTorch:
    """An import hook that hides torch from the current thread."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        del path, target
        if name == "torch" and threading.get_ident() == self._thread:
            raise ModuleNotFoundError("torch is hidden while spaCy is imported", name=name)


@contextmanager
def _torch_hidden() -> Iterator[None]:
    """Hide torch: spaCy imports it if it is installed (seconds, 450 MB), but this model does not need it."""
    hook = _NoTorch()
    sys.meta_path.insert(0, hook)
    try:
        yield
    finally:
        sys.meta_path.remove(hook)


def load(path: Path, *, identity: str) -> SpacyReader:
    """A reader for a model directory such as an unpacked ``en_core_web_sm``."""
    return SpacyReader(path, identity)


def _read(document: Any) -> ReadText:
    entities = tuple(Entity(span.start_char, span.end_char, span.label_) for span in document.ents)
    phrases = (_phrase(chunk) for chunk in document.noun_chunks)
    return ReadText(entities, tuple(phrase for phrase in phrases if phrase is not None))


def _phrase(chunk: Any) -> tuple[int, int] | None:
    """The chunk from its first content word to its head; None if there is none, as in "you", "the two", "a lot"."""
    if chunk.root.pos_ not in PHRASE_HEADS or chunk.root.is_stop:
        return None
    words = [word for word in chunk if word.i <= chunk.root.i]
    while words and (words[0].pos_ not in PHRASE_WORDS or words[0].is_stop):
        words.pop(0)
    return (words[0].idx, words[-1].idx + len(words[-1])) if words else None
