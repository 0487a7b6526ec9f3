"""The keys of the table; no other module builds one.

One table holds ten kinds of items. A user id is 64 hex digits (guest) or a Cognito subject (a
UUID). Neither contains `#`, so a user id cannot name another user's partition.

| item         | pk                             | sk                        |
|--------------|--------------------------------|---------------------------|
| turn         | turns#{user}#{conversation}    | {turn id}                 |
| marker       | request#{user}#{request}       | request                   |
| conversation | conversations#{user}           | {conversation}            |
| branches     | branches#{user}#{conversation} | branches                  |
| instructions | instructions#{user}            | instructions              |
| document     | documents#{user}               | {conversation}#{document} |
| share        | shares#{user}                  | {conversation}#{share}    |
| messages     | quota#{user}                   | {day}                     |
| tokens       | usage                          | {day}                     |
| user usage   | usage#{day}                    | {hash of user}            |

The index `by_activity` (activity_pk = user, activity_sk = time of the last message + conversation)
lists a user's conversations, newest first. Pinned ones have another partition there, temporary ones
have none. A rated turn has a place in its partition FEEDBACK (activity_sk = time of the rating +
turn). The last three items are counters.

A turn id is `{time}-{8 hex digits}` in a conversation's first branch, `{branch}-{time}-{8 hex
digits}` in any other (ADR 0024). Thus a branch is a range of sort keys, oldest turn first, and the
first branch is sorted before all others.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

ACTIVITY_INDEX = "by_activity"
FEEDBACK = "feedback"  # the index partition of rated turns
TTL_ATTRIBUTE = "expires_at"
# Until a counter expires. A quota is used for one day of any machine's clock.
COUNTER_SECONDS = 3 * 86_400
USAGE_SECONDS = 400 * 86_400  # of the whole deployment
USER_USAGE_SECONDS = 30 * 86_400
USAGE = "usage"  # the partition of the deployment's counters
ROOT = "root"  # the parent of a conversation's first turn
FIRST_BRANCH = ""
TURN_ID = re.compile(
    r"(?:b[0-9a-f]{8}-)?"
    r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z-[0-9a-f]{8}"
)
KOREA = timezone(timedelta(hours=9))  # without daylight saving time


def turn(user_id: str, conversation_id: str, turn_id: str) -> dict[str, str]:
    return {"pk": turns(user_id, conversation_id), "sk": turn_id}


def turns(user_id: str, conversation_id: str) -> str:
    """Return the partition of a conversation's turns, which is sorted oldest first."""
    return f"turns#{user_id}#{conversation_id}"


def marker(user_id: str, request_id: str) -> dict[str, str]:
    """Return the key of the item that maps a client's request id to its one turn."""
    return {"pk": f"request#{user_id}#{request_id}", "sk": "request"}


def conversation(user_id: str, conversation_id: str) -> dict[str, str]:
    return {"pk": conversations(user_id), "sk": conversation_id}


def conversations(user_id: str) -> str:
    """Return the partition of a user's conversations."""
    return f"conversations#{user_id}"


def branches(user_id: str, conversation_id: str) -> dict[str, str]:
    """Return the key of the item that a conversation has once it has branched."""
    return {"pk": f"branches#{user_id}#{conversation_id}", "sk": "branches"}


def instructions(user_id: str) -> dict[str, str]:
    """Return the key of the user's text that stands in every prompt."""
    return {"pk": f"instructions#{user_id}", "sk": "instructions"}


def document(user_id: str, conversation_id: str, document_id: str) -> dict[str, str]:
    return {"pk": documents(user_id), "sk": f"{conversation_id}#{document_id}"}


def documents(user_id: str) -> str:
    """Return the partition of a user's documents, which is sorted by conversation."""
    return f"documents#{user_id}"


def share(user_id: str, conversation_id: str, share_id: str) -> dict[str, str]:
    return {"pk": shares(user_id), "sk": f"{conversation_id}#{share_id}"}


def shares(user_id: str) -> str:
    """Return the partition of a user's shares, which is sorted by conversation."""
    return f"shares#{user_id}"


def activity(user_id: str, conversation_id: str, at: str) -> dict[str, str]:
    """Return a conversation's index attributes; `at` is the ISO 8601 time of its last message."""
    return {"activity_pk": user_id, "activity_sk": f"{at}#{conversation_id}"}


def pinned_activity(user_id: str) -> str:
    """Return the index partition of a user's pinned conversations."""
    return f"{user_id}#pinned"


def messages(user_id: str, day: str) -> dict[str, str]:
    """Return the key of a user's counters on `day`: questions, tokens, documents, shares."""
    return {"pk": f"quota#{user_id}", "sk": day}


def tokens(day: str) -> dict[str, str]:
    """Return the key of the whole deployment's counters on `day`: usage, documents, shares."""
    return {"pk": USAGE, "sk": day}


def user_usage(user_id: str, day: str) -> dict[str, str]:
    """Return the key of a user's usage on `day`, which names the user by a part of a hash."""
    return {"pk": users_usage(day), "sk": hashlib.sha256(user_id.encode()).hexdigest()[:16]}


def users_usage(day: str) -> str:
    """Return the partition of the users' usage on `day`."""
    return f"{USAGE}#{day}"


def day(now: float) -> str:
    """Return the date in Korea, such as 2026-11-22; `now` is in seconds since the epoch."""
    return datetime.fromtimestamp(now, KOREA).date().isoformat()


def is_expired(item: Mapping[str, Any], now: float) -> bool:
    """Return whether an item's time to live is over; DynamoDB deletes it within some days.

    `now` is in seconds since the epoch.
    """
    return TTL_ATTRIBUTE in item and bool(item[TTL_ATTRIBUTE] < now)


def timestamp(now: float) -> str:
    """Return ISO 8601 in UTC with milliseconds, which sorts as text.

    `now` is in seconds since the epoch.
    """
    return (
        datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def new_turn_id(now: float) -> str:
    """Return an id of the first branch: the timestamp, then 32 random bits.

    The bits tell turns of the same millisecond apart.
    """
    return f"{timestamp(now)}-{secrets.token_hex(4)}"


def place_turn(turn_id: str, branch: str) -> str:
    """Return an id of the first branch as one of `branch`."""
    return f"{branch}-{turn_id}" if branch else turn_id


def start_branch(turn_id: str) -> str:
    """Return an id of the first branch as that of the first turn of a new branch."""
    return place_turn(turn_id, f"b{turn_id[-8:]}")


def branch_of(turn_id: str) -> str:
    return turn_id.partition("-")[0] if turn_id.startswith("b") else FIRST_BRANCH


def time_of(turn_id: str) -> str:
    """Return the timestamp in a turn id."""
    return turn_id.removeprefix(f"{branch_of(turn_id)}-").rpartition("-")[0]


def seconds_of(turn_id: str) -> float:
    """Return the time in a turn id, in seconds since the epoch."""
    return datetime.fromisoformat(time_of(turn_id)).timestamp()


def is_turn_id(text: str) -> bool:
    """Return whether a text has the form of a turn id."""
    try:
        return bool(TURN_ID.fullmatch(text) and seconds_of(text))
    except ValueError:  # such as the 31st of February
        return False
