"""An RFC's text taken apart; the real texts are the audit's (``tox -e ledger``)."""

import hashlib

import pytest
from small_rfc import SENTENCES, TEXT, digest

from refws.clauses.rfctext import KEYWORD, LEVEL_OF, Section, Sentence, read_rfc


def sentences(text: str) -> dict[str, str]:
    return {
        sentence.id: sentence.text
        for section in read_rfc(text)
        if section.is_numbered
        for paragraph in section.paragraphs
        for sentence in paragraph.sentences
    }


def kinds(section: str, text: str = TEXT) -> list[str]:
    return [paragraph.kind for s in read_rfc(text) if s.id == section for paragraph in s.paragraphs]


def body(text: str) -> dict[str, str]:
    return sentences(f"1.  Lamps\n\n{text}")


def test_every_sentence_has_its_id_across_pages_lists_grammar_and_figures():
    assert sentences(TEXT) == SENTENCES


def test_sections_and_appendices_have_numbers_and_the_rest_has_slugs():
    assert [(section.id, section.title, section.is_numbered) for section in read_rfc(TEXT)] == [
        ("front", "front matter", False),
        ("abstract", "Abstract", False),
        ("table-of-contents", "Table of Contents", False),
        ("1", "Lamps", True),
        ("1.1", "Colours, and Whatever Else a Lamp Can Show", True),
        ("A", "Shades", True),
        ("A.1", "Paper", True),
        ("author-s-address", "Author's Address", False),
    ]


def test_paragraphs_have_kinds_and_keep_their_lines():
    assert kinds("1") == ["text", "grammar", "item", "item", "figure", "text"]
    grammar = read_rfc(TEXT)[3].paragraphs[1]
    assert (grammar.id, grammar.raw.splitlines()[1]) == ("1-p2", "                   ; there is no third")


def test_neither_line_ends_nor_a_byte_order_mark_matter():
    assert sentences(TEXT.replace("\n", "\r\n")) == SENTENCES
    assert sentences(TEXT.removeprefix("\N{BYTE ORDER MARK}")) == SENTENCES
    assert sentences(TEXT.replace("\n\f\n", "\n\f")) == SENTENCES


def test_a_digest_is_that_of_the_sentence_with_its_white_space_normalised():
    assert Sentence("1-p1-s1", "A lamp.").digest == hashlib.sha1(b"A lamp.").hexdigest()[:12]
    assert digest("1-p1-s1") != digest("1-p1-s2")


def test_keywords_are_capital_whole_words_and_the_longest_first():
    assert Sentence("", "It MUST NOT, MUST, must not, MAYBE and MAY; NOT RECOMMENDED.").keywords == [
        "MUST NOT",
        "MUST",
        "MAY",
        "NOT RECOMMENDED",
    ]


@pytest.mark.parametrize("word", LEVEL_OF)
def test_every_keyword_has_a_level(word):
    assert KEYWORD.findall(f"it {word} be") == [word]
    assert LEVEL_OF[word] in {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"}
    assert word.endswith("NOT") <= LEVEL_OF[word].endswith("NOT")


# Sentences


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("   One.  Two!  Three?  Four", ["One.", "Two!", "Three?", "Four"]),
        ("   One. Not two.", ["One. Not two."]),
        ('   (One.)  "Two."  Three.', ["(One.)", '"Two."', "Three."]),
        ("   See e.g.  this, i.e.\n   that.  End.", ["See e.g.  this, i.e. that.", "End."]),
        ("   By M.  Wick.  End.", ["By M.  Wick.", "End."]),
        ("   It ends.\n   It begins.", ["It ends.", "It begins."]),
        ("   A client-\n   side lamp.", ["A client-side lamp."]),
        ("   Follows: this.", ["Follows: this."]),
        ("   One. _Two_ is a term.", ["One.", "_Two_ is a term."]),
    ],
)
def test_where_a_sentence_ends(text, found):
    assert list(body(text).values()) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("   1.  First.\n   2.  Second\n       line.", {"1-p1-s1": "First.", "1-p2-s1": "Second line."}),
        ("   *  Outer.\n\n      Its second paragraph.", {"1-p1-s1": "Outer.", "1-p2-s1": "Its second paragraph."}),
        ("   term\n      It is explained.", {"1-p1-s1": "It is explained."}),
        ("   no term,\n      but indented.", {"1-p1-s1": "no term, but indented."}),
        ("   a = 1\n   b = 2\n       / 3", {"1-p1-s1": "a = 1", "1-p1-s2": "b = 2 / 3"}),
        ("   GET /lamp HTTP/1.1\n   Host: lamp", {"1-p1-s1": "GET /lamp HTTP/1.1 / Host: lamp"}),
    ],
)
def test_lists_terms_grammar_and_examples(text, found):
    assert body(text) == found


# Page breaks

BREAK = (
    "\n\nWick                Standards Track                [Page 7]\n\f\nRFC 99001        Lamps        May 2026\n\n"
)
FULL = "   " + "word " * 12 + "the end."


@pytest.mark.parametrize(
    ("before", "after", "paragraphs"),
    [
        ("   It goes", "   on.", ["It goes on."]),
        ("   It ends.", "   Another.", ["It ends.", "Another."]),
        ("   It goes", "      deeper.", ["It goes", "deeper."]),
        ("   It goes", "   o  to a list.", ["It goes", "to a list."]),
        ("   o  An item goes", "      on.", ["An item goes on."]),
        ("   o  An item", "   text.", ["An item", "text."]),
        ("   a    b     c", "   d", ["a    b     c", "d"]),
        ("   It goes", "   lamp = token", ["It goes", "lamp = token"]),
        (FULL, "   Extraordinarily long.", None),
    ],
)
def test_whether_a_paragraph_goes_on_behind_a_page_break(before, after, paragraphs):
    text = f"1.  Lamps\n\n{before}{BREAK}{after}\n"
    if paragraphs is None:
        with pytest.raises(ValueError, match=r"nothing tells whether the paragraph goes on behind .*the end"):
            read_rfc(text)
    else:
        assert list(sentences(text).values()) == paragraphs
        assert len(kinds("1", text)) == len(paragraphs)


@pytest.mark.parametrize("text", ["", "\n", BREAK, f"{BREAK}{BREAK}", f"1.  Lamps\n{BREAK}", "\f\f", TEXT[:700]])
def test_texts_that_begin_or_end_anywhere(text):
    assert read_rfc(text)[0].id == "front"


def test_a_page_that_begins_with_a_heading():
    assert sentences(f"1.  Lamps\n\n   It ends.{BREAK}2.  Shades\n\n   New.") == {
        "1-p1-s1": "It ends.",
        "2-p1-s1": "New.",
    }


def test_a_section_without_a_text_has_no_paragraphs():
    assert Section("1", "Lamps").paragraphs == []
