"""Credentials of a client: what goes into the request, and what never shows."""

import base64

import pytest
from peers import answer, asyncio_test, close_frame, raw_server

import refws
from refws.host.reaching.authentication import authorization

SECRET = "opensesame"
JUERGEN = b"J\xc3\xbcrgen:"


def encoded(octets):
    return base64.b64encode(octets).decode()


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ({"basic_auth": ("user", "pass:word")}, f"Basic {encoded(b'user:pass:word')}"),
        ({"basic_auth": ("J\u00fcrgen", "")}, f"Basic {encoded(JUERGEN)}"),
        ({"bearer_token": "a.b-c_d~e+f/g=="}, "Bearer a.b-c_d~e+f/g=="),
        ({}, None),
    ],
    ids=["basic", "UTF-8", "bearer", "none"],
)
@asyncio_test
async def test_the_authorization_field(options, value):
    async def script(raw):
        assert dict(await answer(raw)).get("authorization") == value
        raw.send(close_frame(1000, mask=False))
        await raw.frame()

    async with raw_server(script) as uri, refws.connect(uri, **options):
        pass


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"basic_auth": ("us:er", SECRET)}, "no colon"),
        ({"basic_auth": ("user", f"{SECRET}\n")}, "no control characters"),
        ({"basic_auth": ("\x7f", SECRET)}, "no control characters"),
        ({"bearer_token": f"{SECRET} "}, "RFC 6750"),
        ({"bearer_token": ""}, "RFC 6750"),
        ({"basic_auth": ("user", SECRET), "bearer_token": SECRET}, "exclude each other"),
        ({"bearer_token": SECRET, "additional_headers": [("authorization", SECRET)]}, "already"),
    ],
)
def test_credentials_that_cannot_be_are_refused_and_not_shown(options, why):
    with pytest.raises(refws.UsageError, match=why) as caught:
        refws.connect("ws://127.0.0.1/", **options)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("uri", ["ws://user:{}@127.0.0.1/", "wss://{}@[::1]?x", "ws://user:{}@127.0.0.1:99999#x"])
def test_user_information_in_a_uri_is_refused_with_advice_and_not_shown(uri):
    with pytest.raises(refws.UsageError, match="basic_auth") as caught:
        refws.connect(uri.format(SECRET))
    assert SECRET not in str(caught.value)


def test_an_at_sign_behind_the_host_is_no_user_information():
    refws.connect("ws://127.0.0.1/@x?y@z")


def test_no_credentials():
    assert authorization(None, None) is None


@asyncio_test
async def test_a_401_is_not_tried_again_and_comes_as_it_is():
    asked = 0

    async def script(raw):
        nonlocal asked
        asked += 1
        await raw.head()
        raw.send(b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n")

    async with raw_server(script) as uri:
        with pytest.raises(refws.HandshakeFailure) as caught:
            await refws.connect(uri, basic_auth=("user", SECRET))
        assert caught.value.response.headers.get("WWW-Authenticate") == "Basic realm=x"
        assert SECRET not in str(caught.value)
    assert asked == 1
