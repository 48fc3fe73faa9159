"""How the harness itself talks to a fuzzing server: does it listen, and please write the reports."""

import http.client
import socket
import urllib.parse
from typing import Final

from conformance.failure import HarnessFailure

_ANSWER_LIMIT_S: Final = 60.0
_UPGRADE: Final = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "cmVmd3MgaGFybmVzcyAuLg==",
}


def free_port() -> int:
    """Give a TCP port of the loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Tell whether something accepts connections on a port of the loopback."""
    try:
        socket.create_connection(("127.0.0.1", port), _ANSWER_LIMIT_S).close()
    except OSError:
        return False
    return True


def update_reports(port: int, agent: str) -> None:
    """Make the fuzzing server write its reports now; returns when they are written.

    It needs no WebSocket implementation, so that none is trusted: the server writes the reports as soon as the
    handshake is done, and sends its Close frame afterwards. Raises HarnessFailure when it does not answer.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_LIMIT_S)
    try:
        connection.request("GET", f"/updateReports?agent={urllib.parse.quote(agent)}", headers=_UPGRADE)
        response = connection.getresponse()
        if response.status != http.HTTPStatus.SWITCHING_PROTOCOLS:
            raise HarnessFailure(f"the fuzzing server refused to write its reports: HTTP status {response.status}")
        # What follows the head of a 101 belongs to WebSocket, and http.client leaves it in the buffer.
        if not response.fp.read(2):
            raise HarnessFailure("the fuzzing server hung up instead of writing its reports")
    except (OSError, http.client.HTTPException) as error:
        raise HarnessFailure(
            f"the fuzzing server does not write its reports ({type(error).__name__}: {error})"
        ) from error
    finally:
        connection.close()
