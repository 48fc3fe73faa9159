"""One client's time in a resource, from the opening handshake to the end, on asyncio and in a thread."""

import asyncio
import inspect
import logging
from typing import TYPE_CHECKING, Any

from refws.failure import Failure
from refws.host.aio.websocket import WebSocket
from refws.host.connection.closed import ConnectionClosed
from refws.host.threads.websocket import SyncWebSocket
from refws.rfc6455.http import Request
from refws.rfc6455.s07_4_status_codes import StatusCode
from refws.rfc6455.state import ReadyState

if TYPE_CHECKING:
    from refws.resources.client import Client
    from refws.resources.resource import Resource

__all__ = ["Visit"]

logger = logging.getLogger("refws")


class Visit:
    """Calls the handlers of a resource for one client, one after the other."""

    def __init__(self, resource: "Resource", request: Request) -> None:
        self.resource = resource
        self.client = resource.client_class(resource, request)
        self._handling = _Handling(self.client)

    def check_message(self, opcode: int, fragment_length: int, total_length: int) -> None:
        """Ask the resource about a data frame. Raises `Failure`."""
        self.resource.check_message(self.client, opcode, fragment_length, total_length)

    async def run(self, websocket: WebSocket) -> None:
        """On asyncio."""
        if not self._enter(websocket):
            return
        client, resource = self.client, self.resource
        try:
            with self._handling:
                await _result(resource.client_connected(client))
            while not client._leaving:
                try:
                    # Who takes no answers is not asked for more questions.
                    if (untaken := client._link.untaken) is not None:
                        await untaken
                    message = await _receive(websocket, resource.idle_timeout)
                except TimeoutError:
                    self._idle()
                    break
                except ConnectionClosed:
                    break
                with self._handling:
                    await _result(self._received(message))
        finally:
            self._leave()
            with self._handling:
                await _result(resource.client_disconnected(client))

    def run_in_thread(self, websocket: SyncWebSocket) -> None:
        """In a thread."""
        if not self._enter(websocket):
            return
        client, resource = self.client, self.resource
        try:
            with self._handling:
                resource.client_connected(client)
            while not client._leaving:
                try:
                    if (untaken := client._link.untaken) is not None:
                        untaken.wait()
                    message = websocket.recv(resource.idle_timeout)
                except TimeoutError:
                    self._idle()
                    break
                except ConnectionClosed:
                    break
                with self._handling:
                    self._received(message)
        finally:
            self._leave()
            with self._handling:
                resource.client_disconnected(client)

    def _enter(self, websocket: Any) -> bool:
        self.client._attach(websocket)
        if self.resource._enter(self.client):
            return True
        # Several have come at one time, and each of them when there was room for one.
        self.client.close(StatusCode.TRY_AGAIN_LATER, "too many clients")
        return False

    def _leave(self) -> None:
        self.resource._leave(self.client)
        self.client._link.let_go()

    def _received(self, message: str | bytes) -> Any:
        if self.client._leaving:
            # Somebody else has closed while this was waited for.
            return None
        if isinstance(message, str):
            return self.resource.text_message_received(self.client, message)
        return self.resource.binary_message_received(self.client, message)

    def _idle(self) -> None:
        # §rfc6455:7.4.1-p5-s1 MUST mean that an endpoint goes away: it does, and nothing failed (1011) or was violated
        self.client.close(StatusCode.GOING_AWAY, f"idle for {self.resource.idle_timeout:g} s")


class _Handling:
    """Around each handler: what it raises closes its client, and nobody else's connection."""

    __slots__ = ("_client",)

    def __init__(self, client: "Client") -> None:
        self._client = client

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        client = self._client
        if isinstance(error, ConnectionClosed):
            if client.state is ReadyState.OPEN:
                logger.info("a handler wrote to another client, which is gone: %s", error)
        elif isinstance(error, Failure):
            client._fail(error)
        elif isinstance(error, Exception):
            logger.error("a handler of %s failed", type(client.resource).__name__, exc_info=error)
            client.close(StatusCode.INTERNAL_ERROR, "the handler failed")
        return isinstance(error, Exception)


async def _receive(websocket: WebSocket, idle_timeout: float | None) -> str | bytes:
    if idle_timeout is None:
        return await websocket.recv()
    async with asyncio.timeout(idle_timeout):
        return await websocket.recv()


async def _result(returned: Any) -> None:
    """Wait for what an ``async def`` has returned."""
    if inspect.isawaitable(returned):
        await returned
