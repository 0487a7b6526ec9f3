"""MiniStack, the AWS emulator: its own environment, its process, its end."""
