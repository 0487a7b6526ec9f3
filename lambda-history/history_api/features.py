"""The features of the history API in config.json, named as docs/protocol.md describes."""

FEATURES = ("change.head", "change.pinned", "delete_turn", "turns.branches", "turns.head")
