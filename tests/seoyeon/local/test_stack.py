"""The whole chat on this machine, over real HTTP and a real WebSocket."""

import json
import os
import re
import shutil
import signal
import time
from typing import Any

import pytest
from chat_shared.shares import id_of
from chat_ws.protocol import FEATURES
from history_api.features import DOCUMENT_FEATURES, RATING_FEATURES, SHARE_FEATURES
from history_api.features import FEATURES as HISTORY_FEATURES
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from seoyeon.local.bedrock.scripted import Scripted
from tests.builders import MODEL_CHOICES, NEXT_MODEL, secret, uuid
from tests.guest_documents import GuestDocuments
from tests.stack import TOKEN, Stack, request


@pytest.fixture
def guest(request: pytest.FixtureRequest) -> str:
    """Return a token for this test alone."""
    return secret(request.node.nodeid)


def receive(client: ClientConnection) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(client.recv(timeout=60))
    return frame


def crash(stack: Stack) -> None:
    """Kill MiniStack, which cannot save any more; the run ends with an error."""
    lock = stack.state_dir / "ministack" / "lock"
    os.kill(int(lock.read_text()), signal.SIGKILL)
    assert stack.wait() == 1


def ask(client: ClientConnection, number: int, text: str, **fields: str) -> list[dict[str, Any]]:
    """Send a question and return every frame up to its end."""
    question = {
        "action": "chat",
        "request_id": uuid(number),
        "conversation_id": uuid(1_000),
        "text": text,
        **fields,
    }
    client.send(json.dumps(question, ensure_ascii=False))
    frames = [receive(client)]
    while frames[-1]["type"] not in ("done", "failed"):
        frames.append(receive(client))
    return frames


def test_the_page_is_served_under_its_strict_policy(stack: Stack) -> None:
    page = request(stack.url)
    assert page.status == 200
    assert page.headers.get_content_type() == "text/html"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"


def test_scripts_come_with_a_type_that_a_browser_runs_and_for_good(stack: Stack) -> None:
    (name,) = re.findall(
        r'type="module" src="(/assets/app-[^"]+)"', request(stack.url).body.decode()
    )
    script = request(f"{stack.url}{name}")
    assert script.status == 200
    assert script.headers.get_content_type() == "text/javascript"
    assert script.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert request(stack.url).headers["Cache-Control"] == "no-cache"


def test_config_names_the_socket_relative_to_the_page(stack: Stack) -> None:
    config = request(f"{stack.url}/config.json")
    assert config.json == {
        "websocket_url": "/ws",
        "auth": "guest",
        "max_text_length": 8000,
        "model": Scripted.name,
        "features": [
            *FEATURES,
            *HISTORY_FEATURES,
            *SHARE_FEATURES,
            *RATING_FEATURES,
            *DOCUMENT_FEATURES,
        ],
        "models": MODEL_CHOICES,
    }
    assert config.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/js/none.js", "/health", "/oauth2/authorize?client_id=a", "/login", "/logout"]
)
def test_an_unknown_path_gets_the_page_s_404_and_never_the_emulator(
    stack: Stack, path: str
) -> None:
    answer = request(stack.url + path)
    assert answer.status == 404
    assert answer.body == request(f"{stack.url}/404.html").body
    assert "이 주소에는 페이지가 없어요." in answer.body.decode()


def test_an_error_of_the_history_stays_json(stack: Stack, guest: str) -> None:
    answer = request(f"{stack.url}/history/none", headers={"Authorization": f"Bearer {guest}"})
    assert (answer.status, answer.json["code"]) == (404, "not_found")


def test_a_question_is_accepted_streamed_stored_and_done(stack: Stack, guest: str) -> None:
    stack.bedrock.plan({"answer": "부산은 바다가 좋습니다.", "delay_ms": 60})
    with stack.connect(guest) as client:
        assert client.subprotocol == "chat.v1"
        frames = ask(client, 1, "여행하고 싶다")
    kinds = [frame["type"] for frame in frames]
    deltas = [frame for frame in frames if frame["type"] == "delta"]
    assert sorted(set(kinds)) == ["accepted", "delta", "done"]
    assert kinds.count("accepted") == 1
    assert [delta["seq"] for delta in deltas] == list(range(1, len(deltas) + 1))
    assert len(deltas) > 1
    assert "".join(delta["text"] for delta in deltas) == "부산은 바다가 좋습니다."
    [turn] = stack.history(token=guest)["turns"]
    assert (turn["text"], turn["answer"]) == ("여행하고 싶다", "부산은 바다가 좋습니다.")
    assert (turn["status"], turn["usage"]) == ("done", frames[-1]["usage"])


