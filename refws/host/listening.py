"""The sockets that a server with threads listens on."""

import contextlib
import errno
import os
import socket
import stat

__all__ = ["listen", "remove_socket_file"]

_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def listen(
    host: str | None, port: int, *, path: str | None, sock: socket.socket | None, backlog: int, reuse_port: bool
) -> list[socket.socket]:
    """The sockets that listen: the one that does already, or on a unix socket, or on a host. Raises `OSError`."""
    if sock is not None:
        return [sock]
    if path is not None:
        return [_listen_on_path(path, backlog)]
    return _listen_on_host(host, port, backlog, reuse_port)


def _listen_on_host(host: str | None, port: int, backlog: int, reuse_port: bool) -> list[socket.socket]:
    """Listen on every address that a host has here; None is all interfaces. Raises `OSError`."""
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    with contextlib.ExitStack() as opened:
        for family, address in dict.fromkeys((entry[0], entry[4]) for entry in found):
            try:
                # The family is part of the address: where IPv4 is wanted, too, it is among those found.
                sock = socket.create_server(address, family=family, backlog=backlog, reuse_port=reuse_port)
            except OSError as error:
                # Names such as localhost have addresses of IPv6 where the machine has none.
                if error.errno not in _NOT_HERE:
                    raise
                missing = error
            else:
                sockets.append(opened.enter_context(sock))
        if missing is not None and not sockets:
            raise missing
        opened.pop_all()
    return sockets


def _listen_on_path(path: str, backlog: int) -> socket.socket:
    """Listen on a unix socket, in place of one that was left there. Raises `OSError`."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(os.stat(path).st_mode):
            os.remove(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(path)
        sock.listen(backlog)
    except BaseException:
        sock.close()
        raise
    return sock


def remove_socket_file(path: str, inode: int) -> None:
    """Remove the file of a unix socket, unless somebody else listens there now."""
    with contextlib.suppress(OSError):
        if os.stat(path).st_ino == inode:
            os.unlink(path)
