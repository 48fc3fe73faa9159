"""Section 4.3, Collected ABNF, and section 2.1's ASCII."""

import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refws.rfc6455.s04_3_collected_abnf import (
    ExtensionParameters,
    GrammarError,
    ascii_lowercase,
    decode_base64,
    format_extension_list,
    is_token,
    parse_extension_list,
    parse_token_list,
    parse_version,
)

E = ExtensionParameters
SEPARATORS = '()<>@,;:\\"/[]?={} \t'
TOKEN_CHARACTERS = "".join(chr(c) for c in range(33, 127) if chr(c) not in SEPARATORS)
TOKENS = st.text(TOKEN_CHARACTERS, min_size=1)


@pytest.mark.clause("rfc6455:2.1-p7-s1", "rfc6455:2.1-p8-s1")
@pytest.mark.parametrize(
    ("text", "folded"),
    [
        (string.ascii_uppercase, string.ascii_lowercase),
        ("@[`{", "@[`{"),
        ("\u00c4\u212a\u0130\u017f", "\u00c4\u212a\u0130\u017f"),
    ],
    ids=["A to Z", "their neighbours", "beyond ASCII"],
)
def test_ascii_lowercase(text: str, folded: str) -> None:
    assert ascii_lowercase(text) == folded


@pytest.mark.clause("rfc6455:4.1-p35-s3/1", "rfc6455:4.3-p5-s8")
def test_the_alphabet_of_tokens() -> None:
    characters = [chr(c) for c in range(0x180)]
    assert [c for c in characters if is_token(c)] == list(TOKEN_CHARACTERS)
    assert [c for c in characters if is_token(f"a{c}b")] == list(TOKEN_CHARACTERS)
    assert not is_token("")
    assert not is_token("a\n")


@pytest.mark.clause("rfc6455:4.3-p1-s1", "rfc6455:4.3-p4-s3", "rfc6455:4.1-p35-s4", "rfc6455:11.3.4-p9-s1")
@pytest.mark.parametrize(
    ("values", "tokens"),
    [
        (["chat"], ["chat"]),
        (["chat, superchat"], ["chat", "superchat"]),
        (["chat,superchat"], ["chat", "superchat"]),
        (["chat \t,\t superchat"], ["chat", "superchat"]),
        ([" chat "], ["chat"]),
        (["chat", "superchat"], ["chat", "superchat"]),
        (["a,b", "c,d"], ["a", "b", "c", "d"]),
        ([",, a ,, b,,"], ["a", "b"]),
        (["", "a", " , "], ["a"]),
        (["!#$%&'*+-.^_`|~"], ["!#$%&'*+-.^_`|~"]),
        (["Chat, chat, chat"], ["Chat", "chat", "chat"]),
    ],
)
def test_token_lists(values: list[str], tokens: list[str]) -> None:
    assert parse_token_list(values) == tokens


@pytest.mark.clause("rfc6455:4.3-p4-s3", "rfc6455:4.3-p5-s5")
@pytest.mark.parametrize(
    "values",
    [
        [],
        [""],
        [" "],
        [","],
        ["", " , "],
        ["a b"],
        ["a;b"],
        ["a=b"],
        ['"a"'],
        ["a/b"],
        ["a\x00"],
        ["a\n,b"],
        ["\u00e4"],
        ["a", "b@c"],
        ["a,\xa0b"],
    ],
    ids=repr,
)
def test_what_is_no_token_list(values: list[str]) -> None:
    with pytest.raises(GrammarError):
        parse_token_list(values)


