"""The echo server and the Python prompt, each in a process of its own, with their page in a real Chromium."""

import contextlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from in_the_page import until
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

EXAMPLES = Path(__file__).parents[2] / "examples"


@contextlib.contextmanager
def running(name, *arguments):
    """An example: the line that it prints at start."""
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline().strip()
            assert line, process.stderr.read()
            yield line
        finally:
            process.terminate()
            assert process.communicate(timeout=20) == ("", "")


@pytest.fixture(scope="module")
def prompt():
    """The address of the page, and the token."""
    with running("repl.py", "--port", "0") as line:
        yield re.fullmatch(r"(http://127\.0\.0\.1:\d+)/#([\w-]{22,})", line).groups()


@pytest.fixture(scope="module")
def echo():
    with running("echo.py", "0") as line:
        yield line.replace("ws", "http", 1)


@pytest.fixture
def visit(browser):
    """Open a page; whatever it complains about, but for a refusal that is expected, fails the test."""
    complaints, contexts = [], []

    def open_page(url, width=1280, refused=False, **settings):
        context = browser.new_context(viewport={"width": width, "height": 850}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if not refused:
            page.on("console", lambda message: complaints.append(message.text))
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def say(page, text):
    """Type a message; gives what comes back."""
    received = page.locator("#log .received")
    before = received.count()
    for number, line in enumerate(text.split("\n")):
        if number:
            page.keyboard.press("Shift+Enter")
        page.keyboard.insert_text(line)
    page.keyboard.press("Enter")
    until(page, "known => document.querySelectorAll('#log .received').length > known", before)
    return received.nth(before).text_content()


def test_a_line_gives_its_value_its_output_or_its_traceback(visit, prompt):
    page = visit("/#".join(prompt))
    page.wait_for_selector("#state.open")
    assert say(page, "6 * 7") == "42"
    assert say(page, "_ + 1") == "43"
    assert say(page, "x = 'ü 𝄞'") == ""
    assert say(page, "print(x)") == "ü 𝄞"
    assert say(page, "for n in range(2):\n    print(n)") == "0\n1"
    assert say(page, "'<b>&amp;'") == "'<b>&amp;'"
    wrong = say(page, "1 / 0").splitlines()
    assert (wrong[0], wrong[-1]) == ("Traceback (most recent call last):", "ZeroDivisionError: division by zero")
    assert "repl.py" not in "".join(wrong)
    assert say(page, "1 +").endswith("SyntaxError: invalid syntax")
    assert say(page, "print(chr(0xD800))") == "\\ud800"
    assert page.locator("#log .sent").first.text_content() == "6 * 7"
    # What was typed comes back with the arrows.
    page.keyboard.press("ArrowUp")
    assert page.input_value("#line") == "print(chr(0xD800))"
    page.fill("#line", "")
    page.keyboard.type("exit()")
    page.keyboard.press("Enter")
    page.wait_for_selector("#state.closed")
    assert page.text_content("#state") == "closed with 1000"


def test_each_connection_has_its_names(visit, prompt):
    pages = [visit("/#".join(prompt)) for _ in range(2)]
    for number, page in enumerate(pages):
        page.wait_for_selector("#state.open")
        say(page, f"mine = {number}")
    assert [say(page, "mine") for page in pages] == ["0", "1"]


@pytest.mark.parametrize("token", ["", "#wrong"])
def test_a_page_without_the_token_is_refused_and_says_so(visit, prompt, token):
    page = visit(f"{prompt[0]}/{token}", refused=True)
    page.wait_for_selector("#state.closed")
    assert page.text_content("#state").startswith("refused:")
    assert page.is_disabled("#line")


def test_another_page_is_refused_even_with_the_token(visit, prompt, echo):
    page = visit(echo, refused=True)
    page.wait_for_selector("#state.open")
    target = f"{prompt[0]}/?token={prompt[1]}".replace("http", "ws", 1)
    opened = "url => new Promise(done => { const ws = new WebSocket(url);"
    opened += "ws.onopen = () => done(true); ws.onclose = event => done(event.code) })"
    assert page.evaluate(opened, target) == 1006


@pytest.mark.parametrize(
    ("path", "origin", "status"),
    [
        ("/?token={token}", None, None),
        ("/?token={token}", "{own}", None),
        ("/?token={token}", "http://evil.example", 403),
        ("/?token={token}", "http://localhost:1", 403),
        ("/?token={token}", "null", 403),
        ("/?token={token}x", None, 403),
        ("/?token=%FF", "{own}", 403),
        ("/", "{own}", 403),
        ("/other?token={token}", "{own}", 404),
    ],
)
@pytest.mark.clause("rfc6455:10.2-p1-s2")
def test_who_gets_a_prompt(prompt, path, origin, status):
    own, token = prompt
    known = {"own": own, "token": token}
    url = own.replace("http", "ws", 1) + path.format(**known)
    refusal = contextlib.nullcontext() if status is None else pytest.raises(InvalidStatus)
    with refusal as caught, connect(url, origin=origin and origin.format(**known)) as ws:
        ws.send("1 + 1")
        assert ws.recv() == "2"
        ws.send(b"1 + 1")
        with pytest.raises(Exception, match="1003"):
            ws.recv()
    if status is not None:
        assert caught.value.response.status_code == status


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "example.org"])
def test_it_listens_on_this_machine_only(host):
    command = [sys.executable, str(EXAMPLES / "repl.py"), "--host", host]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"repl\.py: [^\n]+loopback[^\n]+\n", done.stderr)


def test_the_page_of_the_prompt_is_kept_from_others(visit, prompt):
    page = visit("about:blank")
    answer = page.request.get(prompt[0])
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert prompt[1] not in answer.text()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_same_page_echoes(visit, echo, width, scheme):
    page = visit(echo, width, color_scheme=scheme)
    page.wait_for_selector("#state.open")
    assert say(page, "hello ü 𝄞") == "hello ü 𝄞"
    assert say(page, "x" * 300) == "x" * 300
    assert page.evaluate("document.documentElement.scrollWidth") == width
