"""The files beside WebSocket: what is served, and what is not."""

import os

import pytest

import refws
from refws.cli.static import StaticFiles


@pytest.fixture
def files(tmp_path):
    """A folder with files, a secret beside it, and links that lead in and out."""
    folder = tmp_path / "public"
    (folder / "sub" / "empty").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "public-not").mkdir()
    (tmp_path / "public-not" / "secret.txt").write_text("secret")
    for name, content in {
        "index.html": "the index",
        "a b.txt": "ü",
        "data": "\0\1",
        "script.js": "1",
        "sub/index.html": "sub index",
        "sub/.hidden": "secret",
        ".env": "secret",
        "archive.tar.gz": "",
    }.items():
        (folder / name).write_text(content, encoding="utf-8")
    (folder / "in").symlink_to(folder / "script.js")
    (folder / "out").symlink_to(tmp_path / "secret.txt")
    (folder / "outside").symlink_to(tmp_path)
    (folder / "loop").symlink_to("loop")
    os.mkfifo(folder / "pipe")
    os.utime(folder / "index.html", (1_000_000_000, 1_000_000_000.75))
    return StaticFiles(folder)


def get(target, *fields, method="GET"):
    return refws.Request(method, target, refws.HeaderFields(fields))


@pytest.mark.parametrize(
    ("target", "body", "kind"),
    [
        ("/", b"the index", "text/html; charset=utf-8"),
        ("/index.html", b"the index", "text/html; charset=utf-8"),
        ("/?x=/../..", b"the index", "text/html; charset=utf-8"),
        ("//", b"the index", "text/html; charset=utf-8"),
        ("/a%20b.txt", "ü".encode(), "text/plain; charset=utf-8"),
        ("/data", b"\0\1", "application/octet-stream"),
        ("/archive.tar.gz", b"", "application/gzip"),
        ("/sub/", b"sub index", "text/html; charset=utf-8"),
    ],
)
def test_a_file_is_served(files, target, body, kind):
    answer = files.answer(get(target))
    assert (answer.status, answer.body, answer.headers.get("Content-Type")) == (200, body, kind)
    assert answer.headers.get("X-Content-Type-Options") == "nosniff"


def test_a_link_within_the_folder_is_followed(files):
    assert files.answer(get("/in")).body == b"1"


@pytest.mark.parametrize(
    "target",
    [
        "/nothing",
        "/sub/empty/",
        "/index.html/",
        "/index.html/x",
        "/../secret.txt",
        "/sub/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/sub/%2e%2e%2f%2e%2e%2fsecret.txt",
        "/..%5csecret.txt",
        "/C:%5csecret.txt",
        "//etc/passwd",
        "/../public-not/secret.txt",
        "/out",
        "/outside/secret.txt",
        "/outside/public/index.html/../../secret.txt",
        "/loop",
        "/pipe",
        "/.env",
        "/sub/.hidden",
        "/%00",
        "/%ff",
        "/" + "x" * 5000,
        "index.html",
        "*",
        "",
    ],
)
def test_what_is_not_there_or_not_to_be_seen(files, target):
    answer = files.answer(get(target))
    assert (answer.status, answer.body) == (404, b"Not Found\n")


@pytest.mark.parametrize("target", ["/sub", "//sub", "///sub?x=1", "/s%75b"])
def test_a_folder_has_a_slash_behind_it_and_one_before(files, target):
    answer = files.answer(get(target))
    assert answer.status == 301
    assert answer.headers.get("Location") in {"/sub/", "/s%75b/"}


def test_only_get_and_head(files):
    assert files.answer(get("/", method="HEAD")).status == 200
    refused = files.answer(get("/", method="POST"))
    assert (refused.status, refused.headers.get("Allow")) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("since", "status"),
    [
        ("Sun, 09 Sep 2001 01:46:40 GMT", 304),
        ("Sun, 09 Sep 2001 01:46:41 GMT", 304),
        ("Sun, 09 Sep 2001 01:46:39 GMT", 200),
        ("yesterday", 200),
        ("Sun, 99 Sep 2001 01:46:39 GMT", 200),
        ("Sun, 09 Sep 99999999999999999999 01:46:39 GMT", 200),
        ("Sun, 09 Sep 2001 01:46:39 +99999999999999", 200),
    ],
)
def test_what_has_not_changed_since(files, since, status):
    answer = files.answer(get("/", ("If-Modified-Since", since)))
    assert (answer.status, answer.headers.get("Last-Modified")) == (status, "Sun, 09 Sep 2001 01:46:40 GMT")


def test_what_may_not_be_read_is_not_there(files, monkeypatch):
    def refuse(_):
        raise PermissionError

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    assert files.answer(get("/")).status == 404


def test_what_is_no_folder(tmp_path):
    with pytest.raises(refws.UsageError, match="is no folder"):
        StaticFiles(tmp_path / "nothing")
