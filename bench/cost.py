"""The cost of the chat on AWS as one table: `python -m bench.cost`.

Frames come from the worker's coalescer, prompt tokens from its prompt, the page's size from its
build, memory from the stacks, throttles from the settings. Durations and the habits of users are
assumptions.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from chat_shared.branches import MAX_ITEM_BYTES
from chat_shared.shares import MAX_BYTES as MAX_SHARED_BYTES
from chat_shared.shares import MAX_TURNS as MAX_SHARED_TURNS
from chat_shared.shares import share_days
from chat_ws.errors import MAX_QUESTION_CHARACTERS
from chat_ws.models import ModelId, prompt_room
from chat_ws.store.leases import RENEW_SECONDS
from chat_ws.worker.coalescer import Coalescer
from chat_ws.worker.prompt import Exchange, build
from chat_ws.worker.summary import GROUPS, NOTE_TOKENS
from chat_ws.worker.title import describe
from document_reader.parts import MAX_CHARACTERS
from document_reader.reader import MAX_READINGS
from history_api.search import MAX_OPEN, PAGE
from history_api.search_index import MAX_CONVERSATIONS, SHARDS
from history_api.service import MAX_INSTRUCTIONS_LENGTH, MAX_PAGE_BYTES, READ_AHEAD

from bench.frames import ANSWER_TOKENS, CHARACTERS_PER_TOKEN, TOKEN_MS, coalesced, korean
from cdk import capacity
from cdk.assets.functions import ROOT
from cdk.assets.page import build_page
from cdk.settings import Settings

SETTINGS = Settings.from_context(json.loads((ROOT / "cdk.json").read_text())["context"])
KB, GB, MILLION = 1024, 1024**3, 1_000_000
DAY_SECONDS, MONTH_DAYS = 86_400, 30

# Dollars for one unit: us-east-1's list prices of 2025 (us-west-2's are the same), without free
# tiers; CloudFront's are those of South Korea. Check each against its page.
PRICES = {
    # https://aws.amazon.com/api-gateway/pricing/
    "WebSocket messages": 1.00 / MILLION,
    "WebSocket minutes": 0.25 / MILLION,
    "REST requests": 3.50 / MILLION,
    # https://aws.amazon.com/lambda/pricing/ (arm64)
    "Lambda GB-seconds": 13.3334 / MILLION,
    "Lambda requests": 0.20 / MILLION,
    # https://aws.amazon.com/dynamodb/pricing/on-demand/ (storage with point-in-time recovery)
    "DynamoDB write units": 0.625 / MILLION,
    "DynamoDB read units": 0.125 / MILLION,
    "DynamoDB GB-months": 0.25 + 0.20,
    # https://aws.amazon.com/cloudfront/pricing/pay-as-you-go/
    "CloudFront requests": 0.012 / 10_000,
    "CloudFront function calls": 0.10 / MILLION,
    "CloudFront GB": 0.12,
    # https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer
    "WebSocket GB": 0.09,
}
# https://aws.amazon.com/s3/pricing/
DOCUMENT_PRICES = {
    "S3 writes": 0.005 / 1_000,
    "S3 reads": 0.0004 / 1_000,
    "S3 GB-months": 0.023,
}

# Assumptions, not measured on AWS.
USERS = 1_000  # a day
QUESTIONS = 5  # of a user in a day, in one conversation and one visit
VISIT_MINUTES = 15
QUESTION_CHARACTERS = 40
FIRST_TOKEN_MS = 800
WORKER_SECONDS = 0.3  # before and after the model
REPLAY_SECONDS = 0.3  # of the largest turn: 13 snapshot frames
COLD_START_SECONDS = 0.3 * 3.0  # 30 % of the visits find no warm worker; it takes 3 s
ROUTES_SECONDS = HISTORY_SECONDS = 0.04
LARGE_HISTORY_SECONDS = 0.3  # a page of the largest turns
PAGE_CHARACTERS = 1_300  # of a document
PAGES = 100
READING_SECONDS = 5  # of the reader, for that document
POLLS = 5  # of the page, while a document is read
MAX_READING_SECONDS = 60  # the reader's time limit
TEXT_SECONDS = 0.2  # of the history function, for the longest text
COMPRESSED = 0.4  # of a text, by gzip
SEARCHED_CONVERSATIONS, SEARCHED_TURNS = 500, 5_000  # of a user who searches
SEARCH_SECONDS = 0.3  # with an index
BUILDING_REQUESTS = 12  # until the first search of them has read everything
READING_SEARCH_SECONDS = 1.2  # READ_SECONDS, and the shards before and after
READING_SEARCH_BYTES = 8 * 1024 * 1024  # that such a search reads from the table
SOCKET_MINUTES = 120  # API Gateway's limit; less without a ping every 10 minutes

# Bytes.
HANGUL = 3  # one syllable
TURN = 700  # a stored turn without its texts
MAX_TURN = 400 * KB  # DynamoDB's limit of an item, to which `continue` can extend an answer
MAX_QUESTION = MAX_QUESTION_CHARACTERS * HANGUL
CONVERSATION = 1 * KB  # a stored conversation, or a marker
FRAME = 110  # a delta frame without its text
# Turns.accept writes four items in a transaction, at two units each, and moves an index entry.
ACCEPT_UNITS = 4 * 2 + 2

TOKENS = ("Prompt tokens", "Answer tokens")
BUT_TOKENS = (*PRICES, *DOCUMENT_PRICES)
ALL = (*BUT_TOKENS, *TOKENS)

Amounts = Mapping[str, float]


def prompt_tokens(instructions: int = 0) -> float:
    """Return the mean prompt of a conversation with its title's, by the worker's own estimate.

    `instructions` is the length of the user's, in characters.
    """
    budget = 8_192 - SETTINGS.max_gen_len
    question = korean(QUESTION_CHARACTERS)
    answer = korean(ANSWER_TOKENS * CHARACTERS_PER_TOKEN)
    exchange = Exchange(question, answer, ANSWER_TOKENS)
    text = korean(instructions)
    prompts = [
        build("chat", [exchange] * n, question, budget=budget, instructions=text)
        for n in range(QUESTIONS)
    ]
    if SETTINGS.titles:
        prompts.append(build("title", [], describe(question, answer), budget=budget))
    return sum(prompt.tokens for prompt in prompts) / QUESTIONS


def page_size() -> tuple[int, int]:
    """Return the number of files and bytes that a visit loads of the published page."""
    with TemporaryDirectory() as folder:
        build_page(Path(folder))
        loaded = {".html", ".css", ".js", ".svg"}
        sizes = [
            path.stat().st_size
            for path in Path(folder).rglob("*")
            if path.suffix in loaded and not path.name.startswith(("404", "not_found", "shared"))
        ]
    return len(sizes), sum(sizes)


def units(size: float, step: int = KB) -> int:
    """Return DynamoDB's request units for an item or a page of `size` bytes."""
    return math.ceil(size / step)


