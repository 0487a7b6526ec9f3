import json

from chat_ws.job import Job

from tests.builders import ALICE, CONVERSATION, turn


def test_a_job_survives_its_journey_as_json() -> None:
    job = Job.on(turn(connection_id="old"), "replay", "new")
    assert Job.from_payload(json.loads(json.dumps(job.payload()))) == job
    assert (job.user_id, job.conversation_id, job.connection_id) == (
        ALICE.user_id,
        CONVERSATION,
        "new",
    )


def test_a_job_has_its_turn_s_mode_which_workers_of_earlier_versions_do_not_know() -> None:
    assert "mode" not in Job.on(turn(), "run", "").payload()
    job = Job.on(turn(mode="grammar"), "run", "")
    assert Job.from_payload(job.payload()).mode == "grammar"


def test_a_job_has_the_parent_of_a_turn_in_another_branch_only() -> None:
    first = turn(parent="root")
    assert "parent" not in Job.on(first, "run", "").payload()
    job = Job.on(turn(turn_id=f"b00000002-{first.turn_id}", parent=first.turn_id), "run", "")
    assert Job.from_payload(job.payload()).parent == first.turn_id


def test_a_warm_up_needs_nothing_else() -> None:
    assert Job.from_payload({"kind": "warm_up"}) == Job("warm_up")
