"""From counts to dollars. Pure: counts, habits and prices in, lines out."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench import prices
from bench.counts import MAX_GEN_LEN, Counts
from bench.habits import Habits, Scale
from bench.prices import ModelPrice, Price

DAYS = 30  # of a month
GB = 1024**3
# MB of memory, as cdk/ sets them (held to it by a test), and assumed seconds of a cold start.
MEMORY = {"worker": 1024, "routes": 896, "authorizer": 256, "history": 896}
INIT = {"worker": 3.0, "routes": 0.6, "authorizer": 0.2, "history": 0.5}
HISTORY_REQUESTS = 2  # of a visit: the list of conversations, and the newest one's turns
# Of a visit. Everything else of the page stays at the edge until the next deployment.
UNCACHED_FILES = 2
WARM_UP = 0.005  # seconds of a worker that is asked to do nothing
RETURN = 10.0  # seconds; a page's first three tries to reconnect are in them
FULL = 0.7  # of a quota
PING_MINUTES = 8  # after which an idle page pings


@dataclass(frozen=True)
class Line:
    """`units` of something that costs `price`."""

    group: str
    item: str
    units: float
    price: Price

    @property
    def dollars(self) -> float:
        return self.price.of(self.units)

    def times(self, factor: float) -> "Line":
        return Line(self.group, self.item, self.units * factor, self.price)


def total(lines: Sequence[Line]) -> float:
    return sum(line.dollars for line in lines)


def gb_seconds(function: str, seconds: float) -> float:
    return MEMORY[function] / 1024 * seconds


def model_lines(counts: Counts, habits: Habits, model: ModelPrice) -> list[Line]:
    """Bedrock's part of one answer."""
    return [
        Line("Bedrock", "prompt", counts.prompt_tokens, model.prompt),
        Line("Bedrock", "answer", habits.answer_tokens, model.answer),
    ]


def answer_lines(counts: Counts, habits: Habits, cold: float) -> list[Line]:
    """Everything but Bedrock for one answer, its share of a visit included."""
    return [
        *_asking(counts, habits),
        *(line.times(1 / habits.questions) for line in visit_lines(counts, habits, cold)),
    ]


def _asking(counts: Counts, habits: Habits) -> list[Line]:
    worker = gb_seconds("worker", habits.worker_seconds)
    routes = gb_seconds("routes", habits.routes)
    return [
        Line("WebSocket", "frames of the answer", counts.frames, prices.WEBSOCKET_MESSAGE),
        Line(
            "WebSocket",
            "chat, accepted, done",
            counts.messages_in + counts.messages_out - counts.frames,
            prices.WEBSOCKET_MESSAGE,
        ),
        Line("WebSocket", "transfer", counts.bytes_out / GB, prices.OUT),
        Line("Lambda", "worker", worker, prices.LAMBDA_DURATION),
        Line("Lambda", "routes", routes, prices.LAMBDA_DURATION),
        Line("Lambda", "invocations", 2, prices.LAMBDA_REQUEST),
        Line("DynamoDB", "writes", counts.answer.write, prices.WRITE),
        Line("DynamoDB", "reads", counts.answer.read, prices.READ),
        Line("Logs", "answers", 2 * habits.log_bytes / GB, prices.LOG),
    ]


