"""One URL for page, history and WebSocket, as CloudFront and a domain give it on AWS."""

from seoyeon.local.proxy.app import Origin, Targets, create_app

__all__ = ["Origin", "Targets", "create_app"]
