from document_reader.entry import lambda_handler

__all__ = ["lambda_handler"]
