"""A chat at a terminal, and single questions."""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncGenerator, Coroutine, Iterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeVar
from uuid import UUID, uuid4

from seoyeon.chat.screen import Screen
from seoyeon.client import Accepted, Client, Event, Failed, Stored
from seoyeon.terminal.errors import CommandError

_SHOWN_TURNS = 5
_LISTED = 20
_HELP = """\
/list      list the conversations
/open N    open a conversation of the list
/new       begin a conversation
/quit      leave, as Ctrl-D does
Ctrl-C stops an answer; pressed again, it leaves."""
INTERRUPTED = 130  # exit status, as of a shell's command

T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """How questions are asked: the options of `Client.ask`, and the output."""

    mode: str = "chat"
    target_language: str | None = None
    model: str | None = None
    as_json: bool = False


class Chat:
    """One client and its open conversation. Its methods block; Ctrl-C is KeyboardInterrupt."""

    def __init__(self, client: Client, runner: asyncio.Runner, question: Question) -> None:
        self._client = client
        self._runner = runner
        self._question = question
        self._screen = Screen()
        self._conversation = str(uuid4())
        self._listed: list[dict[str, Any]] = []

    def list_conversations(self) -> None:
        """Print the conversations, numbered for `/open`; with JSON, all members of each."""
        self._listed = self._run(self._load_list())
        if self._question.as_json:
            self._screen.line(json.dumps(self._listed, ensure_ascii=False))
            return
        for number, each in enumerate(self._listed[:_LISTED], start=1):
            date = each["last_activity_at"][:10]
            self._screen.line(f"{number:3}  {date}  {each['conversation_id']}  {each['title']}")
        if not self._listed:
            self._screen.note("There is no conversation yet.")

    def open_conversation(self, name: str, *, shows_turns: bool = True) -> None:
        """Open a conversation by its id, its number in the list, or `last`; print its end.

        An answer that is still being written is followed. Raises CommandError for a wrong name.
        """
        self._conversation = self._find(name)
        if not shows_turns:
            return
        history = self._client.history
        turns = self._run(history.turns(self._conversation, newest=_SHOWN_TURNS))
        unfinished = turns.pop() if turns and turns[-1]["status"] == "streaming" else None
        for turn in turns:
            self._screen.show_turn(turn)
        if unfinished:
            self._screen.line(f"> {unfinished['text']}")
            request_id = unfinished["request_id"]
            self._run(self._follow(self._client.resume(request_id), request_id))

    def ask(self, text: str) -> int:
        """Ask a question, print the answer and return the exit status.

        The first Ctrl-C stops the answer, the second one leaves.
        """
        return self._run(self._ask(text))

    def talk(self) -> None:
        """Read questions and commands until the end of the input."""
        # The import alone gives `input` its line editing.
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401 (see above)
        self._screen.note(f"{self._client.page.origin}: /help lists the commands.")
        while True:
            try:
                line = input("> ").strip()
            except (EOFError, KeyboardInterrupt):
                print()
                return
            if line == "/quit":
                return
            try:
                self._obey(line)
            except CommandError as error:
                self._screen.error(f"Error: {error}")

    def _obey(self, line: str) -> None:
        command, _, rest = line.partition(" ")
        match command:
            case "":
                pass
            case "/help":
                self._screen.line(_HELP)
            case "/new":
                self._conversation = str(uuid4())
            case "/list":
                self.list_conversations()
            case "/open":
                self.open_conversation(rest.strip())
            case _:
                self.ask(line)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return self._runner.run(work)
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None

    async def _load_list(self) -> list[dict[str, Any]]:
        return [each async for each in self._client.history.conversations()]

    def _find(self, name: str) -> str:
        if name == "last" or (name.isdecimal() and not self._listed):
            self._listed = self._run(self._load_list())
        if name == "last" and self._listed:
            return str(max(self._listed, key=itemgetter("last_activity_at"))["conversation_id"])
        if name.isdecimal() and 0 < int(name) <= len(self._listed):
            return str(self._listed[int(name) - 1]["conversation_id"])
        with contextlib.suppress(ValueError):
            return str(UUID(name))
        raise CommandError(f"There is no conversation {name!r}: /list and --list show them.")

    async def _ask(self, text: str) -> int:
        request_id = str(uuid4())
        question = self._question
        events = self._client.ask(
            text,
            conversation_id=self._conversation,
            request_id=request_id,
            mode=question.mode,
            target_language=question.target_language,
            model=question.model,
        )
        return await self._follow(events, request_id)

    async def _follow(self, events: AsyncGenerator[Event, None], request_id: str) -> int:
        members: dict[str, Any] = {
            "conversation_id": self._conversation,
            "request_id": request_id,
            "turn_id": None,
        }
        with self._stoppable(request_id) as stopped:
            async with aclosing(events):
                async for event in events:
                    if isinstance(event, Accepted):
                        members["turn_id"] = event.turn_id
                    if not self._question.as_json:
                        self._screen.show(event)
        if self._question.as_json:
            self._print_json(event, members)
        if stopped.is_set():
            return INTERRUPTED
        return int(isinstance(event, Failed))

    def _print_json(self, end: Event, members: dict[str, Any]) -> None:
        found = dict(vars(end))
        members |= {"answer": found.pop("text"), **found}
        print(json.dumps(members, ensure_ascii=False), flush=True)

    @contextlib.contextmanager
    def _stoppable(self, request_id: str) -> Iterator[asyncio.Event]:
        """Stop the answer at the first Ctrl-C, which the event tells; cancel at the second."""
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        following = asyncio.current_task()
        stopping: list[asyncio.Task[None]] = []

        def interrupt() -> None:
            if stopped.is_set() and following:
                following.cancel()
                return
            stopped.set()
            self._screen.note("\nStopping. Press Ctrl-C again to leave.")
            stopping.append(loop.create_task(self._client.stop(request_id)))

        loop.add_signal_handler(signal.SIGINT, interrupt)
        try:
            yield stopped
        finally:
            loop.remove_signal_handler(signal.SIGINT)
            for task in stopping:
                task.cancel()


