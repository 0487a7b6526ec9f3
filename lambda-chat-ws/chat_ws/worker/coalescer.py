"""The coalescing of the model's chunks into frames. Pure: the caller passes the time."""

MIN_INTERVAL = 0.040  # seconds between two frames; a reader sees no difference below it


class Coalescer:
    """Text waiting to be sent.

    The first text is due at once, later text when MIN_INTERVAL has passed since the last frame.
    Text that gathers while a frame is being sent goes into the next one: the slower the network,
    the fewer and larger the frames.
    """

    def __init__(self) -> None:
        self._waiting: list[str] = []
        self._due = float("-inf")

    def feed(self, text: str) -> None:
        if text:
            self._waiting.append(text)

    def wait(self, now: float) -> float | None:
        """Return the seconds until a frame is due (0: now), None if there is nothing to send."""
        return max(0.0, self._due - now) if self._waiting else None

    def take(self, now: float) -> str:
        """Return the waiting text for one frame; the next is due MIN_INTERVAL after `now`."""
        text = "".join(self._waiting)
        self._waiting.clear()
        self._due = now + MIN_INTERVAL
        return text
