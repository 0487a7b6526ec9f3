"""Who may speak to the servers of a laptop run: this machine's own programs and pages.

They listen on loopback only, but a browser carries any website's requests there. A site that
has rebound its name to 127.0.0.1 gives itself away by Host, any other by Origin. Standard
library only: MiniStack's process imports this module too.
"""

from urllib.parse import urlsplit


def allows(host: str | None, origin: str | None) -> bool:
    """Whether a request with these two headers may pass; a program sends no Origin."""
    return _is_loopback(f"//{host or ''}") and (origin is None or _is_loopback(origin))


def _is_loopback(url: str) -> bool:
    try:
        name = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return name in ("localhost", "127.0.0.1", "::1") or name.endswith(".localhost")
