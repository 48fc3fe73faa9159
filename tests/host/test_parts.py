"""Messages that are received in parts, and messages that are sent in fragments."""

import asyncio
import contextlib
from random import Random

import pytest
from peers import BINARY, CLOSE, PING, PONG, TEXT, asyncio_test, close_frame, frame, pair, raw_client, until

import refws
from refws.host.aio.websocket import WebSocket
from refws.host.connection.parts import UNTAKEN, PartsReader
from refws.host.connection.times import TimeLimits
from refws.rfc6455.endpoint import Endpoint

FIN = 0x80


@contextlib.asynccontextmanager
async def server_end(**options):
    """A raw client, and the server's end of its connection, which nobody else uses."""
    ends = asyncio.Queue()

    async def handle(ws):
        ends.put_nowait(ws)
        await ws.wait_closed()

    async with refws.serve(handle, **options) as server, raw_client(server) as raw:
        yield raw, await ends.get()


async def all_of(parts):
    return [part async for part in parts]


# Receiving


@asyncio_test
async def test_a_message_that_is_there_is_one_part():
    async with server_end() as (raw, ws):
        for first, payload, expected in [(TEXT, b"abc", "abc"), (TEXT, b"", ""), (BINARY, b"\xff", b"\xff")]:
            raw.send_frame(first, payload)
            assert await all_of(ws.recv_streaming()) == [expected]
        raw.send(frame(BINARY, b""))
        assert await all_of(ws.recv_streaming()) == [b""]


@pytest.mark.parametrize("kind", ["text", "binary"])
@asyncio_test
async def test_parts_come_before_the_message_is_complete(kind):
    of = (lambda octets: octets.decode()) if kind == "text" else bytes
    async with server_end() as (raw, ws):
        parts = ws.recv_streaming()
        raw.send(frame(TEXT if kind == "text" else BINARY, b"x" * 300)[:108])
        assert await anext(parts) == of(b"x" * 100), "of one frame that is still on its way"
        await raw.close()
        with pytest.raises(refws.ConnectionClosed):
            await anext(parts)


@asyncio_test
async def test_fragments_come_one_by_one():
    async with server_end() as (raw, ws):
        parts = ws.recv_streaming()
        for first, payload in [(1, b"one "), (0, "zw\u00f6".encode()), (0, b""), (FIN, b" three")]:
            raw.send_frame(first, payload)
            if payload:
                assert await anext(parts) == payload.decode()
        raw.send_frame(TEXT, b"next")
        assert await all_of(parts) == []
        assert await all_of(parts) == [], "it stays at its end"
        assert await ws.recv() == "next"


@asyncio_test
async def test_an_end_without_content_is_no_part_of_its_own():
    async with server_end() as (raw, ws):
        raw.send_frame(1, b"all of it")
        parts = ws.recv_streaming()
        assert await anext(parts) == "all of it"
        raw.send_frame(FIN, b"")
        assert await all_of(parts) == []
        raw.send(frame(2, b"") + frame(FIN, b""))
        assert await all_of(ws.recv_streaming()) == [b""], "an empty message in two fragments"


@asyncio_test
async def test_a_character_is_never_cut():
    async with server_end() as (raw, ws):
        parts = ws.recv_streaming()
        euro = "\u20ac".encode()
        raw.send_frame(1, b"a" + euro[:2])
        assert await anext(parts) == "a"
        raw.send_frame(0, euro[2:] + b"b")
        assert await anext(parts) == "\u20acb"
        raw.send_frame(FIN, b"\xff")
        with pytest.raises(refws.ConnectionClosed, match="not UTF-8"):
            await anext(parts)
        assert ws.close_sent.code == 1007


@asyncio_test
async def test_what_has_come_before_anybody_asked_for_parts_is_one():
    async with server_end() as (raw, ws):
        raw.send(frame(1, b"a") + frame(0, b"b") + frame(PING, b"here"))
        assert await raw.frame() == (PONG, b"here")
        assert await anext(ws.recv_streaming()) == "ab"


@asyncio_test
async def test_messages_and_parts_in_any_order():
    async with server_end() as (raw, ws):
        raw.send(frame(TEXT, b"1") + frame(TEXT, b"2") + frame(1, b"3"))
        assert await ws.recv() == "1"
        assert await all_of(ws.recv_streaming()) == ["2"]
        waiting = asyncio.create_task(ws.recv())
        raw.send(frame(0, b"+") + frame(PING, b"here"))
        assert await raw.frame() == (PONG, b"here")
        assert not waiting.done()
        raw.send(frame(FIN, b"4") + frame(TEXT, b"5") + frame(2, b"6"))
        assert await waiting == "3+4"
        assert await ws.recv() == "5"
        assert await anext(ws.recv_streaming()) == b"6"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await ws.recv()


