"""The history API: what was said, the conversations, and their deletion for good."""
