"""The arithmetic of the cost table, by hand."""

import pytest
from chat_ws.models import ModelId

from bench import cost
from cdk.assets.functions import ROOT

LLAMA_3, LLAMA_3_3 = "meta.llama3-70b-instruct-v1:0", "us.meta.llama3-3-70b-instruct-v1:0"


def test_an_answer_is_billed_by_frame_second_write_and_token() -> None:
    used = cost.one_answer(frames=100, prompt=1_000, files=13, page_bytes=5 * 1024**3)

    # chat, accepted, done and 100 deltas; one ping and its pong in a visit of five questions.
    assert used["WebSocket messages"] == pytest.approx(103 + 2 / 5)
    # 8.3 s of stream, 0.3 s around it and 0.18 s of cold start in 1 GB; 56 and 24 ms in 0.875 GB.
    assert used["Lambda GB-seconds"] == pytest.approx(8.3 + 0.3 + 0.18 + 0.080 * 0.875)
    # A turn grows from 820 to 2,170 bytes: its first renewal takes 1 unit, six 2; the end takes 3.
    assert used["DynamoDB write units"] == 10 + 4 + (1 + 6 * 2 + 2) + 3
    assert used["DynamoDB read units"] == pytest.approx(3 + 2 + 3 / 5)
    assert used["CloudFront requests"] == pytest.approx(15 / 5)
    assert used["CloudFront GB"] == pytest.approx(1)
    assert used["Prompt tokens"] == 1_000


def test_instructions_are_billed_with_each_write_of_the_turn_and_in_the_prompt() -> None:
    used = cost.one_answer(0, 1_000, 0, 0, instructions=1_500)

    # 4,500 bytes more: a turn of 5,320 to 6,670 bytes. Renewals take 6 units at 5 and 7 at 3.
    assert used["DynamoDB write units"] == 10 + 4 + (5 * 6 + 3 * 7) + 7
    # The instructions exceed 4 KB.
    assert used["DynamoDB read units"] == pytest.approx(3 + 3 + 3 / 5)
    assert 1_200 < cost.prompt_tokens(1_500) - cost.prompt_tokens() < 1_300


