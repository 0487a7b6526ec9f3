"""The coalescing of the model's chunks into frames. Pure: the caller passes the time."""

# Seconds between two frames. A reader sees no difference below the first; the page smooths the
# second. The interval grows, because the beginning of an answer is read as it appears, and a long
# one is read more slowly than it arrives.
MIN_INTERVAL, MAX_INTERVAL = 0.040, 0.100
GROWTH_START, GROWTH_SECONDS = 1.0, 2.0  # after the first frame


class Coalescer:
    """Text waiting to be sent.

    The first text is due at once, later text when an interval has passed since the last frame.
    Text that gathers while a frame is being sent goes into the next one: the slower the network,
    the fewer and larger the frames.
    """

    def __init__(self) -> None:
        self._waiting: list[str] = []
        self._first: float | None = None  # time of the first frame
        self._due = float("-inf")

    def feed(self, text: str) -> None:
        if text:
            self._waiting.append(text)

    def wait(self, now: float) -> float | None:
        """Return the seconds until a frame is due (0: now), None if there is nothing to send."""
        return max(0.0, self._due - now) if self._waiting else None

    def take(self, now: float) -> str:
        """Return the waiting text for one frame; the next is due an interval after `now`."""
        text = "".join(self._waiting)
        self._waiting.clear()
        if self._first is None:
            self._first = now
        self._due = now + self.interval(now - self._first)
        return text

    def interval(self, age: float) -> float:
        """Return the seconds until the next frame, `age` seconds after the first one."""
        growth = min(1.0, max(0.0, age - GROWTH_START) / GROWTH_SECONDS)
        return MIN_INTERVAL + growth * (MAX_INTERVAL - MIN_INTERVAL)
