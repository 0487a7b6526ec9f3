"""Units to dollars: each price has its unit, and nothing is counted twice."""

from dataclasses import replace

import pytest

from bench import bill, prices
from bench.bill import GB, Kept, Line
from bench.capacity import Units
from bench.counts import Counts
from bench.habits import Habits, Scale
from bench.prices import Price

HABITS = Habits()
COUNTS = Counts(
    frames=100,
    messages_in=1,
    messages_out=102,
    bytes_out=10_240,
    prompt_tokens=1_000,
    answer=Units(write=20, read=2),
    visit=Units(read=4),
    stored=2_048,
    page_files=10,
    page_bytes=102_400,
)


def dollars(lines: list[Line], group: str, item: str) -> float:
    (line,) = (line for line in lines if (line.group, line.item) == (group, item))
    return line.dollars


def test_a_price_is_for_so_many_units() -> None:
    assert Price(3.5, 1_000_000, "requests", "page").of(2_000_000) == 7


def test_every_price_names_a_page_of_aws_and_a_unit() -> None:
    listed = [value for value in vars(prices).values() if isinstance(value, Price)]
    assert len(listed) > 15
    for price in listed:
        assert price.dollars > 0
        assert price.unit
        assert price.page.startswith("https://aws.amazon.com/")


def test_a_thousand_tokens_of_prompt_and_of_answer_have_prices_of_their_own() -> None:
    model = prices.ModelPrice(
        "made up", Price(0.002, 1_000, "t", "p"), Price(0.004, 1_000, "t", "p")
    )
    lines = bill.model_lines(COUNTS, replace(HABITS, answer_tokens=500), model)
    assert [line.dollars for line in lines] == [pytest.approx(0.002), pytest.approx(0.002)]


def test_a_worker_is_paid_by_memory_and_by_every_second_it_waits() -> None:
    habits = replace(
        HABITS, answer_tokens=300, tokens_per_second=30, first_token=1.5, worker_overhead=0.5
    )
    lines = bill.answer_lines(COUNTS, habits, cold=0)
    gb = bill.MEMORY["worker"] / 1024
    expected = gb * (1.5 + 10 + 0.5) * 13.3334 / 1_000_000
    assert dollars(lines, "Lambda", "worker") == pytest.approx(expected)


def test_each_message_is_paid_once() -> None:
    """100 deltas; chat in, accepted and done out."""
    lines = [line for line in bill.answer_lines(COUNTS, HABITS, 0) if line.group == "WebSocket"]
    messages = [line for line in lines if line.price is prices.WEBSOCKET_MESSAGE]
    pings = next(line for line in messages if line.item == "pings")
    assert sum(line.units for line in messages) - pings.units == 103


def test_a_visit_is_shared_by_its_questions() -> None:
    one = bill.answer_lines(COUNTS, replace(HABITS, questions=1), 0.5)
    ten = bill.answer_lines(COUNTS, replace(HABITS, questions=10), 0.5)
    minutes = dollars(one, "WebSocket", "connection")
    assert minutes == pytest.approx(HABITS.visit_minutes * 0.25 / 1_000_000)
    assert dollars(ten, "WebSocket", "connection") == pytest.approx(minutes / 10)
    assert dollars(ten, "Lambda", "worker") == dollars(one, "Lambda", "worker")


@pytest.mark.parametrize(("minutes", "messages"), [(7, 0), (15, 2), (17, 4)])
def test_an_open_page_pings_and_is_answered(minutes: float, messages: int) -> None:
    lines = bill.visit_lines(COUNTS, replace(HABITS, visit_minutes=minutes), 0)
    (pings,) = (line for line in lines if line.item == "pings")
    assert pings.units == messages


def test_cold_starts_are_paid() -> None:
    def visits(cold: float) -> float:
        return dollars(bill.visit_lines(COUNTS, HABITS, cold), "Lambda", "visits and cold starts")

    started = sum(bill.gb_seconds(name, seconds) for name, seconds in bill.INIT.items())
    assert visits(1) - visits(0) == pytest.approx(prices.LAMBDA_DURATION.of(started))


def test_bytes_become_gigabytes() -> None:
    lines = bill.answer_lines(COUNTS, HABITS, 0)
    assert dollars(lines, "WebSocket", "transfer") == pytest.approx(10_240 / GB * 0.09)


def test_a_month_is_its_answers_and_a_table_as_old_as_history_may_get() -> None:
    scale = Scale(users=100, cold=0.1)
    lines = bill.month_lines(COUNTS, HABITS, scale, history_days=365)
    storage = dollars(lines, "Table", "storage")
    answers = 100 * HABITS.questions
    assert storage == pytest.approx(answers * 365 * 2_048 / GB * 0.25)
    assert dollars(lines, "Table", "recovery points") == pytest.approx(storage * 0.20 / 0.25)
    asked = bill.total(bill.answer_lines(COUNTS, HABITS, 0.1)) * answers * 30
    rest = bill.total([line for line in lines if line.group != "Table"])
    assert rest == pytest.approx(asked)


def test_nothing_is_paid_by_use_while_nobody_chats() -> None:
    lines = bill.idle_lines(COUNTS, Kept())
    assert all("GB-months" in line.price.unit for line in lines)
    assert bill.total(lines) < 0.10
    empty = bill.idle_lines(COUNTS, Kept(turns=0, page_gb=0, assets_gb=0, logs_gb=0))
    assert bill.total(empty) == 0


def test_alarms_and_dashboards_are_paid_by_the_piece() -> None:
    assert bill.total(bill.watching_lines(alarms=5, dashboards=1)) == pytest.approx(3.50)


def needs(users: int) -> dict[str, bill.Need]:
    habits = replace(
        HABITS,
        questions=6,
        peak_hour=0.1,
        peak_burst=2,
        first_token=1,
        answer_tokens=400,
        tokens_per_second=50,
        worker_overhead=1,
        routes=0,
        history=0,
        visit_minutes=5,
    )
    return {need.quota: need for need in bill.needs(COUNTS, habits, users)}


def test_the_busiest_seconds_are_what_quotas_have_to_carry() -> None:
    """30,000 users ask 180,000 times: 10 a second, each for 10 s, of 100 frames and 3 more; 1.7
    visits a second, of two frames and two history requests."""
    found = needs(30_000)
    assert found["Lambda: functions at once"].need == pytest.approx(100)
    assert found["Bedrock: Llama 3 70B calls a minute"].need == pytest.approx(600)
    tokens = found["Bedrock: Llama 3 70B tokens a minute, booked"].need
    assert tokens == pytest.approx(600 * (1_000 + 1_024))
    requests = found["API Gateway: requests a second, frames to clients included"].need
    assert requests == pytest.approx(10 * 103 + 10 / 6 * (2 + 2))
    returning = found["the same, if all come back within 10 s after a fault"].need
    assert returning == pytest.approx(10 / 6 * 300 / 10)


def test_a_quota_is_short_before_it_is_used_up() -> None:
    assert not bill.Need("any", default=1_000, need=700).short
    assert bill.Need("any", default=1_000, need=701).short