@pytest.mark.parametrize("next_one", ["recv", "recv_streaming"])
@pytest.mark.parametrize("complete", [False, True], ids=["on its way", "complete"])
@asyncio_test
async def test_the_rest_of_a_message_that_was_left_is_left_out(next_one, complete):
    async def message():
        return await ws.recv() if next_one == "recv" else "".join(await all_of(ws.recv_streaming()))

    async with server_end() as (raw, ws):
        raw.send_frame(1, b"begun")
        left = ws.recv_streaming()
        assert await anext(left) == "begun"
        if complete:
            raw.send(frame(0, b"more") + frame(FIN, b"rest") + frame(TEXT, b"next") + frame(PING))
            assert (await raw.frame())[0] == PONG
            assert await message() == "next"
        else:
            waiting = asyncio.create_task(message())
            raw.send(frame(0, b"more"))
            await until(lambda: ws._receiver is not None)
            raw.send(frame(FIN, b"rest") + frame(TEXT, b"next"))
            assert await waiting == "next"
        with pytest.raises(refws.UsageError, match="left out"):
            await anext(left)
        assert ws.dropped == 0


@asyncio_test
async def test_the_peer_is_held_back_by_octets_that_nobody_takes():
    size = 64 * UNTAKEN
    async with server_end(max_message_size=None) as (raw, ws):
        parts = ws.recv_streaming()
        raw.send_frame(BINARY, bytes(size))
        await until(lambda: not ws.transport.is_reading())
        assert ws._coming._size <= 2 * UNTAKEN + 8
        got = largest = 0
        async for part in parts:
            got += len(part)
            largest = max(largest, len(part))
        assert (got, ws.transport.is_reading()) == (size, True)
        assert largest <= 2 * UNTAKEN + 8


@pytest.mark.parametrize("next_one", ["recv", "recv_streaming"])
@asyncio_test
async def test_a_peer_that_is_held_back_goes_on_where_the_rest_is_left_out(next_one):
    async with server_end(max_message_size=None) as (raw, ws):
        left = ws.recv_streaming()
        raw.send(frame(BINARY, bytes(64 * UNTAKEN)) + frame(TEXT, b"next"))
        assert len(await anext(left)) > 0
        await until(lambda: not ws.transport.is_reading())
        assert await (ws.recv() if next_one == "recv" else anext(ws.recv_streaming())) == "next"
        assert ws.transport.is_reading()


@asyncio_test
async def test_answers_that_are_held_back_go_out_before_it_waits():
    async with server_end() as (raw, ws):
        raw.send(frame(TEXT, b"1") + frame(TEXT, b"2"))
        await until(lambda: len(ws._queue) == 2)
        await ws.recv()
        await ws.send("answer")
        await ws.recv()
        assert ws.endpoint.pieces_to_send == 1
        assert ws.take_part(PartsReader(ws)) is None
        assert ws.endpoint.pieces_to_send == 0
        assert await raw.frame() == (TEXT, b"answer")


@asyncio_test
async def test_whoever_wants_the_whole_message_gets_it_however_long():
    async with server_end(max_message_size=None, max_queue=0) as (raw, ws):
        ws.recv_streaming()
        for _ in range(2):
            raw.send_frame(BINARY, bytes(8 * UNTAKEN))
            assert len(await ws.recv()) == 8 * UNTAKEN


@asyncio_test
async def test_parts_with_no_queue_at_all():
    async with server_end(max_message_size=None, max_queue=0) as (raw, ws):
        for _ in range(3):
            raw.send_frame(BINARY, bytes(3 * UNTAKEN))
            assert sum([len(part) async for part in ws.recv_streaming()]) == 3 * UNTAKEN


@asyncio_test
async def test_the_limit_of_a_message_counts_what_was_taken():
    async with server_end(max_message_size=1000) as (raw, ws):
        parts = ws.recv_streaming()
        raw.send_frame(1, b"x" * 1000)
        assert len(await anext(parts)) == 1000
        raw.send_frame(0, b"y")
        with pytest.raises(refws.ConnectionClosed, match="more than 0 octets"):
            await anext(parts)
        assert ws.close_sent.code == 1009


