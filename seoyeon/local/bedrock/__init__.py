"""The Bedrock runtime API on this machine.

    async with choose(environ.get("LLM", "auto")) as backend, serve(backend) as url:
        ...  # BEDROCK_ENDPOINT_URL=url

`backends.choose` starts a model, `app.serve` puts the HTTP API in front of it.
"""
