"""The delivery of one answer, simulated: this worker's frames and those of other designs.

Run: `python -m bench.frames`. The coalescer and the frames are the worker's; a seeded clock plays
the model and the network.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from random import Random
from statistics import quantiles

from chat_ws.protocol import Delta, ServerFrame, Snapshot, encode
from chat_ws.worker.coalescer import MIN_INTERVAL, Coalescer
from rich.console import Console
from rich.table import Table

# Assumptions, not measured on AWS.
ANSWER_TOKENS = 300
CHARACTERS_PER_TOKEN = 1.5  # of Korean in Llama 3's vocabulary, spaces included
TOKEN_MS = 25
NETWORKS = {"fast": (20.0, 30.0), "slow": (40.0, 80.0)}  # one PostToConnection call, ms
SEED = 20261127
REQUEST = "0d5f3a52-7e0b-4c1e-9d8a-3c2f1b6a7e90"


@dataclass
class Delivery:
    """The frames of one answer, and the delay of each token from the model to the client."""

    frames: int = 0
    wire: int = 0  # bytes
    delays: list[float] = field(default_factory=list)  # milliseconds
    held_up: float = 0.0  # milliseconds that the model's last token waited to be read

    def send(self, frame: ServerFrame) -> None:
        self.frames += 1
        self.wire += len(encode(frame).encode())


class Fixed(Coalescer):
    """The same coalescer with an interval that does not grow."""

    def interval(self, age: float) -> float:
        return MIN_INTERVAL


def korean(characters: float) -> str:
    return "".join(islice(cycle("경주는 천천히 걸을수록 많은 것을 보여 줘요. "), round(characters)))


def answer() -> Iterator[tuple[float, str]]:
    """Yield each token's time in milliseconds and its text."""
    text = korean(ANSWER_TOKENS * CHARACTERS_PER_TOKEN)
    for number in range(ANSWER_TOKENS):
        start, end = (round(n * CHARACTERS_PER_TOKEN) for n in (number, number + 1))
        yield number * TOKEN_MS, text[start:end]


def post_times(network: str) -> Iterator[float]:
    """Yield the durations of POSTs in milliseconds, the same ones each time."""
    random = Random(SEED)  # noqa: S311 (not for cryptography)
    while True:
        yield random.uniform(*NETWORKS[network])


def coalesced(coalescer: Coalescer, network: str = "fast") -> Delivery:
    """Return the delivery of a thread that sends beside the model: the relay's."""
    delivery, posts = Delivery(), post_times(network)
    tokens, unsent = list(answer()), list[float]()
    now = free_at = 0.0
    while tokens or unsent:
        while tokens and tokens[0][0] <= now:
            at, text = tokens.pop(0)
            coalescer.feed(text)
            unsent.append(at)
        wait = coalescer.wait(now / 1000)
        due_at = None if wait is None else max(free_at, now + wait * 1000)
        if due_at is None or (tokens and tokens[0][0] < due_at):
            now = tokens[0][0]
        elif due_at > now:
            now = due_at
        else:
            delivery.send(Delta(REQUEST, 1, delivery.frames + 1, coalescer.take(now / 1000)))
            free_at = now + next(posts)
            delivery.delays += [free_at - at for at in unsent]
            unsent.clear()
    return delivery


def in_the_models_thread(network: str, *, whole_text: bool) -> Delivery:
    """Return the delivery of a design that sends each token before it reads the next one.

    Each frame has the token, or with `whole_text` the whole answer so far.
    """
    delivery, posts, now, shown = Delivery(), post_times(network), 0.0, ""
    for at, text in answer():
        shown += text
        delivery.held_up = max(0.0, now - at)
        number = delivery.frames + 1
        delivery.send(
            Snapshot(REQUEST, 1, number, shown) if whole_text else Delta(REQUEST, 1, number, text)
        )
        now = max(now, at) + next(posts)
        delivery.delays.append(now - at)
    return delivery


def deliveries(network: str) -> dict[str, Delivery]:
    return {
        "each token": in_the_models_thread(network, whole_text=False),
        "the whole text": in_the_models_thread(network, whole_text=True),
        "40 ms": coalesced(Fixed(), network),
        "40 to 100 ms": coalesced(Coalescer(), network),
    }


def table(network: str) -> Table:
    shortest, longest = NETWORKS[network]
    shown = Table(
        "a frame has",
        title=f"{ANSWER_TOKENS} tokens, one each {TOKEN_MS} ms; "
        f"a POST takes {shortest:.0f} to {longest:.0f} ms",
        caption="The first two designs send in the model's thread, once for each token. The others "
        "coalesce in a thread of their own; the last is this worker's. Delay: from the model to "
        "the client. Held up: how long the last token waits to be read.",
    )
    for head in ("frames", "ratio", "KB", "ratio", "delay p50", "p95, ms", "held up, ms"):
        shown.add_column(head, justify="right")
    found = deliveries(network)
    *_, ours = found.values()
    for name, each in found.items():
        cuts = quantiles(each.delays, n=20)
        cells = (
            f"{each.frames}",
            f"{each.frames / ours.frames:.2f}",
            f"{each.wire / 1024:.1f}",
            f"{each.wire / ours.wire:.2f}",
            f"{cuts[9]:.0f}",
            f"{cuts[18]:.0f}",
            f"{each.held_up:.0f}",
        )
        shown.add_row(name, *cells)
    return shown


def main() -> None:
    for network in NETWORKS:
        Console().print(table(network))


if __name__ == "__main__":
    main()