@pytest.mark.parametrize("begun", [False, True])
@asyncio_test
async def test_a_close_frame_within_a_message_ends_the_parts(begun):
    async with server_end() as (raw, ws):
        parts = ws.recv_streaming()
        raw.send_frame(1, b"begun")
        if begun:
            assert await anext(parts) == "begun"
        else:
            await until(lambda: ws._coming)
        raw.send(close_frame(1000))
        if not begun:
            await until(lambda: ws.endpoint.reaction_is_due)
            assert await anext(parts) == "begun"
        for attempt in (parts.__anext__, ws.recv, ws.recv_streaming().__anext__):
            with pytest.raises(refws.ConnectionClosed):
                await attempt()
        assert await raw.frame() == (CLOSE, b"\x03\xe8")


@asyncio_test
async def test_a_message_that_never_ends_is_none_for_recv():
    async with server_end() as (raw, ws):
        ws.recv_streaming()
        raw.send(frame(1, b"begun"))
        await until(lambda: ws._coming)
        raw.send(close_frame(1000))
        with pytest.raises(refws.ConnectionClosed):
            await ws.recv()


@asyncio_test
async def test_after_our_close_what_nobody_takes_is_dropped():
    async with server_end(max_message_size=None, close_timeout=None) as (raw, ws):
        parts = ws.recv_streaming()
        raw.send_frame(1, b"begun")
        assert await anext(parts) == "begun"
        closing = asyncio.create_task(ws.close())
        assert (await raw.frame())[0] == CLOSE
        raw.send(frame(0, bytes(3 * UNTAKEN)))
        await until(lambda: ws.dropped)
        with pytest.raises(refws.ConnectionClosed):
            await anext(parts)
        raw.send(frame(FIN) + frame(TEXT, b"after"))
        assert await ws.recv() == "after"
        raw.send(close_frame(1000))
        await raw.close()
        await closing
        assert ws.dropped == 1


@asyncio_test
async def test_after_our_close_messages_above_the_queue_are_dropped_in_parts_too():
    async with server_end(max_queue=1, close_timeout=None) as (raw, ws):
        ws.receive_in_parts()
        closing = asyncio.create_task(ws.close())
        assert (await raw.frame())[0] == CLOSE
        for number in range(2):
            raw.send(frame(TEXT, b"%d" % number))
            await until(lambda number=number: len(ws._queue) == number + 1)
        raw.send(frame(1, b"too many"))
        await until(lambda: ws.dropped == 1)
        raw.send(frame(FIN, b"of them") + frame(TEXT, b"as well"))
        raw.send(close_frame(1000))
        await raw.close()
        await closing
        assert [await ws.recv(), await ws.recv()] == ["0", "1"]


@asyncio_test
async def test_only_one_task_receives():
    async with server_end() as (_, ws):
        first = asyncio.create_task(anext(ws.recv_streaming()))
        await until(lambda: ws._receiver is not None)
        with pytest.raises(refws.UsageError, match="another task"):
            await anext(ws.recv_streaming())
        first.cancel()
        await asyncio.wait([first])


@asyncio_test
async def test_compressed_messages_come_in_parts():
    async def stream(ws):
        async def numbers():
            for number in range(2000):
                yield f"{number} "

        await ws.send(numbers())
        await ws.send("x" * 300_000)
        await ws.wait_closed()

    async with pair(stream) as (ws, _):
        parts = await all_of(ws.recv_streaming())
        assert "".join(parts) == "".join(f"{number} " for number in range(2000))
        assert len("".join(await all_of(ws.recv_streaming()))) == 300_000


# Sending


async def later(*items, then=None):
    for item in items:
        await asyncio.sleep(0)
        yield item
    if then is not None:
        raise then


@pytest.mark.clause("rfc6455:6.1-p3-s2")
@asyncio_test
async def test_an_iterable_is_one_message_in_as_many_frames_as_it_has_items():
    async with server_end() as (raw, ws):
        for parts in (["a", "bc", ""], iter(["a", "bc", ""])):
            await ws.send(parts)
            assert [await raw.frame() for _ in range(3)] == [(1, b"a"), (0, b"bc"), (FIN, b"")]
        await ws.send([b"\x00", bytearray(b"\x01"), memoryview(b"\x02")])
        assert [await raw.frame() for _ in range(3)] == [(2, b"\x00"), (0, b"\x01"), (FIN, b"\x02")]
        await ws.send(["only one"])
        assert await raw.frame() == (TEXT, b"only one")


