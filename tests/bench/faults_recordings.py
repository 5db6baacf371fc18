"""Short new recordings: cut from the corpus, each after a silence of random length."""

from __future__ import annotations

import random
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

from tests.builders import corpus

FINAL_STATES = frozenset({"indexed", "in_review"})  # of all of them, also of noise


def generate(folder: Path, rng: random.Random) -> Iterator[Path]:
    """An endless sequence: English readers, every sixth another language, every eighth noise."""
    english = [reading.path for reading in (*corpus.readings(), *corpus.librispeech())]
    others = [reading.path for reading in corpus.languages().values()]
    rng.shuffle(english)
    number = 0
    while True:
        number += 1
        if number % 8 == 0:
            yield _noise(folder / f"{number:03}-noise.ogg", rng)
        else:
            foreign = number % 6 == 0
            part = rng.choice(others) if foreign else english[number % len(english)]
            target = folder / f"{number:03}-{'other' if foreign else 'reader'}.flac"
            yield _cut(target, part, rng)


def _cut(target: Path, part: Path, rng: random.Random) -> Path:
    """The first 3 to 10 s of ``part``. The random silence and volume prevent duplicates of earlier audio."""
    seconds, silence = rng.uniform(3, 10), uuid.uuid4().int % 900
    _ffmpeg("-i", str(part), "-t", f"{seconds:.2f}", "-af", f"adelay={silence},volume={rng.uniform(0.7, 1):.4f}",
            "-ac", "1", "-ar", "16000", str(target))  # fmt: skip
    return target


def _noise(target: Path, rng: random.Random) -> Path:
    seed = uuid.uuid4().int % 1_000_000
    source = f"anoisesrc=color=pink:amplitude=0.2:seed={seed}:sample_rate=16000:duration={rng.uniform(3, 6):.2f}"
    _ffmpeg("-f", "lavfi", "-i", source, "-ac", "1", str(target))
    return target


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], check=True, timeout=60)