def one_answer(
    frames: int, prompt: float, files: int, page_bytes: int, instructions: int = 0
) -> Amounts:
    """Return the amounts of one answer, with its share of a visit.

    `instructions` is the length of the user's, in characters.
    """
    seconds = (FIRST_TOKEN_MS + ANSWER_TOKENS * TOKEN_MS) / 1000
    answer_bytes = ANSWER_TOKENS * CHARACTERS_PER_TOKEN * HANGUL
    turn_bytes = TURN + QUESTION_CHARACTERS * HANGUL + answer_bytes
    renewals = int(seconds / RENEW_SECONDS)
    instructions_bytes = instructions * HANGUL
    return {
        # chat, accepted and done; the page pings every 8 minutes and is answered.
        "WebSocket messages": frames + 3 + 2 * (VISIT_MINUTES // 8) / QUESTIONS,
        "WebSocket minutes": VISIT_MINUTES / QUESTIONS,
        "WebSocket GB": (frames * FRAME + answer_bytes) / GB,
        "REST requests": 3 / QUESTIONS,
        "Lambda GB-seconds": gb_seconds(capacity.WORKER_MEMORY_MB, seconds + WORKER_SECONDS)
        + gb_seconds(capacity.WORKER_MEMORY_MB, COLD_START_SECONDS / QUESTIONS)
        + gb_seconds(capacity.ROUTES_MEMORY_MB, ROUTES_SECONDS * (1 + 2 / QUESTIONS))
        + gb_seconds(capacity.HISTORY_MEMORY_MB, HISTORY_SECONDS * 3 / QUESTIONS),
        # Routes and worker. A visit adds two authorizers, connect, warm-up, disconnect and the
        # three history requests.
        "Lambda requests": 2 + 8 / QUESTIONS,
        # After `accept`: the lease and three counters, each renewal, the end of the turn.
        "DynamoDB write units": ACCEPT_UNITS
        + 4
        + sum(
            units(turn_bytes + instructions_bytes - answer_bytes * (1 - n / (renewals + 1)))
            for n in range(1, renewals + 1)
        )
        + units(turn_bytes + instructions_bytes),
        # Among them the instructions, of which an absent item counts as one, the conversation, and
        # the query of its documents.
        "DynamoDB read units": 3 + max(1, units(instructions_bytes, 4 * KB)) + 1 + 3 / QUESTIONS,
        "DynamoDB GB-months": turn_bytes / GB * SETTINGS.history_days / MONTH_DAYS,
        "CloudFront requests": (files + 2) / QUESTIONS,
        "CloudFront function calls": 2 * files / QUESTIONS,
        "CloudFront GB": page_bytes / GB / QUESTIONS,
        "Prompt tokens": prompt,
        "Answer tokens": ANSWER_TOKENS,
    }


def reading(characters: int, seconds: float, days: int) -> Amounts:
    """Return the amounts of a document with a text of this length, from upload to expiry."""
    requests = 2 + POLLS
    size = characters * HANGUL * COMPRESSED
    return {
        "REST requests": requests,
        "Lambda requests": requests + 1,
        "Lambda GB-seconds": gb_seconds(capacity.READER_MEMORY_MB, seconds)
        + gb_seconds(capacity.HISTORY_MEMORY_MB, HISTORY_SECONDS * requests),
        # The announcement, its two counters and their transaction; then each update of the item.
        "DynamoDB write units": 5 + 3,
        "DynamoDB read units": 1 + requests,
        "S3 writes": 2,
        "S3 reads": 1,
        "S3 GB-months": size / GB * days / MONTH_DAYS,
    }


def longest_share() -> Amounts:
    """Return the amounts of the longest share and of a copy of it, until both expire."""
    days = SETTINGS.history_days
    return {
        "REST requests": 2,
        "Lambda requests": 4,
        "Lambda GB-seconds": gb_seconds(capacity.HISTORY_MEMORY_MB, 2 * LARGE_HISTORY_SECONDS),
        # The item, its counters and their transaction; the turns of the copy and their markers.
        "DynamoDB write units": 2 * 5 + units(MAX_SHARED_BYTES) + 2 * MAX_SHARED_TURNS,
        # Up to the turn that does not fit, which can be as large as a turn can be.
        "DynamoDB read units": 4 + units(MAX_SHARED_BYTES + MAX_TURN, 4 * KB),
        "DynamoDB GB-months": MAX_SHARED_BYTES / GB * days / MONTH_DAYS,
        "S3 writes": 1,
        "S3 reads": 1,
        "S3 GB-months": MAX_SHARED_BYTES / GB * share_days(days) / MONTH_DAYS,
    }


def longest_rating() -> Amounts:
    """Return the amounts of a rating of the largest turn, and of its deletion."""
    return {
        "REST requests": 2,
        "Lambda requests": 4,
        "Lambda GB-seconds": gb_seconds(capacity.HISTORY_MEMORY_MB, 2 * HISTORY_SECONDS),
        # Two counters; each time the turn, and its copy in the index.
        "DynamoDB write units": 2 + 2 * 2 * units(MAX_TURN),
        # Each time the turn; once its conversation.
        "DynamoDB read units": 2 * units(MAX_TURN, 4 * KB) + 1,
    }


def search(reads: float, seconds: float, writes: int) -> Amounts:
    """Return the amounts of a request that reads all shards, and `reads` bytes of the table."""
    return {
        "REST requests": 1,
        "Lambda requests": 1,
        "Lambda GB-seconds": gb_seconds(capacity.HISTORY_MEMORY_MB, seconds),
        "DynamoDB read units": units(reads, 4 * KB),
        "S3 reads": SHARDS,
        "S3 writes": writes,
    }


def searches() -> dict[str, Amounts]:
    """Return the amounts of a search in a long history: with an index, and to build it."""
    turn = TURN + QUESTION_CHARACTERS * HANGUL + ANSWER_TOKENS * CHARACTERS_PER_TOKEN * HANGUL
    listing = 2 * SEARCHED_CONVERSATIONS * CONVERSATION
    everything = SEARCHED_TURNS * turn
    each = search(listing + everything / BUILDING_REQUESTS, READING_SEARCH_SECONDS, SHARDS)
    conversation = everything / SEARCHED_CONVERSATIONS
    return {
        "a request, one conversation has changed": search(
            listing + PAGE * 4 * KB + conversation, SEARCH_SECONDS, 1
        ),
        f"the first search, {BUILDING_REQUESTS} requests": {
            name: BUILDING_REQUESTS * amount for name, amount in each.items()
        },
    }


def search_table() -> str:
    """Return the costs of searches in Markdown."""
    names = ("DynamoDB read units", "S3 writes", "S3 reads", "Lambda GB-seconds")
    lines = [f"| | {' | '.join(names)} | cost |", f"|---|{'---:|' * (len(names) + 1)}"]
    for row, used in searches().items():
        cells = [f"{used[name]:,.3g}" for name in names]
        lines.append(f"| {row} | {' | '.join(cells)} | ${cost(used, SETTINGS.model_ids[0]):.5f} |")
    return "\n".join(lines)


def passage_tokens(model: ModelId) -> float:
    """Return the most tokens of documents in a prompt for the model."""
    room = prompt_room(model.spec.context_tokens, SETTINGS.max_gen_len)
    return min(SETTINGS.document_tokens, room - prompt_tokens())


def question(model: ModelId) -> Amounts:
    """Return what a question about long documents adds to an answer."""
    return {"S3 reads": SETTINGS.conversation_documents, "Prompt tokens": passage_tokens(model)}


def summary(model: ModelId) -> Amounts:
    """Return the amounts of a summary's calls for a document of PAGES."""
    group = next(size for least, size in GROUPS if model.spec.context_tokens >= least)
    tokens = PAGES * PAGE_CHARACTERS / CHARACTERS_PER_TOKEN
    notes = math.ceil(tokens / group)
    request = build("note", [], "", budget=model.spec.context_tokens).tokens
    return {
        "S3 writes": notes,
        "S3 reads": 1 + notes,
        "Prompt tokens": tokens + notes * (request + NOTE_TOKENS) + request,
        "Answer tokens": notes * NOTE_TOKENS + SETTINGS.max_gen_len,
    }


def documents_table() -> str:
    """Return the costs of documents by model, in Markdown."""
    models = [ModelId.parse(each) for each in SETTINGS.model_ids]
    expiry = SETTINGS.history_days
    read = reading(PAGES * PAGE_CHARACTERS, READING_SECONDS, expiry)
    rows = {
        f"a document of {PAGES} pages, read once and stored for {expiry} days": [read]
        * len(models),
        "a question about long documents, added to an answer": list(map(question, models)),
        f"a summary of {PAGES} pages": list(map(summary, models)),
    }
    lines = [
        f"| | {' | '.join(f'prompt tokens | {each}' for each in SETTINGS.model_ids)} |",
        f"|---|{'---:|' * 2 * len(models)}",
    ]
    for name, amounts in rows.items():
        cells = (
            f"{used.get('Prompt tokens', 0):,.0f} | ${cost(used, model):,.4f}"
            for used, model in zip(amounts, SETTINGS.model_ids, strict=True)
        )
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def abuse() -> dict[str, Amounts]:
    """Return the most that one stranger can use in a day, by the way to do it.

    Each request is the most expensive of its kind, sent at its throttle for the largest turn.
    """
    sockets = SETTINGS.connect_rate * DAY_SECONDS
    frames = SETTINGS.frame_rate * DAY_SECONDS
    requests = SETTINGS.history_rate * DAY_SECONDS
    readers = SETTINGS.shared_rate * DAY_SECONDS
    searched = capacity.SEARCH_SHARE * requests
    routes = gb_seconds(capacity.ROUTES_MEMORY_MB, ROUTES_SECONDS)
    # One turn is always on a page. Query reads READ_AHEAD turns, at most 1 MB, beyond a page.
    page_bytes = max(MAX_PAGE_BYTES, MAX_TURN)
    # In a branched conversation, a first query finds the newest branch, not the shown one.
    query = min(READ_AHEAD * MAX_TURN, 1024 * KB)
    # The list twice, open turns, the turns of the page, and conversations that have changed.
    search_reads = (
        2 * MAX_CONVERSATIONS * CONVERSATION
        + (MAX_OPEN + PAGE + 1) * MAX_TURN
        + READING_SEARCH_BYTES
    )
    searching = search(search_reads, READING_SEARCH_SECONDS, SHARDS)
    page_reads = page_bytes + 2 * query + CONVERSATION + MAX_ITEM_BYTES
    replays = {
        # The frame, a snapshot, `done`.
        "WebSocket messages": frames * (2 + units(MAX_TURN, 32 * KB)),
        "WebSocket GB": frames * MAX_TURN / GB,
        "Lambda requests": 2 * frames,
        "Lambda GB-seconds": frames
        * (routes + gb_seconds(capacity.WORKER_MEMORY_MB, REPLAY_SECONDS)),
        # The marker, then the turn, by routes and by the worker.
        "DynamoDB read units": frames * (1 + 2 * units(MAX_TURN, 4 * KB)),
    }
    return {
        "sockets, opened and kept": {
            "WebSocket minutes": sockets * SOCKET_MINUTES,
            # Authorizer, $connect, $disconnect.
            "Lambda requests": 3 * sockets,
            "Lambda GB-seconds": 3 * sockets * routes,
        },
        "`ping`": {
            "WebSocket messages": 2 * frames,
            "Lambda requests": frames,
            "Lambda GB-seconds": frames * routes,
        },
        "`resume` of an ended turn": replays,
        "`chat` of an ended turn, sent again": {
            **replays,
            "WebSocket messages": replays["WebSocket messages"] + frames,  # `accepted`
            # The refused transaction of an `accept` with the longest question.
            "DynamoDB write units": frames * (ACCEPT_UNITS + 2 * units(MAX_QUESTION)),
        },
        "`chat` with a parent that has all its variants": {
            "WebSocket messages": 2 * frames,
            "Lambda requests": frames,
            "Lambda GB-seconds": frames * routes,
            # The refused transaction. Then marker, conversation, newest turn, branches and parent.
            "DynamoDB write units": frames
            * (ACCEPT_UNITS + 2 * units(MAX_QUESTION) + 2 * units(MAX_ITEM_BYTES)),
            "DynamoDB read units": frames
            * (2 * units(CONVERSATION, 4 * KB) + units(2 * MAX_TURN + MAX_ITEM_BYTES, 4 * KB)),
        },
        "`/history` of long turns": {
            "REST requests": requests,
            "Lambda requests": 2 * requests,
            "Lambda GB-seconds": requests
            * (routes + gb_seconds(capacity.HISTORY_MEMORY_MB, LARGE_HISTORY_SECONDS)),
            "DynamoDB read units": requests * units(page_reads, 4 * KB),
            "CloudFront requests": requests,
            "CloudFront GB": requests * page_bytes / GB,
        },
        "searches of a long history": {
            **{name: searched * amount for name, amount in searching.items()},
            # With the authorizer.
            "Lambda requests": 2 * searched,
            "Lambda GB-seconds": searched * (routes + searching["Lambda GB-seconds"]),
        },
        # It shares the throttle of `/history`, whose longest turns cost more.
        "`…/text` of long documents": {
            "REST requests": requests,
            "Lambda requests": 2 * requests,
            "Lambda GB-seconds": requests
            * (routes + gb_seconds(capacity.HISTORY_MEMORY_MB, TEXT_SECONDS)),
            "DynamoDB read units": requests,
            "S3 reads": requests,
            "CloudFront requests": requests,
            "CloudFront GB": requests * MAX_PAGE_BYTES / GB,
        },
        "documents, each read as often and as long as possible": {
            name: SETTINGS.daily_documents * amount * (1 if "GB-months" in name else MAX_READINGS)
            for name, amount in reading(
                MAX_CHARACTERS, MAX_READING_SECONDS, SETTINGS.history_days
            ).items()
        },
        # Without a token, so that no authorizer runs.
        "`/history/shared` of long copies": {
            "REST requests": readers,
            "Lambda requests": readers,
            "Lambda GB-seconds": readers * gb_seconds(capacity.HISTORY_MEMORY_MB, TEXT_SECONDS),
            "S3 reads": readers,
            "CloudFront requests": readers,
            "CloudFront GB": readers * MAX_SHARED_BYTES / GB,
        },
        "shares and copies of them": {
            name: SETTINGS.daily_shares * amount for name, amount in longest_share().items()
        },
        "ratings of the largest turn, each deleted": {
            name: SETTINGS.daily_ratings * amount for name, amount in longest_rating().items()
        },
        "answers, up to `daily_tokens`": {"Answer tokens": SETTINGS.daily_tokens},
    }


def abuse_day() -> Amounts:
    """Return the most that one stranger can use in a day in every way at once.

    `ping`, `resume` and `chat` share a throttle, and a `chat` that is sent again costs most.
    `/history` and texts of documents share one as well.
    """
    day: Counter[str] = Counter()
    for name, amounts in abuse().items():
        if not name.startswith(("`ping`", "`resume`", "`chat` with", "`…/text`")):
            day.update(amounts)
    return day


def gb_seconds(memory_mb: int, seconds: float) -> float:
    return memory_mb / 1024 * seconds


def prices(model_id: str) -> dict[str, float]:
    """Return dollars for one unit of everything, the model's tokens included."""
    tokens = ModelId.parse(model_id).spec.price
    if not tokens:
        raise LookupError(f"{model_id} has no price: add it to chat_ws/models.json.")
    return {
        **PRICES,
        **DOCUMENT_PRICES,
        "Prompt tokens": tokens.prompt / 1_000,
        "Answer tokens": tokens.answer / 1_000,
    }


def cost(amounts: Amounts, model_id: str, names: Collection[str] = ALL) -> float:
    """Return the dollars for those of `amounts` that are in `names`."""
    each = prices(model_id)
    return sum(amount * each[name] for name, amount in amounts.items() if name in names)


def abuse_table() -> str:
    """Return the ways to abuse a deployment in Markdown, each with its dollars for a day.

    A stranger chooses the model whose answers cost most.
    """
    model = max(SETTINGS.model_ids, key=lambda each: prices(each)["Answer tokens"])
    limits = {
        "sockets": f"`connect_rate` {SETTINGS.connect_rate}",
        "`ping`": f"`frame_rate` {SETTINGS.frame_rate}",
        "`resume`": f"`frame_rate` {SETTINGS.frame_rate}",
        "`chat`": f"`frame_rate` {SETTINGS.frame_rate}",
        "`/history`": f"`history_rate` {SETTINGS.history_rate}",
        "searches": f"a tenth of `history_rate` {SETTINGS.history_rate}",
        "`…/text`": f"`history_rate` {SETTINGS.history_rate}",
        "`/history/shared`": f"`shared_rate` {SETTINGS.shared_rate}",
        "shares": f"`daily_shares` {SETTINGS.daily_shares}",
        "ratings": f"`daily_ratings` {SETTINGS.daily_ratings:,}",
        "documents": f"`daily_documents` {SETTINGS.daily_documents}",
        "answers": f"`daily_tokens` {SETTINGS.daily_tokens:,}",
    }
    rows = [
        f"| {name} | {limits[re.split('[ ,]', name)[0]]} | ${cost(amounts, model):,.2f} |"
        for name, amounts in abuse().items()
    ]
    total = f"${cost(abuse_day(), model):,.2f}"
    rows.append(f"| **all at once, without `ping`, `resume` and texts** | | **{total}** |")
    return "\n".join(["| what is sent | limit | a day |", "|---|---|---:|", *rows])


def instructions_table() -> str:
    """Return the amounts of an answer that grow with the instructions, in Markdown."""
    model = SETTINGS.model_ids[0]
    names = ("DynamoDB write units", "DynamoDB read units", "Prompt tokens")
    lines = [
        f"| characters | {' | '.join(f'{name} | 1,000 answers' for name in names)} |",
        f"|---:|{'---:|' * 2 * len(names)}",
    ]
    for length in (0, 100, MAX_INSTRUCTIONS_LENGTH):
        used = one_answer(0, prompt_tokens(length), 0, 0, length)
        cells = (f"{used[name]:,.4g} | ${1_000 * cost(used, model, [name]):,.3f}" for name in names)
        lines.append(f"| {length:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def table(answer: Amounts, abuse: Amounts) -> str:
    """Return the table in Markdown."""
    columns = ((answer, 1_000), (answer, USERS * QUESTIONS * MONTH_DAYS), (abuse, 1))
    first = SETTINGS.model_ids[0]
    rows: list[tuple[str, tuple[str, ...], str]] = [(name, (name,), first) for name in PRICES]
    rows.append(("**all but the model**", BUT_TOKENS, first))
    for model in SETTINGS.model_ids:
        rows += [(f"{name}, {model}", (name,), model) for name in TOKENS]
        rows.append((f"**all, with {model}**", ALL, model))
    lines = [
        f"| | an answer uses | 1,000 answers | a month of {USERS:,} users | a day of abuse |",
        "|---|---:|---:|---:|---:|",
    ]
    for label, names, model in rows:
        amount = f"{answer[names[0]]:.3g}" if len(names) == 1 else ""
        sums = (f"${times * cost(used, model, names):,.2f}" for used, times in columns)
        lines.append(f"| {' | '.join((label, amount, *sums))} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(
        table(one_answer(coalesced(Coalescer()).frames, prompt_tokens(), *page_size()), abuse_day())
    )
    print(f"\nThe user's instructions:\n\n{instructions_table()}")
    print(f"\nDocuments:\n\n{documents_table()}")
    print(f"\nSearches:\n\n{search_table()}")
    print(f"\nThe most that one stranger can cost:\n\n{abuse_table()}")
