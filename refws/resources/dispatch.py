"""The dispatch table: which resource, or which ordinary HTTP answer, a request leads to."""

import inspect
import logging
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from refws.failure import UsageError
from refws.host.aio.server import HttpHook
from refws.host.aio.server_connection import Answer
from refws.host.choice import SERVER_ERROR
from refws.resources.resource import Resource
from refws.rfc6455.http import HeaderFields, Request, Response
from refws.rfc6455.s04_2_server_side_requirements import asks_for_websocket

__all__ = ["Dispatch", "Dispatcher"]

logger = logging.getLogger("refws")

Dispatch = Callable[[Request], Resource | Awaitable[Resource | None] | None]
"""A function of a dispatch table: the resource for a request, or None to have the next one asked."""

NOT_FOUND = Response(404, HeaderFields([("Content-Type", "text/plain; charset=utf-8")]), b"not found\n")


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Asks the functions of `table` for a resource, once for each opening handshake; `http` for everything else."""

    table: Sequence[Dispatch]
    http: HttpHook | None
    threads: bool

    def check(self) -> None:
        """Raises `UsageError` for an ``async def`` where there are threads."""
        for function in (*self.table, self.http) if self.threads else ():
            if inspect.iscoroutinefunction(function):
                raise _no_coroutines(function)

    def choose(self, request: Request) -> Answer | Awaitable[Answer]:
        """What to answer to a request, now or later. Raises what the functions raise, and `UsageError`."""
        steps = self._steps(request)
        try:
            return self._later(steps, next(steps))
        except StopIteration as end:
            answer: Answer = end.value
            return answer

    def choose_now(self, request: Request) -> Answer:
        """The same with threads."""
        steps = self._steps(request)
        try:
            waiting = next(steps)
        except StopIteration as end:
            answer: Answer = end.value
            return answer
        if inspect.iscoroutine(waiting):
            waiting.close()
        raise _no_coroutines(waiting)

    async def _later(self, steps: Generator[Awaitable[Any], Any, Answer], waiting: Awaitable[Any]) -> Answer:
        while True:
            result = await waiting
            try:
                waiting = steps.send(result)
            except StopIteration as end:
                answer: Answer = end.value
                return answer

    def _steps(self, request: Request) -> Generator[Awaitable[Any], Any, Answer]:
        """The way to the answer; yields what is to be waited for."""
        handshake = asks_for_websocket(request)
        for ask in self.table if handshake else ():
            found = ask(request)
            resource = (yield found) if inspect.isawaitable(found) else found
            if resource is not None:
                return self._choice(resource, request)
        answer = None if self.http is None else self.http(request)
        response = (yield answer) if inspect.isawaitable(answer) else answer
        # §rfc6455:4.2.2-p9-s3 MUST be an HTTP error where a handshake asks for what is not there
        if response is None or (handshake and response.status < 300):
            return NOT_FOUND
        return response

    def _choice(self, resource: object, request: Request) -> Answer:
        if not isinstance(resource, Resource):
            raise UsageError(f"a function of the dispatch table returns a Resource or None, not {resource!r}")
        try:
            return resource.choice(request, threads=self.threads)
        except UsageError as error:
            # Where it was raised says nothing; what is wrong with the resource does.
            logger.error("an opening handshake was answered with 500: %s", error)
            return SERVER_ERROR


def _no_coroutines(what: object) -> UsageError:
    return UsageError(f"with threads, the functions of the dispatch table and the http hook are def: {what!r}")
