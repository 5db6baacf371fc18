"""Names that the entity finder gets out of a text: as written, as a recogniser writes it, and as it is restored.

``python tests/bench/entities.py`` reads ``named.txt``, whose names stand in brackets. A name counts as found where the
finder marks exactly its words (without "the" and "'s"), whatever it calls them. Exits with 1 where restoring finds
less than LEAST of what the written text gives.
"""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from pathlib import Path

from mediaindex.runner.engines import Engines
from mediaindex.stages.find_topics import NAMES, PUNCTUATION
from mediaindex.stages.protocols import TextReader

TEXTS = Path(__file__).with_name("named.txt")
LEAST = 0.85


def main() -> int:
    """Print names found, out of how many, and spans marked that are none."""
    lines = [line for line in TEXTS.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    wanted = [Counter(key(name) for name in re.findall(r"\[(.*?)\]", line)) for line in lines]
    written = [re.sub(r"[\[\]]", "", line) for line in lines]
    heard = [" ".join(re.sub(r"[^\w' ]", " ", line).lower().split()) for line in written]
    engines = Engines()
    engines.restorer.restore("once")
    began = time.perf_counter()
    restored = [engines.restorer.restore(line) + "." for line in heard]
    took = time.perf_counter() - began
    total = sum(sum(names.values()) for names in wanted)
    rows = {"as written": written, "lower case, no marks": heard, "restored": restored}
    found = {}
    for name, texts in rows.items():
        found[name], wrong = score(engines.reader, texts, wanted)
        sys.stdout.write(f"{name:<22} {found[name]:>4} of {total} names, {wrong} other spans\n")
    words = sum(len(line.split()) for line in heard)
    sys.stdout.write(f"restoring case: {1e6 * took / words:.0f} us a word\n")
    return int(found["restored"] < LEAST * found["as written"])


def score(reader: TextReader, texts: list[str], wanted: list[Counter[str]]) -> tuple[int, int]:
    """Names found and spans that are no name."""
    right = wrong = 0
    for text, names, read in zip(texts, wanted, reader.read(texts), strict=True):
        marked = Counter(key(text[one.start : one.end]) for one in read.entities if one.label in NAMES)
        right += (marked & names).total()
        wrong += (marked - names).total()
    return right, wrong


def key(name: str) -> str:
    """The words alone."""
    return name.lower().strip(PUNCTUATION).removesuffix("'s").removeprefix("the ")


if __name__ == "__main__":
    sys.exit(main())
