"""What is assumed of people, of the model and of AWS: nobody has measured these yet."""

from dataclasses import dataclass, field

CHARACTERS_PER_TOKEN = 1.5  # of Korean in Llama 3's vocabulary, spaces included


def _assumed(default: float, meaning: str) -> float:
    value: float = field(default=default, metadata={"meaning": meaning})
    return value


@dataclass(frozen=True)
class Habits:
    """Times are in seconds unless a name says otherwise."""

    questions: float = _assumed(5, "questions of a user in a day, all in one visit")
    question_characters: float = _assumed(40, "characters of a question")
    answer_tokens: float = _assumed(300, "tokens of an answer")
    tokens_per_second: float = _assumed(40, "tokens that the model gives in a second")
    first_token: float = _assumed(0.8, "seconds until the model's first token")
    post: float = _assumed(0.02, "seconds until API Gateway has taken a frame")
    worker_overhead: float = _assumed(0.3, "seconds of a worker before and after the model")
    routes: float = _assumed(0.04, "seconds of the routes function for a frame")
    authorizer: float = _assumed(0.005, "seconds of the authorizer")
    history: float = _assumed(0.04, "seconds of the history function for a request")
    visit_minutes: float = _assumed(15, "minutes that the page is open in a visit")
    log_bytes: float = _assumed(700, "bytes of log of an invocation, Lambda's own lines included")
    peak_hour: float = _assumed(0.15, "share of a day's answers in its busiest hour")
    peak_burst: float = _assumed(2, "how much busier that hour's busiest seconds are")

    @property
    def answer_seconds(self) -> float:
        """From the call of the model to its last token."""
        return self.first_token + self.answer_tokens / self.tokens_per_second

    @property
    def worker_seconds(self) -> float:
        return self.worker_overhead + self.answer_seconds


@dataclass(frozen=True)
class Scale:
    """`cold` is the assumed share of visits that find no warm function."""

    users: int
    cold: float


SCALES = (Scale(10, 1.0), Scale(1_000, 0.3), Scale(100_000, 0.02))