@pytest.mark.clause(
    "rfc6455:4.3-p1-s1",
    "rfc6455:4.3-p4-s2",
    "rfc6455:4.3-p5-s6",
    "rfc6455:4.3-p5-s7",
    "rfc6455:4.3-p5-s8",
    "rfc6455:4.3-p5-s9",
    "rfc6455:9.1-p1-s2",
    "rfc6455:9.1-p2-s1",
    "rfc6455:9.1-p2-s3",
    "rfc6455:9.1-p2-s6",
    "rfc6455:9.1-p3-s1",
    "rfc6455:9.1-p5-s1",
    "rfc6455:11.3.2-p9-s1",
)
@pytest.mark.parametrize(
    ("values", "extensions"),
    [
        (["foo"], [E("foo")]),
        (["foo", "bar; baz=2"], [E("foo"), E("bar", (("baz", "2"),))]),
        (["foo, bar; baz=2"], [E("foo"), E("bar", (("baz", "2"),))]),
        (["deflate-stream"], [E("deflate-stream")]),
        (
            ["mux; max-channels=4; flow-control, deflate-stream"],
            [E("mux", (("max-channels", "4"), ("flow-control", None))), E("deflate-stream")],
        ),
        (["a;b;b=1;b"], [E("a", (("b", None), ("b", "1"), ("b", None)))]),
        (["a \t;\t b \t=\t c"], [E("a", (("b", "c"),))]),
        (['a;b="c"'], [E("a", (("b", "c"),))]),
        (['a;b = "c" ;d'], [E("a", (("b", "c"), ("d", None)))]),
        (['a;b="\\c\\d"'], [E("a", (("b", "cd"),))]),
        (['a;b="c";d="e", f;g="h"'], [E("a", (("b", "c"), ("d", "e"))), E("f", (("g", "h"),))]),
        ([",, a ,, b ,"], [E("a"), E("b")]),
        (["", "a", ","], [E("a")]),
        (["a, a;x, a"], [E("a"), E("a", (("x", None),)), E("a")]),
        ([TOKEN_CHARACTERS], [E(TOKEN_CHARACTERS)]),
    ],
    ids=repr,
)
def test_extension_lists(values: list[str], extensions: list[ExtensionParameters]) -> None:
    assert parse_extension_list(values) == extensions


@pytest.mark.clause(
    "rfc6455:4.3-p5-s5",
    "rfc6455:4.3-p5-s6",
    "rfc6455:4.3-p5-s7",
    "rfc6455:4.3-p5-s8",
    "rfc6455:4.3-p5-s9",
    "rfc6455:9.1-p2-s2",
    "rfc6455:9.1-p2-s6",
)
@pytest.mark.parametrize(
    "value",
    [
        "",
        ",",
        ";",
        "=",
        ";a",
        "=a",
        "a b",
        "a=b",
        "a;",
        "a; ",
        "a;;b",
        "a;=b",
        "a;b=",
        "a;b= ,c",
        "a;b=c=d",
        "a;b=c d",
        "a;b c",
        "a/b",
        "a;b/c",
        "a;b=c/d",
        '"a"',
        'a;"b"',
        'a;b=""',
        'a;b="c d"',
        'a;b="c,d"',
        'a;b="c;d"',
        'a;b="\\""',
        'a;b="\\\\"',
        'a;b="\\ "',
        'a;b="c',
        'a;b="c\\"',
        'a;b=c"',
        'a;b="c"d',
        'a;b="c\td"',
        'a;b="c\x00"',
        "a;b='c d'",
        "\u00e4",
        'a;b="\u00e4"',
        "a;b=\xb2",
    ],
    ids=repr,
)
def test_what_is_no_extension_list(value: str) -> None:
    for values in ([value], [value, value]):
        with pytest.raises(GrammarError):
            parse_extension_list(values)
    if value.strip(","):
        with pytest.raises(GrammarError):
            parse_extension_list(["good", value, "good"])


def test_an_error_says_where() -> None:
    with pytest.raises(GrammarError, match="no token at character 4 of 'a, /b'"):
        parse_token_list(["a, /b"])


@pytest.mark.clause("rfc6455:4.3-p4-s2", "rfc6455:4.3-p7-s1")
@given(
    st.lists(
        st.builds(E, TOKENS, st.lists(st.tuples(TOKENS, st.none() | TOKENS), max_size=3).map(tuple)),
        min_size=1,
        max_size=4,
    )
)
def test_what_is_written_is_read_again(extensions: list[ExtensionParameters]) -> None:
    assert parse_extension_list([format_extension_list(extensions)]) == extensions
    assert parse_extension_list(map(str, extensions)) == extensions


