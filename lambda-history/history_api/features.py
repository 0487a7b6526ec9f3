"""The features of the history API in config.json, named as docs/protocol.md describes."""

FEATURES = (
    *("change.head", "change.instructions", "change.pinned", "delete_turn", "instructions"),
    *("set_instructions", "turns.branches", "turns.head"),
)
