from chat_ws.worker.entry import lambda_handler

__all__ = ["lambda_handler"]
