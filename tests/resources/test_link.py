"""How long a peer may take nothing: with a clock that only the test moves."""

from types import SimpleNamespace

from refws.host.connection.times import time_limit
from refws.resources.link import Link
from refws.rfc6455.s06_1_sending_data import prepare_message


class Connection:
    """A connection whose peer takes what the test says."""

    def __init__(self):
        self._loop = self
        self._drained = None
        self.octets_taken = 0
        self.timers, self.ended = [], []
        self.transport = self

    def call_later(self, seconds, callback):
        timer = (seconds, callback)
        self.timers.append(timer)
        return SimpleNamespace(cancel=lambda: self.timers.remove(timer))

    def offer_prepared(self, prepared, max_backlog, when_exceeded):
        self._drained = object()
        return "sent"

    def fail(self, failure):
        self.ended.append(str(failure))

    def drop_tcp(self):
        self.ended.append("dropped")

    def time_passes(self):
        [(seconds, callback)] = self.timers
        self.timers.clear()
        callback()
        return seconds


def linked(write_timeout):
    connection = Connection()
    link = Link(connection, write_timeout)
    for _ in range(3):
        link.offer(prepare_message("x"), 1 << 20, "close")
    return connection, link


def test_as_long_as_the_peer_takes_something_it_has_time():
    connection, link = linked(30)
    for _ in range(5):
        connection.octets_taken += 1
        # That more is sent meanwhile changes nothing.
        link.offer(prepare_message("x"), 1 << 20, "close")
        assert connection.time_passes() == 30
    assert connection.ended == []
    connection.time_passes()
    assert connection.ended == [str(time_limit("the peer has taken nothing for 30 s")), "dropped"]
    assert connection.timers == []


def test_once_all_is_taken_there_is_no_time_limit():
    connection, link = linked(30)
    connection._drained = None
    connection.time_passes()
    assert (connection.timers, connection.ended) == ([], [])
    link.offer(prepare_message("x"), 1 << 20, "close")
    assert len(connection.timers) == 1


def test_a_connection_that_is_closed_has_none_either():
    connection, _ = linked(30)
    connection.transport = None
    connection._drained = None
    connection.time_passes()
    assert (connection.timers, connection.ended) == ([], [])


def test_a_client_that_has_left_keeps_no_timer_and_starts_none():
    connection, link = linked(30)
    link.let_go()
    link.let_go()
    link.offer(prepare_message("x"), 1 << 20, "close")
    assert connection.timers == []


def test_without_a_limit_there_is_no_timer():
    connection, _ = linked(None)
    assert connection.timers == []
