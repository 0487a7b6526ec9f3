"""How many frames an answer takes: the function's own coalescer, on a clock of ours."""

from collections import deque
from collections.abc import Iterable

from chat_ws.worker.coalescer import Coalescer

# Seconds below which a frame counts as due: sums of floats miss each other by less.
EPSILON = 1e-9


def arrivals(pieces: Iterable[str], first: float, each: float) -> list[tuple[float, str]]:
    """Pieces of an answer with the second at which the model gives them."""
    return [(first + number * each, piece) for number, piece in enumerate(pieces)]


def sent(pieces: Iterable[tuple[float, str]], post_seconds: float) -> list[str]:
    """The frames' texts, as the relay sends them: never two POSTs at once, the rest at the end."""
    coalescer, coming, now = Coalescer(), deque(pieces), 0.0
    frames: list[str] = []
    while True:
        while coming and coming[0][0] <= now + EPSILON:
            coalescer.feed(coming.popleft()[1])
        wait = coalescer.wait(now)
        if wait is None and not coming:
            return frames
        if wait is not None and (wait < EPSILON or not coming):
            frames.append(coalescer.take(now))
            now += post_seconds
        else:
            now = min(now + wait if wait else coming[0][0], coming[0][0])
