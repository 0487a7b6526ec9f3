"""The table's keys, owned here alone.

One table holds five kinds of items. A user id is 64 hex digits (guest) or a Cognito subject (a
UUID); neither contains `#`, so no user can write himself into another's partition.

| item         | pk                              | sk              |
|--------------|---------------------------------|-----------------|
| turn         | turns#{user}#{conversation}     | {turn id}       |
| marker       | request#{user}#{request}        | request         |
| conversation | conversations#{user}            | {conversation}  |
| messages     | quota#{user}                    | {day}           |
| tokens       | usage                           | {day}           |

A conversation also stands in the index `by_activity` (activity_pk = user, activity_sk = time of the
last message + conversation), which lists the newest first. The last two are counters.
"""

import secrets
from datetime import UTC, datetime, timedelta, timezone

ACTIVITY_INDEX = "by_activity"
TTL_ATTRIBUTE = "expires_at"
KOREA = timezone(timedelta(hours=9))  # without daylight saving time


def turn(user_id: str, conversation_id: str, turn_id: str) -> dict[str, str]:
    return {"pk": turns(user_id, conversation_id), "sk": turn_id}


def turns(user_id: str, conversation_id: str) -> str:
    """The partition of a conversation's turns, oldest first."""
    return f"turns#{user_id}#{conversation_id}"


def marker(user_id: str, request_id: str) -> dict[str, str]:
    """Where a client's request id leads to its turn: one item, so one turn, for each."""
    return {"pk": f"request#{user_id}#{request_id}", "sk": "request"}


def conversation(user_id: str, conversation_id: str) -> dict[str, str]:
    return {"pk": conversations(user_id), "sk": conversation_id}


def conversations(user_id: str) -> str:
    """The partition of a user's conversations."""
    return f"conversations#{user_id}"


def activity(user_id: str, conversation_id: str, at: str) -> dict[str, str]:
    """The index attributes of a conversation whose last message came at the ISO 8601 time `at`."""
    return {"activity_pk": user_id, "activity_sk": f"{at}#{conversation_id}"}


def messages(user_id: str, day: str) -> dict[str, str]:
    """The counter of the questions that a user has asked on a `day`."""
    return {"pk": f"quota#{user_id}", "sk": day}


def tokens(day: str) -> dict[str, str]:
    """The counter of the tokens that the whole deployment has used on a `day`."""
    return {"pk": "usage", "sk": day}


def day(now: float) -> str:
    """The date in Korea at `now`, in seconds since the epoch: 2026-11-22."""
    return datetime.fromtimestamp(now, KOREA).date().isoformat()


def timestamp(now: float) -> str:
    """ISO 8601 in UTC with milliseconds, for `now` in seconds since the epoch; sorts as text."""
    return (
        datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def new_turn_id(now: float) -> str:
    """A time-ordered id: the timestamp, then 32 random bits for turns of the same millisecond."""
    return f"{timestamp(now)}-{secrets.token_hex(4)}"