@dataclass(frozen=True)
class Request:
    """The arguments of the command."""

    url: str
    text: str | None
    conversation: str | None
    question: Question
    lists: bool
    signs_out: bool


def chat(request: Request, identity: Stored | None = None) -> int:
    """Do what the command line asks for and return the exit status. Raises CommandError."""
    identity = identity or Stored()
    text = request.text
    has_question = text is not None or not (request.lists or request.signs_out)
    if text is None and has_question and not sys.stdin.isatty():
        text = sys.stdin.read()
    if text is None and request.question.as_json and not request.lists:
        raise CommandError("--json needs a question: name it, or pipe it in.")
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        client = runner.run(stack.enter_async_context(Client.open(request.url, identity)))
        try:
            if request.signs_out:
                runner.run(identity.sign_out(client.page))
                return 0
            _check_model(request.question.model, client)
            return _chat(Chat(client, runner, request.question), request, text)
        except KeyboardInterrupt:
            return INTERRUPTED
        finally:
            runner.run(stack.aclose())


def _check_model(model: str | None, client: Client) -> None:
    """Raise CommandError for a model that is not deployed: the server would ask another one."""
    deployed = [str(each["id"]) for each in client.page.models]
    if model and deployed and model not in deployed:
        raise CommandError(f"{model} is not deployed: choose {' or '.join(deployed)}.")


def _chat(chat: Chat, request: Request, text: str | None) -> int:
    if request.lists:
        chat.list_conversations()
        return 0
    if request.conversation:
        chat.open_conversation(request.conversation, shows_turns=text is None)
    if text is not None:
        return chat.ask(text)
    chat.talk()
    return 0
