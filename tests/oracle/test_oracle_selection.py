"""Which cases are meant, and what is said where none is."""

import pytest
from sample_reports import CASES, CODES, DEFLATE, FRAGMENTS, LONG, ONLY_CLIENT, PING, TEXT

from refws.oracle.cases import all_cases
from refws.oracle.selection import UnknownName, select
from refws.oracle.verdict import Role


def ids(**how):
    return [case.id for case in select(CASES, **how)]


def test_everything_in_its_order_where_nothing_is_asked_for():
    assert select(CASES) == list(CASES)


@pytest.mark.parametrize(
    ("name", "cases"),
    [
        ("5.5/long-ping", [LONG]),
        ("5.5/*", [LONG]),
        ("5.5/", [LONG]),
        ("*/*ping", [PING, LONG]),
        ("7.9.1", [CODES]),
        ("7", [CODES, FRAGMENTS]),
        ("7.*", [CODES, FRAGMENTS]),
        ("7.*.1", [CODES, FRAGMENTS]),
        ("7.9*", [CODES]),
        ("7.13", [FRAGMENTS]),
        ("1-2", [PING, LONG, TEXT]),
        ("1-2.2", [PING, TEXT]),
        ("2.3-7.9", [LONG, CODES]),
        ("7.9.1-7.13.1", [CODES, FRAGMENTS]),
        ("10-12", [DEFLATE]),
        (" 2.5 , 1.1.1,", [LONG, TEXT]),
        ("7692:7.2.2/", [DEFLATE]),
    ],
)
def test_names(name, cases):
    assert ids(names=[name]) == [case.id for case in cases]


@pytest.mark.parametrize("name", ["7.1", "7.1*", "7.1.*", "7.1.1", "1.1.11", "2.55", "5.5/long", "5.5", "3-6", "x"])
def test_names_are_anchored(name):
    with pytest.raises(UnknownName):
        select(CASES, names=[name])


def test_autobahns_own_names_are_anchored_too():
    assert all(case.alias.startswith("7.1.") for case in select(all_cases(), names=["7.1"]))
    groups = {case.alias.partition(".")[0] for case in select(all_cases(), names=["1-10"])}
    assert groups == {*map(str, range(1, 11))} - {"8"}  # Autobahn has no group 8


def test_clauses_and_sections():
    assert ids(clauses=["5.5-p3-s1/1"]) == [LONG.id]
    assert ids(clauses=["5.5"]) == [PING.id, LONG.id]
    assert ids(clauses=["rfc7692:7.2.2"]) == [DEFLATE.id]
    assert ids(sections=["5.5"]) == [PING.id, LONG.id]
    assert ids(sections=["§5.5.2"]) == [PING.id]
    assert ids(sections=["7"]) == [CODES.id]
    assert ids(sections=["7692:7"]) == ids(sections=["rfc7692:7.2"]) == [DEFLATE.id]
    assert ids(sections=["7.1,5.4"]) == [CODES.id, FRAGMENTS.id]


@pytest.mark.parametrize("level", ["SHOULD", "should"])
def test_levels(level):
    assert ids(levels=[level]) == [CODES.id]
    assert len(ids(levels=["must,SHOULD"])) == len(CASES)


def test_a_level_of_two_words_has_any_form():
    with pytest.raises(UnknownName, match="leave none"):
        select(CASES, levels=["must-not"])


def test_all_that_is_asked_for_has_to_hold():
    assert ids(names=["1-7"], sections=["5.5"], exclude=["2.2"]) == [LONG.id]
    with pytest.raises(UnknownName, match="leave none"):
        select(CASES, names=["2.2"], sections=["7"])


def test_roles():
    assert ONLY_CLIENT.id not in ids(role=Role.SERVER)
    assert CODES.id not in ids(role=Role.CLIENT)
    with pytest.raises(UnknownName, match=r"no such case is for a server; for a client only: 4\.1/accept"):
        select(CASES, names=["4.1/"], role=Role.SERVER)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"names": ["5.5/lng-ping"]}, r"no case is called '5.5/lng-ping'; did you mean 5\.5/long-ping"),
        ({"names": ["5.9/ping"]}, "did you mean 5.5.2/a-ping, 5.5/long-ping"),
        ({"names": ["7.9.2"]}, r"did you mean 7\.9\.1\?"),
        ({"names": ["5.5"]}, "in Autobahn; the cases of section 5.5 are --section 5.5"),
        ({"names": ["zzz"]}, "refws oracle cases lists all"),
        ({"exclude": ["5.5/lng-ping"]}, "did you mean"),
        ({"sections": ["5.55"]}, r"no case is about section '5.55'; did you mean 5\.5"),
        ({"sections": ["x"]}, r"there are 5\.5\.2, 5\.5, 5\.2"),
        ({"clauses": ["5.5-p3-s1/9"]}, "did you mean 5.5-p3-s1"),
        ({"clauses": ["8.1"]}, "no case exercises 8.1"),
        ({"levels": ["OUGHT"]}, "'OUGHT' is no level; there are MUST, MUST NOT"),
    ],
)
def test_a_name_that_means_nothing_is_told_with_a_suggestion(how, said):
    with pytest.raises(UnknownName, match=said) as caught:
        select(CASES, **how)
    assert "\n" not in str(caught.value)
