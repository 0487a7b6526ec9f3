"""The history API: it lists, renames and deletes a user's conversations and their turns."""