def test_cost_md_has_the_costs_of_instructions_that_the_script_computes() -> None:
    assert cost.instructions_table() in (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")


def test_a_document_is_billed_by_the_reader_s_time_and_its_text() -> None:
    used = cost.reading(1_000_000, seconds=10, days=60)

    # 10 s in 2 GB; announcement, start and five polls of 40 ms in 0.875 GB.
    assert used["Lambda GB-seconds"] == pytest.approx(10 * 2 + 7 * 0.04 * 0.875)
    # 3 MB, compressed to two fifths, for two months.
    assert used["S3 GB-months"] == pytest.approx(2 * 1_200_000 / 1024**3)
    assert used["S3 writes"] == 2


@pytest.mark.parametrize(("model", "most"), [(LLAMA_3, 8_192 - 2 * 1_024), (LLAMA_3_3, 24_000)])
def test_a_question_about_documents_fills_the_prompt_up_to_the_setting(
    model: str, most: int
) -> None:
    tokens = cost.question(ModelId.parse(model))["Prompt tokens"]

    assert most - 1_000 < tokens <= most


# 100 pages are 86,667 tokens.
@pytest.mark.parametrize(("model", "notes"), [(LLAMA_3, 16), (LLAMA_3_3, 4)])
def test_a_summary_is_billed_by_its_notes_and_its_answer(model: str, notes: int) -> None:
    used = cost.summary(ModelId.parse(model))

    assert used["Answer tokens"] == notes * 512 + 1_024
    assert used["S3 writes"] == notes
    # Each part once, each note once, and some hundred tokens for each request.
    assert 0 < used["Prompt tokens"] - 86_667 - notes * 512 < (notes + 1) * 400


def test_a_search_is_billed_by_the_index_and_what_has_changed() -> None:
    used, building = cost.searches().values()

    # 500 conversations of 1 KB, twice; 20 turns of a page; ten turns of 2,170 bytes.
    assert used["DynamoDB read units"] == 250 + 20 + 6
    assert (used["S3 reads"], used["S3 writes"]) == (16, 1)
    # Every turn once, in 12 requests.
    assert building["DynamoDB read units"] == pytest.approx(
        12 * 250 + 5_000 * 2_170 / 4_096, rel=0.01
    )


def test_cost_md_has_the_costs_of_searches_that_the_script_computes() -> None:
    assert cost.search_table() in (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")


def test_a_stranger_has_each_document_read_a_limited_number_of_times() -> None:
    (used,) = (each for name, each in cost.abuse().items() if name.startswith("documents"))

    # 500 documents, five times for a minute in 2 GB.
    assert used["Lambda GB-seconds"] == pytest.approx(500 * 5 * (60 * 2 + 7 * 0.04 * 0.875))


def test_a_share_is_billed_by_the_turns_of_its_copy() -> None:
    used = cost.longest_share()

    # 512 KB in 100 turns, each with a marker, and two transactions.
    assert used["DynamoDB write units"] == 512 + 2 * 100 + 10
    assert used["S3 GB-months"] == pytest.approx(512 / 1024**2 * 90 / 30)


def test_cost_md_has_the_costs_of_documents_that_the_script_computes() -> None:
    assert cost.documents_table() in (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("model", "dollars"), [(LLAMA_3, 2.65 + 1.05), (LLAMA_3_3, 0.72 + 0.216)])
def test_a_thousand_answers_cost_their_tokens(model: str, dollars: float) -> None:
    tokens = {"Prompt tokens": 1_000, "Answer tokens": 300}

    assert 1_000 * cost.cost(tokens, model) == pytest.approx(dollars)


def test_a_model_without_a_price_is_not_free() -> None:
    with pytest.raises(LookupError, match=r"cohere\.command"):
        cost.cost({"Prompt tokens": 1}, "cohere.command-r-v1:0")


def test_a_day_of_abuse_is_bounded_by_the_throttles_and_daily_tokens() -> None:
    used = cost.abuse_day()

    # 50 frames, 10 sockets, 20 history requests and 5 readers a second, for 86,400 seconds.
    sockets, frames, requests, readers = 864_000, 4_320_000, 1_728_000, 432_000
    searches = requests // 10
    # 500 shares of 512 KB and 100 turns.
    shares = 500
    # Of a turn of 400 KB, made and deleted.
    ratings = 5_000
    # 500 documents, five times; each time an announcement, a start and five polls.
    readings = 500 * 5
    assert used["WebSocket minutes"] == 120 * sockets
    # `chat`, `accepted`, a snapshot of 13 messages of 32 KB, `done`.
    assert used["WebSocket messages"] == 16 * frames
    assert used["REST requests"] == requests + searches + 7 * readings + readers + 2 * (
        shares + ratings
    )
    called = 3 * sockets + 2 * frames + 2 * (requests + searches)
    called += 8 * readings + readers + 4 * (shares + ratings)
    assert used["Lambda requests"] == called
    # Of 4 KB: a marker and twice a turn of 400 KB; a page of 400 KB, twice 1 MB that is
    # not shown, a conversation of 1 KB and 39 KB of branches.
    # A share reads one turn of 400 KB beyond its 512 KB. A search reads 2,000 conversations twice,
    # 46 such turns, and 8 MB.
    read = frames * 201 + requests * 623 + 8 * readings + 232 * shares
    read += searches * (1_000 + 4_600 + 2_048) + ratings * (2 * 100 + 1)
    assert used["DynamoDB read units"] == read
    # A refused transaction: four items, and the question of 24 KB.
    # A rating writes the turn and its copy in the index, twice.
    written = frames * (10 + 2 * 24) + 8 * readings + 722 * shares + ratings * (2 + 4 * 400)
    assert used["DynamoDB write units"] == written
    assert used["Answer tokens"] == 2_000_000


def test_the_table_of_abuse_has_the_limit_of_each_row() -> None:
    rows = [row.strip("| ").split(" | ") for row in cost.abuse_table().splitlines()[2:]]

    assert [row[1] for row in rows[:-1]] == [
        "`connect_rate` 10",
        "`frame_rate` 50",
        "`frame_rate` 50",
        "`frame_rate` 50",
        "`frame_rate` 50",
        "`history_rate` 20",
        "a tenth of `history_rate` 20",
        "`history_rate` 20",
        "`daily_documents` 500",
        "`shared_rate` 5",
        "`daily_shares` 500",
        "`daily_ratings` 5,000",
        "`daily_tokens` 2,000,000",
    ]
    # 2 messages, 0.035 GB-seconds and a request for each ping: $8.64, $2.02 and $0.86.
    assert rows[1][2] == "$11.52"


def test_operations_has_the_costs_that_the_script_computes() -> None:
    assert cost.abuse_table() in (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_the_table_adds_up_its_rows() -> None:
    answer = dict.fromkeys(cost.ALL, 0.0) | {"REST requests": 2, "Answer tokens": 100}
    rows = {
        row.split(" | ")[0].strip("| *"): row.strip("| ").split(" | ")
        for row in cost.table(answer, {"REST requests": 1_000_000}).splitlines()
    }

    assert rows["REST requests"][1:] == ["2", "$0.01", "$1.05", "$3.50"]
    # 150,000 answers a month.
    assert rows["all but the model"][-3:] == ["$0.01", "$1.05", "$3.50"]
    assert rows[f"all, with {LLAMA_3}"][-3:] == ["$0.36", "$53.55", "$3.50"]
