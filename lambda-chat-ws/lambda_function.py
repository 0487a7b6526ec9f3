from chat_ws.routes_entry import lambda_handler

__all__ = ["lambda_handler"]
