"""Documents on the simulated AWS: they arrive, change their state and are deleted at any moment."""

import hashlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any, cast

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError
from chat_shared.documents import Document, Part, encode_parts, text_key
from chat_ws.worker.prompt import SYSTEM, Prompt

from tests.builders import NOW, document, document_item, uuid
from tests.fakes_store import Key, key_of
from tests.faults.simulation import Process

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from tests.faults.world import World

PASSAGE = re.compile(r"<자료 (\d+): ([^\n]*)>\n(.*?)\n</자료 \1>\n\n", re.DOTALL)
NOTICE = re.compile(r"\([^\n]*자료에 없는 문서: ([^\n]*)\)\n+")
PARTS = 12  # of a document
PART = "휴가는 열닷새 " * 10  # about 80 tokens


class Bucket:
    """One process's view of the objects; `step` is called before and after each request."""

    def __init__(self, shelf: "Documents", process: Process, step: Callable[[str], None]) -> None:
        self._shelf = shelf
        self._process = process
        self._step = step

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 (boto3's names)
        self._step("read")
        content = self._shelf.objects.get(Key)
        self._step("have read")
        if content is None:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(content)}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803 (boto3's names)
        self._step("write")
        self._shelf.objects[Key] = Body
        self._shelf.written[Key] = self._process, self._shelf.world.simulation.now
        self._step("have written")

    def delete_object(self, *, Bucket: str, Key: str) -> None:  # noqa: N803 (boto3's names)
        self._step("write")
        self._shelf.objects.pop(Key, None)
        self._step("have written")


class Documents:
    """The documents of all users, and a monitor of the prompts that contain them."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.objects: dict[str, bytes] = {}
        self.written: dict[str, tuple[Process, float]] = {}  # each note's last writer, and when
        self.deleted: set[str] = set()  # names
        self.began: dict[Key, dict[str, str]] = {}  # passages in the prompts of a turn, by number
        self.note_calls = 0
        self.changing = False
        self._changes = count()
        self._numbers = count(1)
        self._live: list[Document] = []

    def client(self, process: Process) -> "S3Client":
        return cast("S3Client", Bucket(self, process, self.world.simulation.step))

    # Called by tests.

    @property
    def notes(self) -> list[str]:
        return [key for key in self.objects if key.startswith("notes/")]

    def add(self, user_id: str, conversation_id: str, *, is_ready: bool = True) -> None:
        number = next(self._numbers)
        added = document(
            number,
            user_id=user_id,
            conversation_id=conversation_id,
            document_id=uuid(5_000 + number),
            name=f"{number}.txt",
            status="reading",
            lease_until=NOW + 10_000.0,
        )
        self._live.append(added)
        self._put(added)
        if is_ready:
            self.end_reading()

    def end_reading(self) -> None:
        """Let each document that is being read become ready, and every third one fail."""
        for at, one in enumerate(self._live):
            if one.status == "reading":
                failed = int(one.name.partition(".")[0]) % 3 == 0
                self._live[at] = replace(one, status="failed" if failed else "ready")
                key = text_key(one.user_id, one.conversation_id, one.document_id)
                parts = [Part("page", str(page), f"{one.name} {PART}") for page in range(PARTS)]
                self.objects[key] = encode_parts(parts)
                self._put(self._live[at])

    def change(self, user_id: str, conversation_id: str) -> None:
        """Change documents before a run, each time in another way, if `changing`."""
        if not self.changing:
            return
        match next(self._changes) % 4:
            case 0:
                self.add(user_id, conversation_id, is_ready=False)
            case 1:
                self.end_reading()
            case 2:
                self.add(user_id, conversation_id)
            case 3:
                self.delete(1)

    def delete(self, number: int) -> None:
        """Delete a document as the history function does: its item, then its objects."""
        if not self._live:
            return
        one = self._live.pop(number % len(self._live))
        self.deleted.add(one.name)
        del self.world.items.all[key_of(one.key)]

        def delete_objects() -> None:
            self.world.simulation.sleep(0.02)
            for key in [key for key in self.objects if one.document_id in key]:
                del self.objects[key]

        self.world.simulation.spawn(self.world.aws, delete_objects)

    def _put(self, one: Document) -> None:
        serialize = TypeSerializer().serialize
        item = document_item(one)
        assert all(serialize(value) for value in item.values())
        self.world.items.all[key_of(item)] = item

    # Checks.

    def check_answer(self, key: Key, prompt: Prompt) -> None:
        """Check that a text which has begun is continued from the passages that began it."""
        passages = {
            number: f"{place}\n{text}"
            for number, place, text in PASSAGE.findall(prompt.messages[-1].content)
        }
        if not prompt.prefill:
            self.began[key] = passages
            return
        lost = self.began[key].items() - passages.items()
        names = {text.partition(" ")[0] for _, text in lost}
        forbid = self.world.forbid
        forbid(bool(passages.items() - self.began[key].items()), f"other passages: {passages}")
        forbid(not names <= self.deleted, f"{names - self.deleted} began the answer")

    def check_note(self, process: Process, prompt: Prompt) -> None:
        """Check that no note is asked for that had been stored."""
        self.note_calls += 1
        for model in self.world.model_ids:
            content = json.dumps([model, SYSTEM["note"], prompt.messages[-1].content])
            digest = hashlib.sha256(content.encode()).hexdigest()
            for key in self.objects:
                if digest in key and not prompt.prefill:
                    stored_at = self.written[key][1]
                    known = max(stored_at, process.disturbed_until) < self.world.simulation.now
                    self.world.forbid(known, f"a note was paid for twice: {key}")

    def check_objects(self) -> None:
        """Check that a deleted document has left nothing.

        A worker that dies between a note and the check of its document may leave the note.
        """
        live = {one.document_id for one in self._live}
        for key in self.objects:
            if key.split("/")[3].partition(".")[0] not in live:
                assert key.startswith("notes/"), f"left by a deletion: {key}"
                assert self.written[key][0].dead, f"left by a deletion: {key}"


def question_of(prompt: Prompt) -> str:
    """Return the user's last message without passages."""
    return NOTICE.sub("", PASSAGE.sub("", prompt.messages[-1].content))
