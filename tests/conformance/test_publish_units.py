"""The parts `publish` is made of: payloads, wire logs, plain text, the catalogue, the order of verdicts."""

import pytest

from conformance.autobahn.cases import ALL_CASES
from conformance.publish.catalogue import SECTIONS, by_group, group_name, sections_of
from conformance.publish.payload import Payload, from_log
from conformance.publish.rawcase import plain
from conformance.publish.verdicts import in_order, tone
from conformance.publish.wirelog import close_begun_by_testee, normalise

# ---- payloads ----


@pytest.mark.parametrize(
    ("logged", "length", "shown", "hidden"),
    [
        ("", 0, b"", 0),
        ("Hello", 5, b"Hello", 0),
        ("0x03e8", 2, b"\x03\xe8", 0),
        ("0x03e8", 6, b"0x03e8", 0),  # text that looks like hexadecimal
        ("0x", 0, b"", 0),
        ("0x", 2, b"0x", 0),
        ("*" * 60, 60, b"*" * 60, 0),
        ("*" * 61 + " ...", 61, b"*" * 61, 0),  # marked as cut, and whole all the same
        ("*" * 64 + " ...", 64, b"*" * 64, 0),
        ("*" * 64 + " ...", 65, b"*" * 64, 1),
        ("*" * 64 + " ...", 65536, b"*" * 64, 65472),
        ("0x" + "fe" * 64 + " ...", 126, b"\xfe" * 64, 62),
        ("wait ...", 8, b"wait ...", 0),  # the mark as part of a short text
        ("µ", 2, "µ".encode(), 0),
        ("\ud800", 3, b"\xed\xa0\x80", 0),
        ("\U00010000", 4, "\U00010000".encode(), 0),
        ("\U00010000", 6, b"\xed\xa0\x80\xed\xb0\x80", 0),  # a pair of surrogates, each in three octets
        ("Hello", None, b"Hello", 0),
        ("0xfe", None, b"\xfe", 0),
        ("*" * 63 + " ...", None, b"*" * 63, 0),
        ("*" * 64 + " ...", None, b"*" * 64, None),
    ],
)
def test_the_octets_of_a_payload_are_found_again(logged, length, shown, hidden):
    assert from_log(logged, length) == Payload(shown, hidden)


@pytest.mark.parametrize(
    ("payload", "page"),
    [
        (Payload(b""), ["t", "", 0]),
        (Payload(b"abc", 7), ["t", "abc", 7]),
        (Payload(b"\xed\xa0\x80"), ["x", "eda080", 0]),
        (Payload(b"a", None), ["t", "a", -1]),
    ],
)
def test_a_payload_is_text_when_it_is_utf8_and_hexadecimal_when_not(payload, page):
    assert payload.to_page() == page


# ---- the wire log ----


def sent(opcode=1, text="x", *, fin=True, rsv=0, mask="00c0ffee", repeat_to=None, chop=None):
    return ["TF", [len(text), text], opcode, fin, rsv, mask, repeat_to, chop, False]


def received(opcode=1, text="x", *, fin=True, rsv=0, masked=False, mask=None):
    return ["RF", [len(text), text], opcode, fin, rsv, masked, mask]


def test_octets_as_tcp_cut_them_are_left_out():
    assert normalise([["TO", [1, "00"], False], sent(), ["RO", [2, "0000"]], ["RO", [1, "00"]]]) == normalise([sent()])


@pytest.mark.parametrize(
    ("line", "direction", "flags"),
    [
        (sent(), ">", 3),
        (sent(mask=None), ">", 1),
        (sent(fin=False), ">", 2),
        (sent(rsv=7), ">", 31),
        (received(), "<", 1),
        (received(masked=True, mask="11223344"), "<", 3),
        (received(rsv=4, fin=False), "<", 16),
    ],
)
def test_a_frame_keeps_its_header_and_no_masking_key(line, direction, flags):
    assert normalise([line]) == [[direction, 1, flags, 1, ["t", "x", 0], {}]]


def test_a_close_frame_tells_its_code_and_reason():
    [empty, odd, bare, code, text] = normalise(
        [
            sent(8, ""),
            sent(8, "a"),
            ["TF", [2, "0x03e8"], 8, True, 0, None, None, None, False],
            ["RF", [6, "0x03ea676f6e65"], 8, True, 0, False, None],
            ["RF", [2, "\x04L"], 8, True, 0, False, None],  # 1100, whose octets happen to be text
        ]
    )
    assert empty[4:] == [["t", "", 0], {}]
    assert odd[4:] == [["t", "a", 0], {}]
    assert bare[4:] == [["t", "", 0], {"code": 1000}]
    assert code[4:] == [["t", "gone", 0], {"code": 1002}]
    assert text[4:] == [["t", "", 0], {"code": 1100}]


def test_equal_frames_in_a_row_are_counted():
    log = normalise([sent(), sent(mask="ffffffff"), sent(), sent(text="y"), sent(), ["TIE"], ["TIE"]])
    assert [entry[5].get("count", 1) for entry in log[:-1]] == [3, 1, 1]
    assert log[-1] == ["!", "time is up: the suite starts to close the connection (2 times)"]


def test_how_the_suite_sent_a_frame_is_kept():
    [frame] = normalise([sent(repeat_to=262144, chop=997)])
    assert frame[5] == {"repeatTo": 262144, "chop": 997}


