"""Loopback ports: taken early, so that a taken one is known before anything slow begins."""

import errno
import socket

from seoyeon.terminal.errors import CommandError

IPV4 = "127.0.0.1"
IPV6 = "::1"


def front_sockets(port: int) -> list[socket.socket]:
    """Bound sockets for every address that `localhost` means here; CommandError if one is taken."""
    first = _bound(socket.AF_INET, IPV4, port)
    sockets = [first]
    if _localhost_is_ipv6_too():
        try:
            sockets.append(_bound(socket.AF_INET6, IPV6, first.getsockname()[1]))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                first.close()
                raise _taken(port) from error
    return sockets


def kept_socket(preferred: int | None) -> socket.socket:
    """A bound IPv4 socket, on the preferred port if that is still free."""
    if preferred:
        try:
            return _bound(socket.AF_INET, IPV4, preferred)
        except (OSError, CommandError):
            pass
    return _bound(socket.AF_INET, IPV4, 0)


def free_port(preferred: int | None) -> int:
    """The number of a port that is free now, for a server in another process."""
    with kept_socket(preferred) as bound:
        return int(bound.getsockname()[1])


def _bound(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        if family == socket.AF_INET and error.errno == errno.EADDRINUSE:
            raise _taken(port) from error
        if error.errno == errno.EACCES:
            raise CommandError(f"Port {port} needs more rights: try PORT=8080.") from error
        raise
    return bound


def _taken(port: int) -> CommandError:
    return CommandError(
        f"Port {port} is taken: stop what uses it, or choose another with PORT=8081."
    )


def _localhost_is_ipv6_too() -> bool:
    if not socket.has_ipv6:
        return False
    try:
        return bool(socket.getaddrinfo("localhost", 0, socket.AF_INET6, socket.SOCK_STREAM))
    except OSError:
        return False
