"""Text and numbers that PostgreSQL can store: file names, tags and error messages may contain any bytes."""

from __future__ import annotations

import math
from typing import Any

from psycopg2.extras import Json

MESSAGE_LENGTH = 4_000  # characters of a reason or error; the messages of a decoder can have megabytes


def text(value: str, limit: int | None = None) -> str:
    """Without characters that PostgreSQL refuses (NUL, lone surrogates), cut to ``limit`` characters."""
    clean = value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    return clean if limit is None or len(clean) <= limit else clean[: limit - 1] + "…"


def message(value: str | None) -> str | None:
    """A reason or error message, of bounded length."""
    return None if value is None else text(value, MESSAGE_LENGTH)


def document(value: Any) -> Json:
    """``value`` as a jsonb parameter."""
    return Json(_clean(value))


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no infinities and no NaN
    if isinstance(value, dict):
        return {text(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value
