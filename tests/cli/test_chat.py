"""``refws serve --chat``: two windows of Chromium, a pipe and a terminal in one room."""

import contextlib
import socket
import subprocess
import urllib.request

import pytest
from runs import REFWS, Terminal, serving
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

import refws
from refws.cli.chat import Rooms, _named, own_names

HOSTS = {"asyncio": (), "threads": ("--threads",)}
on_asyncio = pytest.mark.parametrize("chat", [()], indirect=True, ids=["asyncio"])


@pytest.fixture(scope="module", params=HOSTS.values(), ids=HOSTS)
def chat(request):
    with serving("--chat", *request.param) as (_, uri):
        yield uri


@pytest.fixture
def enter(browser, chat):
    """A window of Chromium in a room; whatever the page complains about fails the test."""
    complaints, contexts = [], []

    def open_window(name, room="lobby", width=1280, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": 700}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(chat.replace("ws", "http", 1))
        page.get_by_label("Your name").fill(name)
        page.get_by_label("Room").fill(room)
        page.keyboard.press("Enter")
        page.wait_for_selector("#log li")
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert complaints == []


def sees(page, text):
    page.locator("#log li", has_text=text).last.wait_for()


@contextlib.contextmanager
def joined(uri, name, room="lobby"):
    """A client in a room: what it is told there."""
    with connect(f"{uri}/{room}?name={name}") as ws:
        yield ws, ws.recv(10)


@on_asyncio
def test_two_windows_a_pipe_and_a_terminal_talk(enter, chat, tmp_path):
    ann = enter("Ann")
    bob = enter("Bob", width=390, scheme="dark")
    sees(ann, "Bob has joined")
    pipe = subprocess.Popen(
        [*REFWS, "connect", f"{chat}/lobby?name=Cy"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with pipe, contextlib.ExitStack() as stack:
        assert pipe.stdout.readline() == "* You are Cy in lobby. Here: Ann, Bob, Cy\n"
        dora = stack.enter_context(Terminal("connect", f"{chat}/lobby?name=Dora", home=tmp_path))
        dora.until(r"You are Dora in lobby.*" + Terminal.PROMPT)
        assert pipe.stdout.readline() == "* Dora has joined\n"

        ann.keyboard.type("hello ü 𝄞 <b>")
        ann.keyboard.press("Enter")
        sees(bob, "Annhello ü 𝄞 <b>")
        assert pipe.stdout.readline() == "Ann: hello ü 𝄞 <b>\n"
        dora.until("< Ann: hello ü 𝄞 <b>.*" + Terminal.PROMPT)

        bob.keyboard.type("good day")
        bob.keyboard.press("Enter")
        sees(ann, "Bobgood day")
        assert pipe.stdout.readline() == "Bob: good day\n"
        dora.until("< Bob: good day.*" + Terminal.PROMPT)

        pipe.stdin.write("through a pipe\n")
        pipe.stdin.flush()
        for page in (ann, bob):
            sees(page, "Cythrough a pipe")
        assert pipe.stdout.readline() == "Cy: through a pipe\n"
        dora.until("< Cy: through a pipe.*" + Terminal.PROMPT)

        dora.type("from a terminal", "< Dora: from a terminal.*" + Terminal.PROMPT)
        for page in (ann, bob):
            sees(page, "Dorafrom a terminal")
        assert pipe.stdout.readline() == "Dora: from a terminal\n"
        # What is one's own has no name, and is on the other side.
        assert ann.locator("#log .mine").all_text_contents() == ["hello ü 𝄞 <b>"]
        assert ann.text_content("#people") == "Here: Ann (you), Bob, Cy, Dora"

        dora.press(b"\x04")
        seen, code = dora.end()
        assert (code, "closed: sent 1000, received 1000" in seen) == (0, True)
        for page in (ann, bob):
            sees(page, "Dora has left")
        assert pipe.stdout.readline() == "* Dora has left\n"
        pipe.stdin.close()
        assert pipe.wait(20) == 0
    bob.close()
    sees(ann, "Bob has left")
    assert ann.text_content("#people") == "Here: Ann (you)"
    assert ann.evaluate("document.documentElement.scrollWidth") == 1280


@on_asyncio
def test_an_address_leads_right_into_a_room(browser, chat):
    with contextlib.closing(browser.new_context(viewport={"width": 320, "height": 600})) as context:
        page = context.new_page()
        page.goto(f"{chat.replace('ws', 'http', 1)}/?room=caf%C3%A9&name=Eve")
        page.wait_for_selector("#log li")
        assert page.title() == "café"
        assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_the_page_says_when_the_server_is_gone_and_joins_again(browser):
    with contextlib.closing(browser.new_context()) as context:
        page = context.new_page()
        with serving("--chat") as (_, uri):
            port = uri.rpartition(":")[2]
            page.goto(f"{uri.replace('ws', 'http', 1)}/?room=lobby&name=Eve")
            page.wait_for_selector("#log li")
        page.get_by_text("The connection is closed (1001)").wait_for()
        assert page.is_hidden("#say")
        with serving("--chat", "--port", port):
            page.get_by_role("button", name="Join again").click()
            page.locator("#say").wait_for()
            page.locator("#log li", has_text="You are Eve").nth(1).wait_for()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("Ann", "Ann"),
        ("", "guest"),
        ("%20%20", "guest"),
        ("*%20root", "root"),
        ("a:b,c", "a b c"),
        ("a%0Ab%1B[31m", "a b [31m"),
        ("%E2%80%AEevil", "evil"),
        ("x" * 100, "x" * 32),
    ],
)
def test_a_name_is_one_short_line(chat, given, name):
    with joined(chat, given, "names") as (_, told):
        assert told == f"* You are {name} in names. Here: {name}"


def test_a_name_that_is_taken_gets_a_number(chat):
    with joined(chat, "Ann", "many") as (one, _), joined(chat, "Ann", "many") as (_, told):
        assert told == "* You are Ann 2 in many. Here: Ann, Ann 2"
        assert one.recv(10) == "* Ann 2 has joined"


def test_what_is_said_is_one_line_in_one_room(chat):
    with joined(chat, "Ann", "a") as (ann, _), joined(chat, "Bob", "b%20%2F%20c") as (bob, told):
        assert told == "* You are Bob in b / c. Here: Bob"
        for said in ("", " \n ", "one\n* Bob has left\x1b[2J", "last"):
            ann.send(said)
        assert [ann.recv(10), ann.recv(10)] == ["Ann: one * Bob has left\\x1b[2J", "Ann: last"]
        bob.send("x" * 16384)
        assert len(bob.recv(10)) == 16384 + 5
        bob.send("x" * 16385)
        with pytest.raises(Exception, match="1009"):
            bob.recv(10)
    with joined(chat, "Cy") as (cy, _):
        cy.send(b"octets")
        with pytest.raises(Exception, match="1003"):
            cy.recv(10)


@pytest.mark.clause("rfc6455:10.2-p1-s1", "rfc6455:10.2-p1-s2")
@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, None),
        ("{own}", None),
        ("http://evil.example", 403),
        ("null", 403),
        ("http://127.0.0.1:1", 403),
        ("http://[", 403),
    ],
)
def test_a_page_of_another_server_is_refused(chat, origin, status):
    refusal = contextlib.nullcontext() if status is None else pytest.raises(InvalidStatus)
    own = chat.replace("ws", "http", 1)
    with refusal as caught, connect(chat, origin=origin and origin.format(own=own)) as ws:
        assert ws.recv(10).startswith("* You are guest in lobby.")
    if status is not None:
        assert caught.value.response.status_code == status


