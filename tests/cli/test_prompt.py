"""``refws connect`` at a terminal: the prompt, its commands, its history, and what a peer cannot do to it."""

import contextlib
import re
import stat
import sys
import threading

import pytest
from runs import Terminal, serving

import refws
from refws.cli.screen import Screen, closing_line
from refws.cli.shown import escaped, hexadecimal
from refws.host.threads.server import serve_sync

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")

PROMPT = Terminal.PROMPT


@pytest.fixture(scope="module")
def echo():
    with serving("--echo") as (_, uri):
        yield uri


@contextlib.contextmanager
def at(uri, home, *options, **environment):
    with Terminal("connect", uri, *options, home=home, **environment) as terminal:
        terminal.until(rf"connected to {uri}/.*Ctrl-D closes.*{PROMPT}")
        yield terminal


def says(text):
    """A note or a message, and the prompt behind it."""
    return f"{re.escape(text)}.*{PROMPT}"


@pytest.mark.parametrize("last", [b"\x04", b"\x03"], ids=["Ctrl-D", "Ctrl-C"])
def test_a_person_types_and_sees(echo, tmp_path, last):
    with at(echo, tmp_path) as terminal:
        terminal.type("hello ü", says("< hello ü"))
        terminal.press(last)
        seen, code = terminal.end()
    assert code == 0
    assert "closed: sent 1000, received 1000" in seen
    assert "Traceback" not in seen


COMMANDS = {
    "//help": "< /help",
    "//": "< /",
    "/binary 00 ff0a": "< [3 octets] 00 ff 0a",
    "/binary": "< [0 octets]",
    "/binary 0": "/binary wants pairs of hexadecimal digits",
    "/pong": "",
    "/pong " + "x" * 126: "holds 125 octets at most",
    "/ping " + "x" * 126: "holds 125 octets at most",
    "/close never": "/close wants a code first",
    "/close 1005": "may not send status code 1005",
    "/close 4000 " + "x" * 124: "holds 125 octets at most",
    "/shout": "there is no /shout; /help lists",
    "/help": "/close [CODE [REASON]]",
    "/status": "OPEN, subprotocol none, extensions permessage-deflate",
    "/ping": "pong after ",
    "/ping payload": "pong after ",
}


def test_the_commands(echo, tmp_path):
    with at(echo, tmp_path) as terminal:
        for command, shown in COMMANDS.items():
            terminal.type(command, re.escape(shown))
        terminal.type("/close 4000 enough said")
        seen, code = terminal.end()
    assert code == 0
    assert "closed: sent 4000 (enough said), received 4000" in seen


def test_what_was_typed_before_comes_back_in_another_run(echo, tmp_path):
    state = tmp_path / "state"
    with at(echo, tmp_path, XDG_STATE_HOME=str(state)) as terminal:
        terminal.type("remember", says("< remember"))
    assert stat.S_IMODE((state / "refws" / "history").stat().st_mode) == 0o600
    with at(echo, tmp_path, XDG_STATE_HOME=str(state)) as terminal:
        terminal.press_until(b"\x1b[A", "remember")
        terminal.type("", says("< remember"))


def test_without_a_place_for_the_history_there_is_one_while_it_runs(echo, tmp_path):
    (tmp_path / "state").write_text("a file, and no folder")
    with at(echo, tmp_path, XDG_STATE_HOME=str(tmp_path / "state")) as terminal:
        terminal.type("first", says("< first"))
        terminal.press_until(b"\x1b[A", "first")
        terminal.type("", says("< first"))


@contextlib.contextmanager
def scripted(handler):
    with serve_sync(handler) as server:
        yield server.uri


HOSTILE = "\x1b]0;title\x07\x1b[2J\r\x9b31m\u202e\x00 ü 👩\u200d🚀\nline"
SHOWN = "\\x1b]0;title\\x07\\x1b[2J\\r\\x9b31m\\u202e\\x00 ü 👩\u200d🚀"


def test_a_peer_cannot_touch_the_terminal(tmp_path):
    def handler(ws):
        ws.recv()
        ws.send(HOSTILE)
        ws.close(4001, "\x1b[2Jgone")

    with scripted(handler) as uri, at(uri, tmp_path) as terminal:
        terminal.type("go")
        seen, code = terminal.end()
    assert code == 1
    assert f"< {SHOWN}" in seen
    assert "received 4001 (\\x1b[2Jgone)" in seen
    for octets in ("\x1b]0;", "\x07", "\x9b", "\u202e", "\x00"):
        assert octets not in seen


def test_a_peer_that_closes_ends_the_prompt(tmp_path):
    go = threading.Event()

    def handler(ws):
        go.wait(20)

    with scripted(handler) as uri, at(uri, tmp_path) as terminal:
        terminal.press(b"half a li")
        terminal.until("half a li")
        go.set()
        seen, code = terminal.end()
    assert code == 0
    assert "closed: sent 1000, received 1000" in seen


def test_with_v_pings_of_the_peer_are_told(tmp_path):
    def handler(ws):
        ws.ping(b"are you there")
        ws.recv()

    with scripted(handler) as uri, Terminal("connect", "-v", uri, home=tmp_path) as terminal:
        terminal.until(r"received a Ping b'are you there'")


def test_messages_go_where_standard_output_goes_and_the_prompt_does_not(echo, tmp_path):
    with open(tmp_path / "messages", "wb") as file, Terminal("connect", echo, home=tmp_path, stdout=file) as terminal:
        terminal.until(rf"Ctrl-D closes.*{PROMPT}")
        terminal.type("kept\x1b[A", PROMPT)
        terminal.press(b"\x04")
        _, code = terminal.end()
    assert code == 0
    assert (tmp_path / "messages").read_bytes() == b"kept\n"


def test_colours_are_there_unless_somebody_objects(monkeypatch, capsys):
    closed = refws.Endpoint.established(refws.Role.CLIENT)
    for terminal, environment, coloured in [
        (True, {"TERM": "xterm"}, True),
        (True, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
        (False, {"TERM": "xterm"}, False),
    ]:
        monkeypatch.delenv("NO_COLOR", raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        for stream in (sys.stdout, sys.stderr):
            monkeypatch.setattr(stream, "isatty", lambda terminal=terminal: terminal)
        screen = Screen(typed=True)
        screen.message("text")
        screen.message(b"\x00")
        screen.note(closing_line(closed), wrong=True)
        assert ("\x1b" in capsys.readouterr().out) is coloured


def test_what_is_shown_of_text_and_octets():
    assert escaped(HOSTILE, indent="  ") == f"{SHOWN}\n  line"
    assert escaped(HOSTILE) == f"{SHOWN}\\nline"
    assert escaped("") == ""
    assert hexadecimal(b"") == "[0 octets]"
    assert hexadecimal(bytes(3), 2) == "[3 octets] 00 00 …"
    assert hexadecimal(bytes(2), 2) == "[2 octets] 00 00"


def test_how_a_connection_ended():
    endpoint = refws.Endpoint.established(refws.Role.SERVER)
    assert closing_line(endpoint) == "closed: sent no Close frame, received no Close frame"
    endpoint.start_the_websocket_closing_handshake(None)
    assert closing_line(endpoint) == "closed: sent no code, received no Close frame"
    endpoint.receive_octets(b"\x81\x00")
    endpoint.react()
    assert "[rfc6455:5.1-p1-s4]" in closing_line(endpoint)
