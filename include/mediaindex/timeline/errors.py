"""The timeline's own error: this room imports nothing else of ours."""


class TimelineError(ValueError):
    """A time, an order or a probability that cannot be; raised at construction."""
