from chat_ws.failure_entry import lambda_handler

__all__ = ["lambda_handler"]
