"""The history API: a user's conversations and their turns, and the user's instructions."""
