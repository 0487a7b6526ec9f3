"""A local endpoint with the Bedrock runtime API.

`backends.choose` starts a model, and `app.create_app` is the HTTP API in front of it.
"""