def test_the_chosen_model_is_asked_and_told_and_stored(stack: Stack, guest: str) -> None:
    stack.bedrock.plan({"answer": "네."})
    with stack.connect(guest) as client:
        done = ask(client, 1, "여행하고 싶다", model=NEXT_MODEL)[-1]
    assert done["model_id"] == NEXT_MODEL
    [turn] = stack.history(token=guest)["turns"]
    assert (turn["model"], turn["model_id"]) == (NEXT_MODEL, NEXT_MODEL)


def test_a_second_question_is_answered_in_the_light_of_the_first(stack: Stack, guest: str) -> None:
    stack.bedrock.reset()
    stack.bedrock.plan({"answer": "어디로 가고 싶으세요?"}, {"answer": "경주는 오래된 도시입니다."})
    with stack.connect(guest) as client:
        ask(client, 1, "여행하고 싶다")
        ask(client, 2, "경주")
    _, prompt = stack.bedrock.prompts()
    assert (
        prompt.index("여행하고 싶다") < prompt.index("어디로 가고") < prompt.index("경주<|eot_id|>")
    )


def test_the_usage_of_a_laptop_run_is_printed_beside_it(stack: Stack, guest: str) -> None:
    def report() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(stack.command("usage", "--local", "--json"))
        return found

    before = report()["total"]
    stack.bedrock.plan({"answer": "네."})
    with stack.connect(guest) as client:
        used = ask(client, 1, "경주")[-1]["usage"]
    until = time.monotonic() + 30  # counted after `done`, like the title
    after = report()
    while after["total"]["answers"] == before["answers"] and time.monotonic() < until:
        after = report()
    assert after["total"]["answers"] > before["answers"]
    assert after["total"]["prompt_tokens"] >= before["prompt_tokens"] + used["prompt_tokens"]
    assert after["total"]["dollars"] > before["dollars"]
    # The guest may not be among those who have used most: other tests share the deployment.
    assert all(re.fullmatch("[0-9a-f]{16}", user["user"]) for user in after["users"])


def test_a_rating_is_printed_beside_a_laptop_run(stack: Stack, guest: str) -> None:
    stack.bedrock.plan({"answer": "네."})
    with stack.connect(guest) as client:
        turn_id = ask(client, 1, "경주")[-1]["turn_id"]
    rated = request(
        f"{stack.url}/history/conversations/{uuid(1_000)}/turns/{turn_id}/feedback",
        method="PUT",
        headers={"Authorization": f"Bearer {guest}", "Content-Type": "application/json"},
        body=json.dumps({"rating": "down", "text": "짧아요.", "share": True}).encode(),
    )
    assert rated.status == 200
    printed = stack.command("feedback", "--local", "--content").splitlines()
    (line,) = (line for line in map(json.loads, printed) if line["turn_id"] == turn_id)
    assert (line["rating"], line["text"], line["answer"]) == ("down", "짧아요.", "네.")


def test_people_do_not_see_each_others_conversations(stack: Stack, guest: str) -> None:
    stack.bedrock.plan({"answer": "네."})
    with stack.connect(guest) as client:
        ask(client, 1, "비밀입니다")
    assert stack.history(token=secret("another guest"))["turns"] == []


def test_a_ping_is_answered(stack: Stack) -> None:
    with stack.connect() as client:
        client.send('{"action": "ping"}')
        assert receive(client) == {"type": "pong"}


@pytest.mark.parametrize(
    "frame", ["not JSON", '{"action": "dance"}', '{"action": "chat", "text": ""}', "[]"]
)
def test_a_malformed_frame_fails_and_the_socket_stays_open(stack: Stack, frame: str) -> None:
    with stack.connect() as client:
        client.send(frame)
        answer = receive(client)
        assert (answer["type"], answer["code"]) == ("failed", "bad_request")
        client.send('{"action": "ping"}')
        assert receive(client) == {"type": "pong"}


