from authorizer.entry import lambda_handler

__all__ = ["lambda_handler"]
