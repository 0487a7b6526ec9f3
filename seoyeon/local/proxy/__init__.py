"""Reverse proxy: one origin for page, history and WebSocket, as CloudFront provides on AWS."""

from seoyeon.local.proxy.app import Backend, Targets, create_app

__all__ = ["Backend", "Targets", "create_app"]
