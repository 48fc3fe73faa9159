"""A small HTTP/3 server with WebSocket on its streams, over aioquic, which departs from single rules when told to."""

import asyncio
from typing import Any

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.events import ConnectionTerminated, ProtocolNegotiated, QuicEvent, StreamReset
from http2_testee import Fields, Pipe, Serving

CANCELLED, INTERNAL_ERROR = 0x10C, 0x102


class QuicPipe(Pipe):
    """A stream, as the endpoint's TCP connection."""

    def flush(self) -> None:
        octets, self.waiting = self.waiting, b""
        if octets or (self.ends and not self.ended):
            self.ended = self.ends
            self.connection.send(self.number, octets, self.ended)

    def abort(self) -> None:
        if not self.gone:
            self.gone = True
            if not self.ended and self.connection.fault != "never-ends":
                self.connection.reset(self.number, CANCELLED)
            asyncio.get_running_loop().call_soon(self.endpoint.connection_lost, None)


class WithoutSetting(H3Connection):
    def _get_local_settings(self) -> dict[int, int]:
        return {name: value for name, value in super()._get_local_settings().items() if name != 8}


class Http3Server(QuicConnectionProtocol, Serving):
    """One connection; `fault` is the rule it breaks."""

    fault = ""
    kind = QuicPipe
    initial_window = 0

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.pipes: dict[int, Pipe] = {}
        self.http: H3Connection | None = None

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, ProtocolNegotiated):
            self.http = (WithoutSetting if self.fault == "no-setting" else H3Connection)(self._quic)
        if isinstance(event, ConnectionTerminated):
            for pipe in self.pipes.values():
                pipe.gone = True
                if pipe.endpoint.transport is not None:
                    pipe.endpoint.connection_lost(None)
        if isinstance(event, StreamReset) and event.stream_id in self.pipes:
            pipe = self.pipes.pop(event.stream_id)
            pipe.gone = True
            pipe.endpoint.connection_lost(None)
        for found in self.http.handle_event(event) if self.http is not None else ():
            pipe = self.pipes.get(found.stream_id)
            if isinstance(found, HeadersReceived) and pipe is None:
                self.begin(found.stream_id, [(name.decode(), value.decode()) for name, value in found.headers])
            elif isinstance(found, DataReceived) and pipe is not None and not pipe.gone:
                if found.data:
                    pipe.endpoint.data_received(found.data)
                if found.stream_ended and not pipe.endpoint.eof_received():
                    pipe.write_eof()

    def refusal(self, known: dict[str, str]) -> str:
        status = super().refusal(known)
        return {"501": "404"}.get(status, status) if self.fault == "answers-404" else status

    def send_fields(self, stream: int, fields: Fields, flags: int = 0) -> None:
        problem = (":status", "501") in fields and self.fault in ("problem", "no-problem")
        made = [*fields, ("content-type", "application/problem+json")] if problem else fields
        self.http.send_headers(
            stream, [(name.encode(), value.encode()) for name, value in made], bool(flags) and not problem
        )
        if problem:
            self.http.send_data(stream, b'{"status": 501}' if self.fault == "problem" else b"<p>no", True)
        self._transmit_soon()

    def send(self, stream: int, octets: bytes, end: bool) -> None:
        if octets:
            self.http.send_data(stream, octets, end)
        else:
            self._quic.send_stream_data(stream, b"", end)
        self._transmit_soon()

    def reset(self, stream: int, code: int) -> None:
        self._quic.reset_stream(stream, code)
        self._transmit_soon()

    def ends(self, pipe: Pipe) -> bool:
        if self.fault in ("resets-at-the-end", "resets-with-another-code"):
            pipe.ended = True
            self.reset(pipe.number, CANCELLED if self.fault == "resets-at-the-end" else INTERNAL_ERROR)
            return False
        return self.fault != "never-ends"
