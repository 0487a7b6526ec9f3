"""The authorizer of the WebSocket API and the REST API: it maps a token to a user id."""
