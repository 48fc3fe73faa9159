"""What section 4 reads and writes: parsed HTTP messages."""

import pytest

from refws.rfc6455.http import HeaderFields, Request, Response, without

FIELDS = HeaderFields([("Host", "h"), ("X", "1"), ("x", "2"), ("Y", ""), ("X", "1")])


@pytest.mark.clause("rfc6455:4.1-p46-s1")
@pytest.mark.parametrize(
    ("name", "values"),
    [("x", ["1", "2", "1"]), ("X", ["1", "2", "1"]), ("hOST", ["h"]), ("y", [""]), ("z", []), ("", []), ("host ", [])],
)
def test_fields_by_name(name: str, values: list[str]) -> None:
    assert FIELDS.all(name) == values
    assert FIELDS.get(name) == (values[0] if values else None)


def test_fields_keep_their_order_and_duplicates() -> None:
    assert list(FIELDS) == [("Host", "h"), ("X", "1"), ("x", "2"), ("Y", ""), ("X", "1")]
    assert HeaderFields() == ()


def test_without() -> None:
    assert without(FIELDS, ["x", "host"]) == HeaderFields([("Y", "")])
    assert without(FIELDS, []) == FIELDS
    assert isinstance(without([("A", "b")], ["c"]), HeaderFields)


@pytest.mark.parametrize(
    ("target", "path"), [("/", "/"), ("/a?b", "/a"), ("/a?", "/a"), ("/a?b?c", "/a"), ("http://h/a?b", "http://h/a")]
)
def test_the_path_of_a_request(target: str, path: str) -> None:
    assert Request("GET", target, HeaderFields()).path == path


def test_defaults() -> None:
    assert Request("GET", "/", HeaderFields()).version == (1, 1)
    assert Response(404) == Response(404, HeaderFields(), b"", "", (1, 1))