@asyncio_test
async def test_what_comes_later_is_sent_as_it_comes():
    go_on = asyncio.Event()

    async def parts():
        yield "at once"
        await go_on.wait()
        yield "later"

    async with server_end() as (raw, ws):
        sending = asyncio.create_task(ws.send(parts()))
        assert await raw.frame() == (1, b"at once")
        raw.send_frame(PING, b"between")
        assert await raw.frame() == (PONG, b"between")
        others = [asyncio.create_task(ws.send(message)) for message in ("second", [b"thi", b"rd"], "fourth")]
        ping = asyncio.create_task(ws.ping(b"mine"))
        assert await raw.frame() == (PING, b"mine")
        raw.send_frame(PONG, b"mine")
        await ping
        go_on.set()
        await asyncio.gather(sending, *others)
        frames = [await raw.frame() for _ in range(6)]
        assert frames == [(0, b"later"), (FIN, b""), (TEXT, b"second"), (2, b"thi"), (FIN, b"rd"), (TEXT, b"fourth")]


@asyncio_test
async def test_each_fragment_waits_until_the_peer_takes_it():
    asked = []

    def parts():
        for number in range(400):
            asked.append(number)
            yield bytes(100_000)

    async with server_end() as (raw, ws):
        sending = asyncio.create_task(ws.send(parts()))
        await until(lambda: ws._drained is not None)
        before = len(asked)
        await asyncio.sleep(0)
        assert len(asked) == before < 400
        total = 0
        while total < 400 * 100_000:
            total += len((await raw.frame())[1])
        await sending


@pytest.mark.clause("rfc6455:7.4.1-p25-s1")
@pytest.mark.parametrize("kind", ["iterable", "asynchronous"])
@asyncio_test
async def test_a_message_that_cannot_be_completed_closes_the_connection(kind):
    def now(*items, then):
        yield from items
        raise then

    async with server_end() as (raw, ws):
        make = later if kind == "asynchronous" else now
        with pytest.raises(ZeroDivisionError):
            await ws.send(make(then=ZeroDivisionError()))
        assert ws.ready_state is refws.ReadyState.OPEN, "nothing had been sent"
        with pytest.raises(ZeroDivisionError):
            await ws.send(make("a", "b", then=ZeroDivisionError()))
        frames = [await raw.frame()]
        while frames[-1][0] != CLOSE:
            frames.append(await raw.frame())
        assert frames[-1] == (CLOSE, b"\x03\xf3a message was left unfinished")
        assert all(not first & FIN for first, _ in frames[:-1])
        raw.send(close_frame(1011))


@asyncio_test
async def test_cancelling_does_so_too_and_others_hear_of_it():
    async def parts():
        yield "a"
        await asyncio.Event().wait()

    async with server_end() as (raw, ws):
        sending = asyncio.create_task(ws.send(parts()))
        assert await raw.frame() == (1, b"a")
        other = asyncio.create_task(ws.send("other"))
        await asyncio.sleep(0)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        with pytest.raises(refws.ConnectionClosed):
            await other
        assert (await raw.frame())[1][:2] == b"\x03\xf3"
        raw.send(close_frame(1011))


@pytest.mark.parametrize("parts", [["a", b"b"], [b"a", "b"], ["a", 5], later("a", b"b")], ids=["1", "2", "3", "4"])
@asyncio_test
async def test_parts_are_of_one_type(parts):
    async with server_end() as (raw, ws):
        with pytest.raises(refws.UsageError, match=r"all text, or all octets|a part of a message is"):
            await ws.send(parts)
        if not isinstance(parts, list) or parts[1] != 5:
            assert (await raw.frame())[1] == b"a"
        assert ws.close_sent.code == 1011
        raw.send(close_frame(1011))


@pytest.mark.parametrize("parts", [[], later(), iter(())], ids=["list", "async", "iter"])
@asyncio_test
async def test_no_parts_are_no_message(parts):
    async with server_end() as (raw, ws):
        with pytest.raises(refws.UsageError, match="no parts"):
            await ws.send(parts)
        await ws.send("fine")
        assert await raw.frame() == (TEXT, b"fine")


@pytest.mark.parametrize("message", [5, None, {"a": 1}], ids=repr)
@asyncio_test
async def test_what_is_no_message_at_all(message):
    async with server_end() as (_, ws):
        with pytest.raises(refws.UsageError, match=f"not {type(message).__name__}"):
            await ws.send(message)
        with pytest.raises(refws.UsageError, match="a part of a message is a str or octets, not"):
            await ws.send([message])
        assert ws.ready_state is refws.ReadyState.OPEN


@asyncio_test
async def test_close_goes_between_and_ends_it():
    go_on = asyncio.Event()

    async def parts():
        yield "a"
        await go_on.wait()
        yield "b"

    async with server_end() as (raw, ws):
        sending = asyncio.create_task(ws.send(parts()))
        assert await raw.frame() == (1, b"a")
        closing = asyncio.create_task(ws.close())
        assert await raw.frame() == (CLOSE, b"\x03\xe8")
        go_on.set()
        with pytest.raises(refws.ConnectionClosed):
            await sending
        raw.send(close_frame(1000))
        await raw.close()
        await closing


