"""Turns the token of a request into a principal, for the WebSocket API and the REST API alike."""
