"""A document of our own in the format of the RFCs, and the ledger of its requirements."""

import hashlib

from refws.clauses.ledger import Document, read_document

# The footer and the header of a page stand in the middle of the second sentence, of an item, and between paragraphs.
TEXT = """\N{BYTE ORDER MARK}



Lamp Task Force                                                A. Wick
Request for Comments: 99001                                November 2026


                          The Small Lamp Protocol

Abstract

   A lamp that listens.

Table of Contents

   1. Lamps ........................................................2
   1.1. Colours . . . . . . . . . . . . . . . . . . . . . . . . . . 2
   Appendix A. Shades ..............................................3

1.  Lamps

   A lamp MUST stay dark until somebody tells it to shine.  While it
   shines, it SHOULD NOT flicker, and it MUST NOT

Wick                         Standards Track                    [Page 1]
\f
RFC 99001                   Small Lamp Protocol            November 2026


   buzz.  Any lamp (e.g. a red one) may be sold by A. Wick.

      lamp-state = "on" / "off"
                   ; there is no third
      lamp-level = 1*DIGIT

   o  A lamp MAY
      blink.
   o  Blinking is REQUIRED

Wick                         Standards Track                    [Page 2]
\f
RFC 99001                   Small Lamp Protocol            November 2026

      of lamps that warn.

      +------+     +------+
      | lamp |-----| plug |
      +------+     +------+

   plug
      Where the current comes from.  It is RECOMMENDED.

1.1.  Colours, and Whatever Else a Lamp
      Can Show

   Colours are sent in big-
   endian order.

Wick                         Standards Track                    [Page 3]
\f
RFC 99001                   Small Lamp Protocol            November 2026

   White is a colour.

Appendix A.  Shades

   A shade is OPTIONAL.

A.1.  Paper

   Paper SHALL NOT burn.

Author's Address

   A. Wick

Wick                         Standards Track                    [Page 4]
"""

SENTENCES = {
    "1-p1-s1": "A lamp MUST stay dark until somebody tells it to shine.",
    "1-p1-s2": "While it shines, it SHOULD NOT flicker, and it MUST NOT buzz.",
    "1-p1-s3": "Any lamp (e.g. a red one) may be sold by A. Wick.",
    "1-p2-s1": 'lamp-state = "on" / "off" ; there is no third',
    "1-p2-s2": "lamp-level = 1*DIGIT",
    "1-p3-s1": "A lamp MAY blink.",
    "1-p4-s1": "Blinking is REQUIRED of lamps that warn.",
    "1-p5-s1": "+------+ +------+ / | lamp |-----| plug | / +------+ +------+",
    "1-p6-s1": "Where the current comes from.",
    "1-p6-s2": "It is RECOMMENDED.",
    "1.1-p1-s1": "Colours are sent in big-endian order.",
    "1.1-p2-s1": "White is a colour.",
    "A-p1-s1": "A shade is OPTIONAL.",
    "A.1-p1-s1": "Paper SHALL NOT burn.",
}


def digest(sentence: str) -> str:
    return hashlib.sha1(SENTENCES[sentence].encode()).hexdigest()[:12]


def record(name: str, level: str, keyword: str = "", /, **fields: object) -> str:
    """One record as TOML; fields replace what is usual, and None leaves one out."""
    usual = {
        "level": level,
        "kind": "keyword" if keyword else "def",
        **({"keyword": keyword} if keyword else {}),
        "who": ["both"],
        "obligation": "both",
        "rule": "A rule.",
        "digest": digest(name.partition("/")[0]),
        "wire": "yes",
    }
    lines = [f"{key} = {_toml(value)}" for key, value in {**usual, **fields}.items() if value is not None]
    return "\n".join([f'[clauses."{name}"]', *lines, ""])


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).replace("'", '"')


RECORDS = {
    "1-p1-s1": record("1-p1-s1", "MUST", "MUST"),
    "1-p1-s2/1": record("1-p1-s2/1", "SHOULD NOT", "SHOULD NOT"),
    "1-p1-s2/2": record("1-p1-s2/2", "MUST NOT", "MUST NOT"),
    "1-p2-s1": record("1-p2-s1", "MUST"),
    "1-p3-s1": record("1-p3-s1", "MAY", "MAY", excused="permission: these lamps do not blink."),
    "1-p4-s1": record("1-p4-s1", "MUST", "REQUIRED"),
    "1-p6-s1": record("1-p6-s1", "meta", kind="meta", obligation="none"),
    "1-p6-s2": record("1-p6-s2", "SHOULD", "RECOMMENDED", todo="Find a plug."),
    "1.1-p1-s1": record("1.1-p1-s1", "MUST", autobahn="direct: 1.2.*"),
    "A-p1-s1": record("A-p1-s1", "MAY", "OPTIONAL"),
    "A.1-p1-s1": record("A.1-p1-s1", "MUST NOT", "SHALL NOT"),
}

HEAD = """\
[document]
name = "lamps"
title = "The Small Lamp Protocol"
url = "https://lamps.example/rfc99001"
requirements = 10

[sections]
"1" = "Lamps"
"1.1" = "Colours, and Whatever Else a Lamp Can Show"
"A" = "Shades"
"A.1" = "Paper"

"""


def small(changes: dict[str, str | None] | None = None, head: str = HEAD) -> Document:
    """The document with some records replaced, or left out."""
    records = {**RECORDS, **(changes or {})}
    return read_document(head + "\n".join(text for text in records.values() if text is not None))
