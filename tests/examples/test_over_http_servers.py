"""The hosts of http.server, wsgiref and Werkzeug, each in a process of its own."""

import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from websockets.sync.client import connect

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("arguments", "page", "greeting"),
    [
        (["http_server.py", "0"], "WebSocket", []),
        (["wsgi.py", "0"], "it echoes", ["this is /room"]),
        (["wsgi.py", "--werkzeug", "0"], "it echoes", ["this is /room"]),
    ],
    ids=["http.server", "wsgiref", "Werkzeug"],
)
def test_http_and_websocket_on_one_port(arguments, page, greeting):
    command = [sys.executable, "-W", "error", str(EXAMPLES / arguments[0]), *arguments[1:]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            uri = process.stdout.readline().strip()
            assert uri.startswith("http://127.0.0.1:"), process.stderr.read()
            with urllib.request.urlopen(uri, timeout=20) as response:
                assert page in response.read().decode()
            room = uri.replace("http", "ws", 1).rpartition("/")[0] + "/room"
            with connect(room) as client:
                assert [client.recv(20) for _ in greeting] == greeting
                client.send("hello")
                assert client.recv(20) == "hello"
                process.send_signal(signal.SIGINT)
                assert list(client) == []
                assert client.close_code == 1001
            assert process.wait(20) == 0
        finally:
            process.kill()
            errors = process.communicate(timeout=20)[1]
    assert "Traceback" not in errors