def visit_lines(counts: Counts, habits: Habits, cold: float) -> list[Line]:
    """Opening the page, its connection, its history; `cold` is the share of cold starts."""
    warm = {
        "authorizer": 2 * habits.authorizer,  # $connect, and REST's first request
        "routes": 2 * habits.routes,  # $connect and $disconnect
        "history": HISTORY_REQUESTS * habits.history,
        "worker": WARM_UP,
    }
    invocations = 2 + 2 + HISTORY_REQUESTS + 1
    duration = sum(gb_seconds(name, seconds + cold * INIT[name]) for name, seconds in warm.items())
    pings = 2 * int(habits.visit_minutes // PING_MINUTES)  # with their answers
    page = counts.page_files + HISTORY_REQUESTS
    return [
        Line("WebSocket", "connection", habits.visit_minutes, prices.WEBSOCKET_MINUTE),
        Line("WebSocket", "pings", pings, prices.WEBSOCKET_MESSAGE),
        Line("Lambda", "visits and cold starts", duration, prices.LAMBDA_DURATION),
        Line("Lambda", "invocations of a visit", invocations + pings / 2, prices.LAMBDA_REQUEST),
        Line("DynamoDB", "reads of history", counts.visit.read, prices.READ),
        Line("Page and history", "REST API", HISTORY_REQUESTS, prices.REST_REQUEST),
        Line("Page and history", "CloudFront requests", page, prices.EDGE_REQUEST),
        Line("Page and history", "CloudFront transfer", counts.page_bytes / GB, prices.EDGE_OUT),
        Line("Page and history", "S3", UNCACHED_FILES, prices.BUCKET_READ),
        Line("Logs", "visits", invocations * habits.log_bytes / GB, prices.LOG),
    ]


def month_lines(counts: Counts, habits: Habits, scale: Scale, history_days: int) -> list[Line]:
    """A month of `scale`, without Bedrock; the table as large as `history_days` lets it grow."""
    answers = scale.users * habits.questions * DAYS
    stored = scale.users * habits.questions * history_days * counts.stored / GB
    return [
        *(line.times(answers) for line in answer_lines(counts, habits, scale.cold)),
        Line("Table", "storage", stored, prices.TABLE),
        Line("Table", "recovery points", stored, prices.RECOVERY),
    ]


@dataclass(frozen=True)
class Kept:
    """What is there while nobody chats: turns in the table, GB of the rest."""

    turns: int = 10_000
    page_gb: float = 0.0002
    assets_gb: float = 0.5  # of the CDK's bucket: some twenty deployments' packages
    logs_gb: float = 0.1


def idle_lines(counts: Counts, kept: Kept) -> list[Line]:
    """A month of nobody."""
    stored = kept.turns * counts.stored / GB
    return [
        Line("DynamoDB", "table", stored, prices.TABLE),
        Line("DynamoDB", "point-in-time recovery", stored, prices.RECOVERY),
        Line("S3", "the page", kept.page_gb, prices.BUCKET),
        Line("S3", "the CDK's assets", kept.assets_gb, prices.BUCKET),
        Line("CloudWatch", "kept logs", kept.logs_gb, prices.LOG_KEPT),
    ]


def watching_lines(alarms: int, dashboards: int) -> list[Line]:
    """What alarms and a dashboard add to a month where no free one is left; metrics cost while they
    are sent only."""
    return [
        Line("CloudWatch", "alarms", alarms, prices.ALARM),
        Line("CloudWatch", "dashboards", dashboards, prices.DASHBOARD),
    ]


@dataclass(frozen=True)
class Need:
    """What a quota has to carry in the busiest seconds, against its default."""

    quota: str
    default: float
    need: float

    @property
    def short(self) -> bool:
        """Whether there is less room left than a careful operator wants."""
        return self.need > FULL * self.default


def needs(counts: Counts, habits: Habits, users: int) -> list[Need]:
    """AWS's quotas (defaults as documented; `make doctor` reads an account's own), then ours."""
    answers = users * habits.questions * habits.peak_hour * habits.peak_burst / 3600  # a second
    visits = answers / habits.questions
    quick = answers * habits.routes + visits * (
        2 * habits.routes + HISTORY_REQUESTS * habits.history
    )
    incoming = answers * counts.messages_in + 2 * visits
    booked = counts.prompt_tokens + MAX_GEN_LEN
    sockets = visits * habits.visit_minutes * 60
    return [
        Need("Lambda: functions at once", 1_000, answers * habits.worker_seconds + quick),
        Need("API Gateway: new WebSocket connections a second", 500, visits),
        Need(
            f"the same, if all come back within {RETURN:g} s after a fault", 500, sockets / RETURN
        ),
        Need(
            "API Gateway: requests a second, frames to clients included",
            10_000,
            incoming + answers * counts.messages_out + visits * HISTORY_REQUESTS,
        ),
        Need("Bedrock: Llama 3 70B tokens a minute, booked", 300_000, answers * 60 * booked),
        Need("Bedrock: Llama 3 70B calls a minute", 400, answers * 60),
        Need("DynamoDB: write units a second of a new table", 4_000, answers * counts.answer.write),
        Need("ours: frames a second from clients (cdk/websocket_api.py)", 500, incoming),
        Need(
            "ours: history requests a second (cdk/history_api.py)", 200, visits * HISTORY_REQUESTS
        ),
    ]
