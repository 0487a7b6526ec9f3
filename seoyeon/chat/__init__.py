"""The command `chat`: the chat at a terminal, or one question from a script."""
