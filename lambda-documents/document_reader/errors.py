"""The error of a file that cannot be read."""

from chat_shared.documents import FailureCode


class Unreadable(Exception):
    """A file that gives no parts; `code` is the reason that the user sees."""

    def __init__(self, code: FailureCode) -> None:
        super().__init__(code)
        self.code: FailureCode = code