def test_every_kind_of_entry_has_its_sentence():
    log = normalise(
        [
            ["WLM", False],
            ["WLM", True],
            ["CT", 1, "A"],
            ["CTE", "A"],
            ["CT", 0.5, None],
            ["CTE", None],
            ["KL", 1],
            ["KLE"],
            ["TI", 60],
            ["TIE"],
        ]
    )
    assert [entry[1] for entry in log] == [
        "the suite stops logging, for the messages are many",
        "the suite logs again",
        "wait A of 1 s begins",
        "wait A is over, the connection still stands",
        "the wait of 0.5 s begins",
        "the wait is over, the connection still stands",
        "the suite will fail the connection if it still stands after 1 s",
        "time is up: the suite fails the connection",
        "the suite will close the connection if it still stands after 60 s",
        "time is up: the suite starts to close the connection",
    ]


@pytest.mark.parametrize(
    ("log", "by_testee"),
    [
        ([], False),
        ([sent(), received()], False),
        ([sent(8, ""), received(8, "")], False),
        ([["KL", 1], received(8, ""), sent(8, "")], True),
    ],
)
def test_who_began_to_close(log, by_testee):
    assert close_begun_by_testee(normalise(log)) is by_testee


# ---- plain text ----


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one<br>two<BR/>three<br />four", "one\ntwo\nthree\nfour"),
        ("one\ntwo   three", "one two three"),
        ("a<br><br><br><br>b", "a\n\nb"),
        ("with <b>autoFragmentSize = 1300</b>.", "with autoFragmentSize = 1300."),
        ("  1 < 2 &amp; <i>so on</i> ", "1 < 2 &amp; <i>so on</i>"),
        ("<brx>", "<brx>"),
    ],
)
def test_descriptions_become_plain_text_and_lose_nothing_else(text, expected):
    assert plain(text) == expected


# ---- the catalogue ----


def cases_of(*names):
    return {case_id for case_id in ALL_CASES for section in sections_of(case_id) if section.name in names}


def test_every_case_exercises_a_section():
    assert [case_id for case_id in ALL_CASES if not sections_of(case_id)] == []


def test_every_span_of_a_section_holds_a_case():
    for section in SECTIONS:
        for span in section.cases.split():
            alone = type(section)(section.rfc, section.number, section.title, span)
            assert any(alone.exercised_by(case_id) for case_id in ALL_CASES), (section.name, span)


def test_group_6_is_either_valid_text_or_an_error():
    group = {case_id for case_id in ALL_CASES if case_id.startswith("6.")}
    valid, invalid = group & cases_of("rfc6455-5.6"), group & cases_of("rfc6455-8.1")
    assert valid | invalid == group
    assert not valid & invalid
    assert (len(valid), len(invalid)) == (70, 75)
    assert invalid == group & cases_of("rfc6455-7.1.7")


def test_compression_belongs_to_rfc_7692_and_nothing_else_does():
    of_compression = {case_id for case_id in ALL_CASES if case_id.startswith(("12.", "13."))}
    names = [section.name for section in SECTIONS if section.rfc == "rfc7692"]
    assert cases_of(*names) == of_compression
    assert cases_of("rfc7692-6.2") == {case_id for case_id in of_compression if int(case_id.split(".")[2]) > 10}


@pytest.mark.parametrize(
    ("section", "inside", "outside"),
    [
        ("5.2", ["1.1.1", "3.7", "4.2.5", "9.2.6"], ["9.3.1", "10.1.1", "2.1", "13.1.1"]),
        ("5.4", ["5.3", "5.20", "7.1.5", "10.1.1"], ["5.1", "5.2", "7.1.4", "9.5.1"]),
        ("5.5", ["2.5", "5.1", "5.2", "7.3.6"], ["2.4", "2.6", "5.3", "7.3.5"]),
        ("5.5.3", ["2.7", "2.11"], ["2.5", "1.1.1"]),
        ("7.4.1", ["7.7.1", "7.7.9", "7.9.3", "7.9.5"], ["7.7.10", "7.9.2", "7.9.6", "7.13.1"]),
        ("7.4.2", ["7.7.10", "7.7.13", "7.9.1", "7.9.2", "7.9.6", "7.9.9", "7.13.2"], ["7.7.1", "7.9.3", "7.1.1"]),
    ],
)
def test_the_edges_of_sections(section, inside, outside):
    cases = cases_of(f"rfc6455-{section}")
    assert cases >= set(inside)
    assert not cases & set(outside)


def test_a_span_is_the_beginning_of_an_id_and_not_of_its_digits():
    [section] = [section for section in SECTIONS if section.name == "rfc6455-5.2"]
    assert section.exercised_by("9.1.1")
    assert not section.exercised_by("9.10.1")
    assert not section.exercised_by("11.1")
    assert section.url == "https://www.rfc-editor.org/rfc/rfc6455#section-5.2"


def test_groups_and_cases_come_in_the_order_of_their_numbers():
    groups = by_group(["10.1.1", "2.10", "2.9", "1.1.1"])
    assert list(groups.items()) == [("1", ["1.1.1"]), ("2", ["2.9", "2.10"]), ("10", ["10.1.1"])]


def test_every_group_has_a_name_and_a_strange_one_its_number():
    assert not [group for group in by_group(ALL_CASES) if group_name(group).startswith("Group")]
    assert group_name("99") == "Group 99"


# ---- verdicts ----


def test_verdicts_come_best_first_and_unknown_ones_last():
    verdicts = ["ZZ", "FAILED", "OK", "AA", "UNIMPLEMENTED", "OK", "NON-STRICT"]
    assert in_order(verdicts) == ["OK", "NON-STRICT", "UNIMPLEMENTED", "FAILED", "AA", "ZZ"]


@pytest.mark.parametrize(
    ("verdict", "expected"), [("OK", "good"), ("WRONG CODE", "weak"), ("UNCLEAN", "bad"), ("?", "bad")]
)
def test_an_unknown_verdict_looks_bad(verdict, expected):
    assert tone(verdict) == expected
