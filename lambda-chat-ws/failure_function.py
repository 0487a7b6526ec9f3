from chat_ws.failure.entry import lambda_handler

__all__ = ["lambda_handler"]
