"""The predicates for origins."""

import pytest

from refws.resources import any_origin, origin_exact, origin_prefix


@pytest.mark.clause("rfc6455:10.2-p1-s1")
@pytest.mark.parametrize(
    ("predicate", "taken", "refused"),
    [
        (any_origin(), ["http://a.example", None], []),
        (any_origin(required=True), ["http://a.example"], [None]),
        (origin_exact("https://A.example", "null"), ["https://a.example", "null"], ["https://a.example:8443", None]),
        (
            origin_prefix("https://a.example"),
            ["https://a.example", "https://a.example:8443"],
            ["https://a.example.evil.example", "https://a.examples", "http://a.example", None],
        ),
        (
            origin_prefix("http://localhost:", "https://app-"),
            ["http://localhost:8080", "https://app-1.example"],
            ["http://localhost", "https://app.example", ""],
        ),
        (origin_prefix(""), ["http://a.example", ""], [None]),
    ],
    ids=["any", "any there is", "exact", "prefix", "prefixes", "empty prefix"],
)
def test_predicates(predicate, taken, refused):
    assert [origin for origin in taken if not predicate(origin)] == []
    assert [origin for origin in refused if predicate(origin)] == []
