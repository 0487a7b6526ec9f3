"""The features of the history API in config.json, named as docs/protocol.md describes."""

FEATURES = ("change.pinned",)
