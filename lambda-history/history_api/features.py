"""The features of the history API in config.json, named as docs/protocol.md describes."""

FEATURES = (
    *("change.head", "change.instructions", "change.pinned", "delete_turn", "instructions"),
    *("search", "set_instructions", "turns.branches", "turns.head"),
)
# Those of a deployment with documents.
DOCUMENT_FEATURES = (
    *("add_document", "delete_document", "document_text", "documents", "read_document"),
)
# Those of a deployment with sharing.
SHARE_FEATURES = ("copy_share", "delete_share", "share", "shared", "shares")
# Those of a deployment that takes ratings.
RATING_FEATURES = ("delete_rating", "rate")
