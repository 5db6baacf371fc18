"""In which numbers the Conformer computes on the CPU: most of its products as int8, or all of them as trained."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal, cast, get_args

from mediaindex.errors import ConfigError

Precision = Literal["int8", "float32"]

VARIABLE = "MEDIAINDEX_PRECISION"


def precision(environment: Mapping[str, str] = os.environ) -> Precision:
    """MEDIAINDEX_PRECISION, by default ``int8``; ConfigError where it is neither ``int8`` nor ``float32``."""
    wanted = environment.get(VARIABLE, "").strip().lower() or "int8"
    if wanted not in get_args(Precision):
        raise ConfigError(f"{VARIABLE} is {wanted!r}; write {' or '.join(get_args(Precision))}, or leave it out")
    return cast("Precision", wanted)
