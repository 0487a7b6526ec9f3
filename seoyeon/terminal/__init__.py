"""Errors, progress and child processes of a command at the terminal."""
