from chat_ws.routes.entry import lambda_handler

__all__ = ["lambda_handler"]
