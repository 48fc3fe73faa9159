"""Payloads for cases that send much: the same in every run, made here, of several kinds and any length."""

import hashlib
import random
from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Final

__all__ = ["KINDS", "binary_like", "json_like", "markup_like", "picture_like", "prose_like", "unrepeated"]

SIZE = 256 * 1024
"""Octets (characters, of text) of each kind, at least; whoever wants more goes round."""

_TEXT = (
    "a all and another any are as at be before behind brook bring by cloud come day dark did does door each evening "
    "far field find first fire for forest from garden gave go green hand have he hear her hill home house in into is "
    "it its keep know land last leave light like little long look man many may moon morning mountain name near never "
    "night no not now of old on once one open or other out over people place rain ring river road said sea see she "
    "silver small so some song star still stone story street sun that the their them then there they thing this time "
    "to town tree under until up upon voice wait walk wall was water way we were what when where which while white "
    "wind window winter with wood word world year you young grüße straße œuvre naïve façade señor žába"
)
_WORDS = _TEXT.split()


def unrepeated(size: int, seed: str = "") -> bytes:
    """Octets in which a compressor finds nothing: no three of them stand anywhere twice, but by rare chance."""
    blocks = (hashlib.sha256(f"{seed}{number}".encode()).digest() for number in count())
    out = bytearray()
    while len(out) < size:
        out += next(blocks)
    return bytes(out[:size])


def _sentences(seed: str) -> list[str]:
    chance = random.Random(seed)  # noqa: S311 (it is to be the same every time)
    made: list[str] = []
    size = 0
    while size < SIZE:
        words = chance.choices(_WORDS, k=chance.randint(4, 18))
        if len(words) > 9:
            words[5] += ","
        made.append(" ".join(words).capitalize() + chance.choice((".", ".", ".", "?", "!")))
        size += len(made[-1])
    return made


@cache
def json_like() -> str:
    """Text like a long JSON document: records with the same keys and other values."""
    chance = random.Random("json")  # noqa: S311
    records: list[str] = []
    size, sentences = 0, iter(_sentences("json"))
    while size < SIZE:
        number = len(records)
        active = chance.choice(("true", "false"))
        name = " ".join(chance.choices(_WORDS, k=2)).title()
        tags = ", ".join(f'"{word}"' for word in chance.choices(_WORDS, k=chance.randint(0, 4)))
        records.append(
            f'  {{"id": {number}, "guid": "{chance.getrandbits(64):016x}", "active": {active},\n'
            f'   "balance": {chance.randint(0, 10**7) / 100}, "name": "{name}",\n'
            f'   "position": [{chance.uniform(-90, 90):.6f}, {chance.uniform(-180, 180):.6f}], "tags": [{tags}],\n'
            f'   "about": "{next(sentences)}"}}'
        )
        size += len(records[-1]) + 2
    return "[\n" + ",\n".join(records) + "\n]\n"


@cache
def markup_like() -> str:
    """Text like a long page of markup: tables, lists and paragraphs with long attributes that come again."""
    chance = random.Random("markup")  # noqa: S311
    parts, size = ["<!doctype html>\n<html><body>\n"], 0
    for number, sentence in enumerate(_sentences("markup")):
        address = f"/wiki/{chance.choice(_WORDS)}/{chance.randint(1, 999)}#section-{number % 40}"
        part = (
            f'<tr class="row row-{"odd" if number % 2 else "even"}"><td class="number" align="right">{number}</td>'
            f'<td class="text"><a href="{address}" title="{sentence[:20]}" rel="nofollow">{sentence}</a></td></tr>\n'
        )
        parts.append(part)
        size += len(part)
        if size > SIZE:
            break
    return "".join(parts) + "</body></html>\n"


@cache
def prose_like() -> bytes:
    """Octets like a book: sentences in lines of about 72 characters, in UTF-8."""
    lines, line = [], ""
    for word in " ".join(_sentences("prose")).split():
        if len(line) + len(word) > 71:
            lines.append(line)
            line = ""
        line += (" " if line else "") + word
    return "\r\n".join([*lines, line]).encode()


@cache
def picture_like() -> bytes:
    """Octets like a picture without compression: a value for each dot, near that of the dot before, with some noise."""
    noise = random.Random("picture").randbytes(SIZE)  # noqa: S311
    out, value = bytearray(), 128
    for at, octet in enumerate(noise):
        value += (octet & 7) - 3 + (128 - value) // 100 + (24 if at % 512 == 0 else 0)
        value = min(max(value, 0), 255)
        out.append(value)
    return bytes(out)


@cache
def binary_like() -> bytes:
    """Octets like a document that holds compressed parts: some text, and long runs in which nothing repeats."""
    text, out, number = prose_like(), bytearray(), 0
    while len(out) < 2 * SIZE:
        at = number * 700 % (len(text) - 700)
        out += b"%d 0 obj << /Length 4096 >> stream\n" % number
        out += unrepeated(4096, f"part {number} ") + b"\nendstream endobj\n" + text[at : at + 700]
        number += 1
    return bytes(out)


KINDS: Final[dict[str, Callable[[], str] | Callable[[], bytes]]] = {
    "json": json_like,
    "picture": picture_like,
    "prose": prose_like,
    "markup": markup_like,
    "binary": binary_like,
}
"""The kinds by name, in the order of Autobahn's group 12; what is a `str` goes as text."""
