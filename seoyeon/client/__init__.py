"""A client of a deployment, on AWS or a laptop: protocol `chat.v1` and the history API."""

from seoyeon.client.client import Client
from seoyeon.client.errors import ClientError
from seoyeon.client.identity import Guest, Identity, Stored
from seoyeon.client.turn import Accepted, Done, Event, Failed, Interrupted, Progress, Text

__all__ = [
    "Accepted",
    "Client",
    "ClientError",
    "Done",
    "Event",
    "Failed",
    "Guest",
    "Identity",
    "Interrupted",
    "Progress",
    "Stored",
    "Text",
]
