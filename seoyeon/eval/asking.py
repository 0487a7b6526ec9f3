"""Asking items at a deployment, as its users do."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from tenacity import AsyncRetrying, retry_if_result, stop_after_attempt, wait_random_exponential

from seoyeon.client import Client, ClientError, Done, Failed, Guest, Identity, Text
from seoyeon.client.errors import Refused
from seoyeon.eval.items import Item
from seoyeon.eval.records import Exchange, Record
from seoyeon.terminal.errors import CommandError

# A longer answer is stopped: the items ask for short ones, and a small model may repeat itself.
MAX_CHARACTERS = 1_500
_ATTEMPTS = 4
_PASSING = ("busy", "internal", "model_unavailable", "throttled")
_MESSAGES = "daily_messages, daily_tokens_per_user or daily_tokens"
_DOCUMENTS = "documents_per_day or daily_documents"


@dataclass(frozen=True)
class Asker:
    """Asks items at the page of `url`; `model` is one of its models, None for its first one.

    Without an account, each item has a new guest, whose quotas are untouched.
    """

    url: str
    account: Identity | None = None
    model: str | None = None

    async def ask(self, item: Item, repeat: int) -> Record:
        """Ask the questions of an item in a conversation, which is deleted afterwards.

        Raises CommandError if the deployment refuses further questions.
        """
        conversation_id = str(uuid4())
        exchanges = []
        async with Client.open(self.url, self.account or Guest()) as client:
            try:
                if item.document:
                    await self._add_document(client, conversation_id, item.document)
                for question in item.turns:
                    exchange = await self._ask_again(client, conversation_id, item, question)
                    exchanges.append(exchange)
                    if exchange.failure:
                        break
            finally:
                with suppress(ClientError):  # it expires without
                    await client.history.delete(conversation_id)
        return Record(item.id, repeat, tuple(exchanges))

    async def _add_document(self, client: Client, conversation_id: str, file: Path) -> None:
        try:
            await client.history.add_document(
                conversation_id, file.name, await asyncio.to_thread(file.read_bytes)
            )
        except Refused as refused:
            if refused.code == "quota_exceeded":
                raise CommandError(self._quota(_DOCUMENTS)) from None
            raise

    async def _ask_again(
        self, client: Client, conversation_id: str, item: Item, question: str
    ) -> Exchange:
        """Ask a question, and again after a failure that may pass."""
        exchange: Exchange = await AsyncRetrying(
            retry=retry_if_result(lambda exchange: exchange.failure in _PASSING),
            wait=wait_random_exponential(multiplier=2, max=60),
            stop=stop_after_attempt(_ATTEMPTS),
            retry_error_callback=lambda state: state.outcome and state.outcome.result(),
        )(self._ask, client, conversation_id, item, question)
        if exchange.failure == "quota_exceeded":
            raise CommandError(self._quota(_MESSAGES))
        if exchange.failure == "throttled":
            raise CommandError(
                "Bedrock refuses further calls: lower --parallel, or raise the model's quotas in "
                "Service Quotas (requests and tokens per minute). Then resume the run."
            )
        if exchange.failure == "model_retired":
            raise CommandError("The model is no longer offered: change model_ids in cdk.json.")
        return exchange

    def _quota(self, settings: str) -> str:
        if not self.account:
            settings = settings.rpartition(" or ")[2]
        return (
            f"A quota of the day is used up: raise {settings} in cdk.json and deploy, or resume "
            "the run after midnight in Korea."
        )

    async def _ask(
        self, client: Client, conversation_id: str, item: Item, question: str
    ) -> Exchange:
        request_id = str(uuid4())
        asked_at = datetime.now(UTC).isoformat(timespec="milliseconds")
        started = time.monotonic()
        first_text = None
        is_stopping = False
        end: Done | Failed = Failed("", "internal", "", retryable=True)
        async for event in client.ask(
            question,
            conversation_id=conversation_id,
            request_id=request_id,
            mode=item.mode,
            target_language=item.target_language,
            model=self.model,
            temporary="chat.temporary" in client.page.features,
        ):
            if isinstance(event, Text):
                first_text = first_text or time.monotonic() - started
                if len(event.text) > MAX_CHARACTERS and not is_stopping:
                    is_stopping = True
                    await client.stop(request_id)
            elif isinstance(event, Done | Failed):
                end = event
        timing = round(time.monotonic() - started, 2), first_text and round(first_text, 2)
        if isinstance(end, Failed):
            return Exchange(question, end.text, asked_at, *timing, failure=end.code)
        return Exchange(
            question,
            end.text,
            asked_at,
            *timing,
            end.stop_reason,
            model_id=end.model_id,
            usage=end.usage,
            sources={str(source["n"]): source["part"] for source in end.sources},
        )