@pytest.mark.clause("rfc6455:10.2-p1-s1", "rfc6455:10.2-p1-s2")
@pytest.mark.parametrize(
    ("listening", "authority", "taken"),
    [
        ("127.0.0.1", "localhost:8080", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("localhost", "[::1]:8080", True),
        ("::1", "[::1]:8080", True),
        ("127.0.0.2", "127.0.0.2:8080", True),
        # The owner of a name can have it lead to this machine.
        ("127.0.0.1", "evil.example:8080", False),
        ("127.0.0.1", "127.0.0.1.evil.example:8080", False),
        ("localhost", "localhost.evil.example", False),
        ("::1", "evil.example", False),
        ("127.0.0.1", "", False),
        ("0.0.0.0", "chat.example:8080", True),
        ("chat.example", "chat.example", True),
    ],
)
def test_its_own_page_on_a_loopback_address_is_one_under_its_own_names(listening, authority, taken):
    fields = [("Host", authority), ("Origin", f"http://{authority}")]
    request = refws.Request("GET", "/lobby", refws.HeaderFields(fields))
    answer = Rooms(None, own_names(listening))(request).choice(request)
    assert getattr(answer, "status", None) == (None if taken else 403)


def test_a_name_that_somebody_else_can_have_is_refused(chat):
    port = int(chat.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as sock, pytest.raises(InvalidStatus, match="403"):
        connect(f"ws://evil.example:{port}", sock=sock, origin=f"http://evil.example:{port}")


@pytest.mark.parametrize("target", ["//[?name=Ann", "//[/?name=Ann"])
def test_an_odd_path_is_a_room_like_any_other(target):
    request = refws.Request("GET", target, refws.HeaderFields())
    assert _named(request) == "Ann"


def test_the_page_and_nothing_else_is_served_over_http(chat):
    http = chat.replace("ws", "http", 1)
    with urllib.request.urlopen(http, timeout=10) as page:
        assert b"<title>Chat</title>" in page.read()
    for request, status in (
        (urllib.request.Request(f"{http}/lobby"), 404),
        (urllib.request.Request(http, data=b"x"), 405),
    ):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=10)
        with caught.value:
            assert caught.value.code == status


def test_a_room_lasts_as_long_as_somebody_is_there():
    rooms = Rooms()
    request = refws.Request("GET", "/x?name=Ann", refws.HeaderFields())
    room = rooms(request)
    assert rooms(request) is room
    room.seen = True
    del room
    assert not hasattr(rooms(request), "seen")