@asyncio_test
async def test_a_message_from_within_another_one_would_wait_for_ever():
    async with server_end() as (raw, ws):

        async def parts():
            yield "a"
            await ws.send("b")

        with pytest.raises(refws.UsageError, match="from within"):
            await ws.send(parts())
        assert [(await raw.frame())[0] for _ in range(2)] == [1, CLOSE]
        raw.send(close_frame(1011))


@asyncio_test
async def test_a_client_sends_fragments_too():
    async with pair() as (ws, _):
        await ws.send(later("a", "b"), compress=False)
        assert await ws.recv() == "ab"
        await ws.send([b"x" * 1000, b"y"])
        assert await ws.recv() == b"x" * 1000 + b"y"


def test_the_coroutines_are_those_of_the_public_class():
    assert WebSocket is refws.WebSocket


# Any messages, cut anywhere, taken in any way


class Nowhere(asyncio.Transport):
    """A transport that keeps what is written to itself, and knows whether it is to read."""

    reading = True

    def pause_reading(self):
        self.reading = False

    def resume_reading(self):
        self.reading = True

    def write(self, data):
        pass

    def is_closing(self):
        return False

    def can_write_eof(self):
        return False

    def close(self):
        pass


class Reader:
    """Takes messages as a seed says: whole, in parts, or in parts that are left half-way."""

    def __init__(self, ws, random):
        self.ws, self.random, self.got = ws, random, []

    async def read(self, messages):
        for _ in messages:
            how = self.random.choice(["whole", "parts", "left"])
            if how == "whole":
                self.got.append(await self.ws.recv())
                continue
            parts = []
            async for part in self.ws.recv_streaming():
                parts.append(part)
                if how == "left":
                    break
            self.got.append((how, parts[0][:0].join(parts)))


@pytest.mark.parametrize("seed", range(60))
@asyncio_test
async def test_whatever_comes_is_taken_in_its_order(seed):
    random = Random(seed)
    ws = WebSocket(Endpoint.established(refws.Role.SERVER), TimeLimits(), random.choice([0, 1, 16]))
    transport = Nowhere()
    ws.connection_made(transport)
    messages, stream = [], b""
    for _ in range(12):
        message = "".join(random.choices("a\u20ac\U0001f642", k=random.choice([0, 1, 5, 300])))
        octets = message.encode()
        cuts = sorted(random.choices(range(len(octets) + 1), k=random.choice([0, 0, 1, 4])))
        pieces = [octets[i:j] for i, j in zip([0, *cuts], [*cuts, len(octets)], strict=True)]
        opcode = random.choice([1, 2])
        messages.append(message if opcode == 1 else octets)
        for number, piece in enumerate(pieces):
            first = (0 if number else opcode) | (FIN if number == len(pieces) - 1 else 0)
            stream += frame(first, piece) + (frame(PONG) if random.random() < 0.1 else b"")
    reader = Reader(ws, random)
    reading = asyncio.create_task(reader.read(messages))
    while stream:
        for _ in range(random.choice([0, 1, 5])):
            await asyncio.sleep(0)
        if transport.reading:
            size = random.choice([1, 7, 100, 5000])
            ws.data_received(stream[:size])
            stream = stream[size:]
        else:
            await asyncio.sleep(0)
    await reading
    for got, message in zip(reader.got, messages, strict=True):
        how, content = got if isinstance(got, tuple) else ("whole", got)
        assert type(content) is type(message)
        assert message.startswith(content) if how == "left" else message == content
    assert ws.counters.messages_received == len(messages)
    ws.connection_lost(None)


@pytest.mark.parametrize(
    ("message", "size", "sizes"),
    [("", 1, [0]), ("äbc", 2, [3, 1]), (b"abcd", 2, [2, 2]), (bytearray(b"abc"), 3, [3]), (memoryview(b"abc"), 4, [3])],
)
@asyncio_test
async def test_a_message_is_cut_into_fragments_of_a_size(message, size, sizes):
    async with server_end() as (raw, ws):
        await ws.send(refws.fragments(message, size))
        for number, octets in enumerate(sizes, 1):
            first, payload = await raw.frame()
            assert (first & FIN != 0, len(payload)) == (number == len(sizes), octets)


def test_a_fragment_is_not_empty_and_of_a_message():
    with pytest.raises(refws.UsageError, match="at least 1"):
        refws.fragments("abc", 0)
    with pytest.raises(refws.UsageError, match="not int"):
        refws.fragments(5, 1)
