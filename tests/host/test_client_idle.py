"""A connection over which nothing goes is closed, and that is no error."""

import pytest
from peers import CLOSE, PING, TEXT, answer, asyncio_test, close_frame, frame, raw_server

import refws
from refws.host.connection.counters import Counters
from refws.host.connection.idle import IdleTimer
from refws.host.http11 import Endpoint


class Clock:
    """An event loop of which only the timer is there; a test says when it is time."""

    def __init__(self):
        self.timers = []

    def call_later(self, seconds, callback):
        self.timers.append(self)
        self.seconds, self.callback = seconds, callback
        return self

    def cancel(self):
        self.callback = None

    def strike(self):
        self.timers.clear()
        self.callback()


class Connection:
    """What has gone through is what a test says."""

    def __init__(self):
        self.endpoint = Endpoint.established(refws.Role.CLIENT)
        self.counters = Counters()
        self.untaken = 0
        self.flushed = 0

    def go_on_closing(self):
        self.flushed += 1

    @property
    def octets_taken(self):
        return self.counters.octets_sent - self.untaken


@pytest.fixture
def watched():
    connection, clock = Connection(), Clock()
    return connection, clock, IdleTimer(connection, clock, 60)


@pytest.mark.clause("rfc6455:7.4.1-p5-s1")
def test_after_the_time_and_not_before(watched):
    connection, clock, _ = watched
    for _ in range(3):
        clock.strike()
        assert clock.seconds == 15
        assert connection.endpoint.closing.sent is None
    clock.strike()
    assert connection.endpoint.closing.sent == refws.Close(1001, "idle for 60 s")
    assert (connection.flushed, clock.timers) == (1, [])


@pytest.mark.parametrize("way", ["received", "sent"])
def test_data_begins_the_time_anew(watched, way):
    connection, clock, _ = watched
    for frames in (1, 2):
        for _ in range(3):
            clock.strike()
        connection.counters = Counters(**{f"frames_{way}": frames})
    for _ in range(4):
        clock.strike()
        assert connection.endpoint.closing.sent is None
    clock.strike()
    assert connection.endpoint.closing.sent is not None


@pytest.mark.parametrize("name", ["pings_received", "pings_sent", "pongs_received", "pongs_sent"])
def test_control_frames_do_not(watched, name):
    connection, clock, _ = watched
    for frames in range(1, 5):
        way = name.partition("_")[2]
        connection.counters = Counters(**{name: frames, f"frames_{way}": frames})
        clock.strike()
    assert connection.endpoint.closing.sent is not None


@pytest.mark.parametrize("way", ["received", "sent"])
def test_a_frame_that_takes_its_time_is_no_silence(watched, way):
    connection, clock, _ = watched
    for pings in range(1, 9):
        # Of each quarter's octets no more than a Ping's are not of the frame.
        octets = 132 * pings
        connection.counters = Counters(
            **{f"octets_{way}": octets, f"pings_{way}": pings, f"frames_{way}": pings},
        )
        clock.strike()
        assert connection.endpoint.closing.sent is None


def test_nor_is_a_peer_that_takes_slowly_what_was_sent(watched):
    connection, clock, _ = watched
    connection.counters = Counters(octets_sent=1000, frames_sent=1)
    connection.untaken = 1000
    for _ in range(9):
        connection.untaken -= 100
        clock.strike()
        assert connection.endpoint.closing.sent is None
    for _ in range(4):
        clock.strike()
    assert connection.endpoint.closing.sent is not None


def test_octets_of_control_frames_are_no_data(watched):
    connection, clock, _ = watched
    for frames in range(1, 5):
        octets = 131 * frames
        connection.counters = Counters(
            octets_received=octets,
            octets_sent=octets,
            frames_received=frames,
            frames_sent=frames,
            pings_sent=frames,
            pongs_received=frames,
        )
        clock.strike()
    assert connection.endpoint.closing.sent is not None


def test_what_is_closing_already_is_left_alone(watched):
    connection, clock, _ = watched
    connection.endpoint.start_the_websocket_closing_handshake(4000)
    for _ in range(4):
        clock.strike()
    assert (connection.endpoint.closing.sent.code, connection.flushed) == (4000, 0)


def test_what_is_to_be_answered_first_is_left_alone(watched):
    connection, clock, _ = watched
    connection.endpoint.receive_octets(close_frame(4000, mask=False))
    for _ in range(4):
        clock.strike()
    assert (connection.endpoint.closing.sent, connection.flushed) == (None, 0)


def test_a_timer_can_be_cancelled(watched):
    _, clock, timer = watched
    timer.cancel()
    assert clock.callback is None


@asyncio_test
async def test_a_client_closes_an_idle_connection_as_if_all_were_well():
    async def script(raw):
        await answer(raw, behind=frame(TEXT, b"x", mask=False))
        while (await raw.reader.readexactly(1)) != bytes([CLOSE]):
            # A Ping without a payload to speak of.
            size = (await raw.reader.readexactly(1))[0] & 127
            await raw.reader.readexactly(4 + size)
            raw.send(frame(PING, mask=False))
        raw.send(close_frame(1001, mask=False))

    async with (
        raw_server(script) as uri,
        refws.connect(uri, idle_timeout=0.02, ping_interval=0.004, ping_timeout=None) as ws,
    ):
        assert [message async for message in ws] == ["x"]
        assert ws.close_sent == refws.Close(1001, "idle for 0.02 s")
        with pytest.raises(refws.ConnectionClosed) as caught:
            await ws.recv()
        assert caught.value.normally


@asyncio_test
async def test_without_the_option_nobody_watches():
    async def script(raw):
        await answer(raw)
        raw.send(close_frame(1000, mask=False))
        await raw.frame()

    async with raw_server(script) as uri, refws.connect(uri) as ws:
        assert [message async for message in ws] == []
        assert ws._idle_timer is None
