from chat_ws.worker_entry import lambda_handler

__all__ = ["lambda_handler"]
