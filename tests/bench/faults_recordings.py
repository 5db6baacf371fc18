"""Short recordings that nobody has heard before: cut from the corpus, each behind a silence of its own."""

from __future__ import annotations

import random
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.builders import corpus

SPOKEN, NOISY = frozenset({"indexed", "in_review"}), frozenset({"indexed", "in_review"})


@dataclass(frozen=True)
class Made:
    """A file and the ledger's states that it may end with; ``spoken``: somebody speaks in it."""

    path: Path
    ends: frozenset[str]
    spoken: bool


def made(folder: Path, draw: random.Random) -> Iterator[Made]:
    """One after the other without end: mostly English readers; every sixth another language, every eighth noise."""
    english = [one.path for one in (*corpus.readings(), *corpus.librispeech())]
    others = [one.path for one in corpus.languages().values()]
    draw.shuffle(english)
    number = 0
    while True:
        number += 1
        if number % 8 == 0:
            yield Made(_noise(folder / f"{number:03}-noise.ogg", draw), NOISY, spoken=False)
        else:
            foreign = number % 6 == 0
            part = draw.choice(others) if foreign else english[number % len(english)]
            target = folder / f"{number:03}-{'other' if foreign else 'reader'}.flac"
            yield Made(_cut(target, part, draw), SPOKEN, spoken=True)


def _cut(target: Path, part: Path, draw: random.Random) -> Path:
    """3 to 10 s from the beginning of ``part``. Audio that was heard before would be a duplicate."""
    seconds, silence = draw.uniform(3, 10), uuid.uuid4().int % 900
    _ffmpeg("-i", str(part), "-t", f"{seconds:.2f}", "-af", f"adelay={silence},volume={draw.uniform(0.7, 1):.4f}",
            "-ac", "1", "-ar", "16000", str(target))  # fmt: skip
    return target


def _noise(target: Path, draw: random.Random) -> Path:
    seed = uuid.uuid4().int % 1_000_000
    source = f"anoisesrc=color=pink:amplitude=0.2:seed={seed}:sample_rate=16000:duration={draw.uniform(3, 6):.2f}"
    _ffmpeg("-f", "lavfi", "-i", source, "-ac", "1", str(target))
    return target


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], check=True, timeout=60)
