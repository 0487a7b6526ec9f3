from authorizer.sign_up_entry import lambda_handler

__all__ = ["lambda_handler"]
