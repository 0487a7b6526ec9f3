"""Loopback sockets. Ports are bound first, so that a conflict precedes slow start-up work."""

import errno
import socket

from seoyeon.terminal.errors import CommandError

IPV4 = "127.0.0.1"
IPV6 = "::1"


def localhost_sockets(port: int) -> list[socket.socket]:
    """Bind `port` on each loopback address of `localhost`; raise CommandError if it is in use."""
    first = _bound(socket.AF_INET, IPV4, port)
    sockets = [first]
    if _localhost_has_ipv6():
        try:
            sockets.append(_bound(socket.AF_INET6, IPV6, first.getsockname()[1]))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                first.close()
                raise _in_use(port) from error
    return sockets


def preferred_socket(preferred: int | None) -> socket.socket:
    """Bind an IPv4 socket, to the preferred port if it is free."""
    if preferred:
        try:
            return _bound(socket.AF_INET, IPV4, preferred)
        except (OSError, CommandError):
            pass
    return _bound(socket.AF_INET, IPV4, 0)


def free_port(preferred: int | None) -> int:
    """Return a free port for a server in another process."""
    with preferred_socket(preferred) as bound:
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
            raise _in_use(port) from error
        if error.errno == errno.EACCES:
            raise CommandError(f"Binding port {port} is not permitted: try PORT=8080.") from error
        raise
    return bound


def _in_use(port: int) -> CommandError:
    return CommandError(f"Port {port} is in use: stop the program that uses it, or set PORT=8081.")


def _localhost_has_ipv6() -> bool:
    if not socket.has_ipv6:
        return False
    try:
        return bool(socket.getaddrinfo("localhost", 0, socket.AF_INET6, socket.SOCK_STREAM))
    except OSError:
        return False
