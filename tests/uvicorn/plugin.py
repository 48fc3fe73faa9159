"""A pytest plugin for uvicorn's own tests: `ws_protocol_cls` is refws, and what is known to differ is expected to.

``pytest -p plugin`` in the source distribution; `run.py` does it. No file of the tests is changed.
"""

import dataclasses
import sys

import pytest

from refws.host.uvicorn import WebSocketProtocol

MODULE = "tests.protocols.test_websocket"

WITHOUT_CLOSE = (
    "expects TCP to be cut without a Close frame (1006) when the application ends; section 7.3 of RFC 6455 asks for "
    "the closing handshake, so refws sends 1000, or 1011 where the application failed"
)
DEVIATIONS = {
    "test_duplicate_handshake": WITHOUT_CLOSE,
    "test_asgi_return_value": WITHOUT_CLOSE,
    "test_close_transport_on_asgi_return": WITHOUT_CLOSE,
    "test_server_keepalive_ping_timeout": "pins the words of the reason behind 1011",
    "test_close_resumes_reads_paused_on_an_unconsumed_message": (
        "expects no octet to be read behind one message; refws reads on up to ws_max_queue of them"
    ),
    "test_frame_after_close_handshake_is_ignored": (
        "looks at the transport of a connection that has ended; refws has let go of it (and ignores the frame)"
    ),
    "test_send_binary_data_to_server_bigger_than_default_on_websockets[max=defaults sent=defaults+1]": (
        "expects TCP to be reset under a client that is still sending; refws sends FIN behind its Close frame and "
        "reads the rest (section 7.1.1), where the client, websockets, aborts a transport that is closed"
    ),
}
"""Test → why it is expected to fail. One that passes all the same, or that is not there, fails the run."""


class UnderTest(WebSocketProtocol):
    """refws with the attributes of uvicorn's own classes that the tests look into."""

    def connection_made(self, transport):
        if not hasattr(transport, "can_write_eof"):
            # The transport that the tests make up has not all that one of asyncio has.
            transport.can_write_eof = lambda: False
            transport.abort = transport.close
        super().connection_made(transport)

    @property
    def close_timeout(self):
        return self.times.close_timeout

    @close_timeout.setter
    def close_timeout(self, seconds):
        self.times = dataclasses.replace(self.times, close_timeout=seconds)

    @property
    def close_timer(self):
        closes = self.transport is None or self.transport.is_closing()
        return None if closes or self.close_sent is None or self.close_received is not None else self._timer

    @property
    def ping_timer(self):
        return self._timer

    @property
    def ping_sent_at(self):
        return 1.0 if self._pings or self.latency is not None else 0.0


@pytest.fixture(params=[UnderTest], ids=["refws"])
def ws_protocol_cls(request):
    return request.param


@pytest.hookimpl(tryfirst=True)
def pytest_plugin_registered(plugin):
    """Put the fixture in the place of that of their conftest, before pytest reads it."""
    if hasattr(plugin, "ws_protocol_cls") and plugin is not sys.modules[__name__]:
        plugin.ws_protocol_cls = ws_protocol_cls


def pytest_collection_modifyitems(items):
    # Two tests name a class of uvicorn's instead of asking for the fixture, or ask whether it is one.
    sys.modules[MODULE].WebSocketsSansIOProtocol = UnderTest
    known = {item: [name for name in DEVIATIONS if is_case_of(item, name)] for item in items}
    if gone := sorted(DEVIATIONS.keys() - {name for names in known.values() for name in names}):
        raise pytest.UsageError(f"there is no test of the name {', '.join(gone)}: mend DEVIATIONS in {__file__}")
    for item, names in known.items():
        for name in names:
            item.add_marker(pytest.mark.xfail(reason=DEVIATIONS[name], strict=True))


def is_case_of(item, name):
    test, _, case = name.rstrip("]").partition("[")
    return item.originalname == test and item.callspec.id.endswith(case)


def pytest_terminal_summary(terminalreporter):
    stats = terminalreporter.stats
    passed, deviations = len(stats.get("passed", ())), len(stats.get("xfailed", ()))
    terminalreporter.write_line(f"refws in uvicorn's own tests: {passed} passed, {deviations} expected deviations")
    for reason in sorted({report.wasxfail for report in stats.get("xfailed", ())}):
        terminalreporter.write_line(f"- {reason}")