@pytest.mark.clause("rfc6455:4.3-p4-s4", "rfc6455:4.3-p5-s10", "rfc6455:4.3-p5-s11")
@pytest.mark.parametrize("version", [0, 1, 9, 10, 12, 13, 14, 19, 20, 99, 100, 199, 200, 249, 250, 255])
def test_versions(version: int) -> None:
    assert parse_version(str(version)) == version


@pytest.mark.clause("rfc6455:4.3-p4-s4", "rfc6455:4.3-p5-s10", "rfc6455:4.3-p5-s11")
@pytest.mark.parametrize(
    "value",
    [
        *("", "00", "013", "01", "+13", "-1", "13.0", "0x0d", "1e1", "13a", "\u0661\u0663", "\u00b9"),
        *("256", "260", "299", "300", "1000", " 13", "13 ", "13\n", "1 3", "13, 13", "13,"),
    ],
    ids=repr,
)
def test_what_is_no_version(value: str) -> None:
    with pytest.raises(GrammarError):
        parse_version(value)


@pytest.mark.clause("rfc6455:4.3-p4-s1", "rfc6455:4.3-p5-s1", "rfc6455:4.3-p5-s2", "rfc6455:4.3-p5-s3")
@pytest.mark.clause("rfc6455:4.2.2-p18-s2", "rfc6455:4.2.2-p18-s3", "rfc6455:4.2.2-p18-s4")
@given(st.binary(min_size=1))
def test_base64_of_any_octets(octets: bytes) -> None:
    assert decode_base64(base64.b64encode(octets).decode()) == octets


@pytest.mark.clause("rfc6455:4.3-p5-s4", "rfc6455:4.2.2-p18-s5")
def test_the_alphabet_of_base64() -> None:
    def is_base64(value: str) -> bool:
        try:
            return bool(decode_base64(value))
        except GrammarError:
            return False

    alphabet = list("+/" + string.digits + string.ascii_uppercase + string.ascii_lowercase)
    for before, behind in [("", "AAA"), ("AAA", "AAAA"), ("", "A=="), ("A", "=="), ("A", "A=")]:
        assert [c for c in map(chr, range(0x180)) if is_base64(f"{before}{c}{behind}")] == alphabet


@pytest.mark.clause("rfc6455:4.3-p5-s4", "rfc6455:4.2.2-p18-s5")
@pytest.mark.parametrize(
    ("value", "octets"),
    [("AQ==", b"\x01"), ("AR==", b"\x01"), ("AQJ=", b"\x01\x02"), ("+/+/", b"\xfb\xff\xbf"), ("09az", b"\xd3\xd6\xb3")],
    ids=["padding", "four bits behind", "two bits behind", "plus and slash", "digits"],
)
def test_base64(value: str, octets: bytes) -> None:
    assert decode_base64(value) == octets


@pytest.mark.clause("rfc6455:4.3-p4-s1", "rfc6455:4.3-p5-s1", "rfc6455:4.3-p5-s2", "rfc6455:4.3-p5-s3")
@pytest.mark.clause("rfc6455:4.3-p5-s4", "rfc6455:4.2.2-p18-s2", "rfc6455:4.2.2-p18-s3", "rfc6455:4.2.2-p18-s4")
@pytest.mark.parametrize(
    "value",
    [
        "",
        "=",
        "==",
        "====",
        "A",
        "AA",
        "AA=",
        "AAA",
        "A===",
        "AAA==",
        "AAAA=",
        "AAAA==",
        "AAAA====",
        "AA==AAAA",
        "AQID BAUG",
        " AQID",
        "AQID\n",
        "-_-_",
        "A*==",
        "\u00e4AA=",
        "\uff21AAA",
    ],
    ids=repr,
)
def test_what_is_no_base64(value: str) -> None:
    with pytest.raises(GrammarError):
        decode_base64(value)
