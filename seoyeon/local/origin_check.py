"""Origin check of the servers of a laptop run, which admit local programs and pages only.

They listen on loopback, but a browser sends any website's requests there. The header Host reveals
a site that has rebound its name to 127.0.0.1; Origin reveals every other. Standard library only:
MiniStack's process imports this module too.
"""

from urllib.parse import urlsplit


def allows(host: str | None, origin: str | None) -> bool:
    """Return whether a request with these two headers is local; a program sends no Origin."""
    return _is_loopback(f"//{host or ''}") and (origin is None or _is_loopback(origin))


def _is_loopback(url: str) -> bool:
    try:
        name = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return name in ("localhost", "127.0.0.1", "::1") or name.endswith(".localhost")