@pytest.mark.parametrize("token", [TOKEN[:-1], TOKEN + "A", TOKEN[:-1] + "~", "garbled"])
def test_a_wrong_token_opens_no_socket(stack: Stack, token: str) -> None:
    with pytest.raises(InvalidStatus) as refusal, stack.connect(token):
        pass
    assert refusal.value.response.status_code in (401, 403)


def test_no_token_opens_no_socket(stack: Stack) -> None:
    with pytest.raises(InvalidStatus) as refusal, stack.connect(None):
        pass
    assert refusal.value.response.status_code in (401, 403)


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": TOKEN}, {"Authorization": f"Bearer {TOKEN[:-1]}"}]
)
def test_history_without_a_good_token_is_refused(stack: Stack, headers: dict[str, str]) -> None:
    answer = request(f"{stack.url}/history", headers=headers)
    assert answer.status in (401, 403)
    assert set(answer.json) == {"code", "message"}


def test_a_frame_of_33_kb_closes_with_1009(stack: Stack) -> None:
    with stack.connect() as client:
        client.send("x" * (33 * 1024))
        with pytest.raises(ConnectionClosed) as closing:
            client.recv(timeout=10)
    assert closing.value.rcvd is not None
    assert closing.value.rcvd.code == 1009


def test_a_document_is_uploaded_read_kept_over_a_restart_and_deleted(
    stack: Stack, guest: str
) -> None:
    documents = GuestDocuments(stack, guest, uuid(1_000))
    text = "제1조 이 규정은 시험이다.\n"
    upload = documents.add(uuid(1), "규정.txt", len(text.encode())).json["upload"]
    assert upload["url"] == "/uploads"
    assert documents.upload(upload, text.encode()).status == 204
    assert documents.call("POST", f"/{uuid(1)}/read").status == 200
    read = documents.wait(uuid(1), timeout=60)
    assert (read["status"], read["kind"], read["characters"]) == ("ready", "txt", len(text))

    assert stack.stop() == 0
    stack.start()
    assert documents.listed() == [read]
    shown = documents.call("GET", f"/{uuid(1)}/text").json["parts"]
    assert "".join(part["text"] for part in shown) == text
    assert documents.call("DELETE", f"/{uuid(1)}").status == 204
    assert (documents.listed(), documents.call("GET", f"/{uuid(1)}/text").status) == ([], 404)


def test_a_share_is_read_without_a_token_until_it_is_revoked(stack: Stack, guest: str) -> None:
    stack.bedrock.plan({"answer": "네."})
    with stack.connect(guest) as client:
        ask(client, 1, "비밀입니다")
    headers = {"Authorization": f"Bearer {guest}", "Content-Type": "application/json"}
    head = stack.history(token=guest)["turns"][0]["turn_id"]
    key = secret("a key")
    body = json.dumps({"share_id": id_of(key), "head": head}).encode()
    path = f"{stack.url}/history/conversations/{uuid(1_000)}/shares"

    def read(key: str) -> Any:
        return request(f"{stack.url}/history/shared", headers={"Share-Key": key})

    for _ in range(2):
        assert request(path, method="POST", headers=headers, body=body).status == 200
    answer = read(key)
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    assert [turn["text"] for turn in answer.json["turns"]] == ["비밀입니다"]
    assert read(secret("another key")).status == read("").status == 404
    taken = request(path, method="POST", headers={**headers, "Authorization": "none"}, body=body)
    assert taken.status in (401, 403)
    revoked = f"{stack.url}/history/shares/{id_of(key)}"
    assert request(revoked, method="DELETE", headers=headers).status == 204
    assert read(key).status == 404
    page = request(f"{stack.url}/shared.html")
    assert (page.status, "noindex" in page.body.decode()) == (200, True)


