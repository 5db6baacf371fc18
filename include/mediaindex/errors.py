"""One base class for every error of ours, and whether trying again can help.

A message names the thing, what is wrong with it and what to do. ``code`` is the short, stable name that the ledger
keeps and that people filter by.
"""

from __future__ import annotations


class MediaindexError(Exception):
    """Base of all our errors. ``code`` is a stable snake_case reason; the text is for people."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions with keyword arguments do not pickle by default, and task runners pickle them.
        return _rebuild, (type(self), self.message, self.code)


class TerminalError(MediaindexError):
    """Trying again with the same input cannot help."""

    code = "terminal"


class TransientError(MediaindexError):
    """The world may be better in a minute: out of memory, network, a server restarting."""

    code = "transient"


class BadMediaError(TerminalError):
    """The recording itself cannot be used: no audio stream, truncated, not media at all."""

    code = "bad_media"


class ConfigError(TerminalError):
    """A setting, source, policy or model entry is wrong; the message names file, place and remedy."""

    code = "config"


class ModelMissingError(TerminalError):
    """Weights are in none of the places where they may be; the message names all three ways to get them."""

    code = "model_missing"


def _rebuild(kind: type[MediaindexError], message: str, code: str) -> MediaindexError:
    return kind(message, code=code)
