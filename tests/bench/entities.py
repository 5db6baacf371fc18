"""Names that the text reader finds: in written text, in the words of a recogniser, and with case restored.

``python tests/bench/entities.py`` reads ``named.txt``, whose names are in brackets. A name counts as found if the
reader marks exactly its words (without "the" and "'s"), with any label. Exits with 1 if restored text gives less than
LEAST of the names found in written text.
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
    """Print the number of names found, of all names, and of other spans."""
    lines = [line for line in TEXTS.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    wanted = [Counter(key(name) for name in re.findall(r"\[(.*?)\]", line)) for line in lines]
    written = [re.sub(r"[\[\]]", "", line) for line in lines]
    recognised = [" ".join(re.sub(r"[^\w' ]", " ", line).lower().split()) for line in written]
    engines = Engines()
    engines.restorer.restore("once")
    began = time.perf_counter()
    restored = [engines.restorer.restore(line) + "." for line in recognised]
    took = time.perf_counter() - began
    total = sum(sum(names.values()) for names in wanted)
    rows = {"as written": written, "lower case, no marks": recognised, "restored": restored}
    right = {}
    for name, texts in rows.items():
        right[name], wrong = score(engines.reader, texts, wanted)
        sys.stdout.write(f"{name:<22} {right[name]:>4} of {total} names, {wrong} other spans\n")
    words = sum(len(line.split()) for line in recognised)
    sys.stdout.write(f"restoring case: {1e6 * took / words:.0f} us per word\n")
    return int(right["restored"] < LEAST * right["as written"])


def score(reader: TextReader, texts: list[str], wanted: list[Counter[str]]) -> tuple[int, int]:
    """The numbers of names found and of other spans."""
    right = wrong = 0
    for text, names, read in zip(texts, wanted, reader.read(texts), strict=True):
        marked = Counter(key(text[entity.start : entity.end]) for entity in read.entities if entity.label in NAMES)
        right += (marked & names).total()
        wrong += (marked - names).total()
    return right, wrong


def key(name: str) -> str:
    """The words of a name, for comparison."""
    return name.lower().strip(PUNCTUATION).removesuffix("'s").removeprefix("the ")


if __name__ == "__main__":
    sys.exit(main())