def test_an_upload_is_refused_but_for_its_key_its_size_and_its_signature(
    stack: Stack, guest: str
) -> None:
    documents = GuestDocuments(stack, guest, uuid(1_000))
    content = b"12345"
    upload = documents.add(uuid(2), "a.txt", len(content)).json["upload"]

    def refused(content: bytes, **fields: str) -> tuple[int, bool]:
        changed = {**upload, "fields": upload["fields"] | fields}
        answer = documents.upload(changed, content)
        return answer.status, b"<Error>" in answer.body

    other_key = upload["fields"]["key"].replace(uuid(2), uuid(3))
    assert refused(content, key=other_key) == (403, True)
    assert refused(content + b"6") == (400, True)
    assert refused(b"") == (400, True)
    assert refused(content, **{"x-amz-signature": "0" * 64}) == (403, True)
    unsigned = {"url": "/uploads", "fields": {"key": upload["fields"]["key"]}}
    assert documents.upload(unsigned, content).status == 403
    assert documents.upload(upload, content).status == 204


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stopped_run_leaves_no_process_and_the_next_one_knows_all(
    stack: Stack, guest: str, number: signal.Signals
) -> None:
    stack.bedrock.plan({"answer": "기억합니다."})
    with stack.connect(guest) as client:
        ask(client, 1, "기억해 줘")
    assert stack.stop(number) == 0
    assert stack.processes() == []
    stack.start()
    assert stack.lines == [f"Ready: {stack.url}"], "an unchanged app was deployed again"
    assert [turn["answer"] for turn in stack.history(token=guest)["turns"]] == ["기억합니다."]


def test_a_killed_run_leaves_no_process_and_loses_nothing(stack: Stack, guest: str) -> None:
    stack.bedrock.plan({"answer": "그래도 기억합니다."})
    with stack.connect(guest) as client:
        ask(client, 1, "기억해 줘")
    assert stack.stop(signal.SIGKILL) == -signal.SIGKILL
    stack.start()
    assert len([line for line in stack.processes() if "host.py" in line]) == 1
    assert [turn["answer"] for turn in stack.history(token=guest)["turns"]] == [
        "그래도 기억합니다."
    ]


def test_a_crash_of_everything_loses_at_most_ten_seconds(stack: Stack, guest: str) -> None:
    stack.bedrock.plan({"answer": "십 초 안에 저장합니다."})
    with stack.connect(guest) as client:
        ask(client, 1, "기억해 줘")
    time.sleep(10)
    crash(stack)
    stack.start()
    assert [turn["answer"] for turn in stack.history(token=guest)["turns"]] == [
        "십 초 안에 저장합니다."
    ]


def test_a_first_run_that_died_before_it_was_saved_leaves_nothing_in_the_way(stack: Stack) -> None:
    assert stack.stop() == 0
    shutil.rmtree(stack.state_dir / "ministack" / "state")
    stack.start()


def test_a_disk_that_cannot_be_written_is_reported_while_it_runs_and_at_its_end(
    stack: Stack, guest: str
) -> None:
    # As root, only a folder in the draft's place keeps a file from being written.
    draft = stack.state_dir / "ministack" / "state" / "dynamodb.new"
    draft.mkdir()
    stack.bedrock.plan({"answer": "저장할 수 없습니다."})
    with stack.connect(guest) as client:
        ask(client, 1, "기억해 줘")
    time.sleep(10)
    assert stack.stop() == 1
    draft.rmdir()
    warning, error = stack.lines[-2:]
    assert warning.startswith("Warning: conversations cannot be saved")
    assert error.startswith("Error: The last conversations could not be saved")
    stack.start()


def test_a_state_that_was_cut_in_half_is_moved_aside_and_named(stack: Stack, guest: str) -> None:
    assert stack.stop() == 0
    table = stack.state_dir / "ministack" / "state" / "dynamodb.json"
    half = table.read_bytes()[: table.stat().st_size // 2]
    table.write_bytes(half)
    stack.start()
    [warning] = [line for line in stack.lines if line.startswith("Warning: ")]
    [aside] = (stack.state_dir / "ministack").glob("unreadable-*")
    assert str(aside) in warning
    assert (aside / "state" / "dynamodb.json").read_bytes() == half
    stack.bedrock.plan({"answer": "새로 시작합니다."})
    with stack.connect(guest) as client:
        assert ask(client, 1, "안녕")[-1]["type"] == "done"


def test_a_run_whose_ministack_dies_ends_with_one_line(stack: Stack) -> None:
    crash(stack)
    assert [line for line in stack.lines if line.startswith("Error: MiniStack ended unexpectedly")]
    assert stack.processes() == []
    stack.start()
