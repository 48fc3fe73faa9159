import pytest

from conformance.autobahn.cases import ALL_CASES
from conformance.selection import UnknownCases, select


def test_nothing_wanted_is_everything():
    assert select([]) == ALL_CASES


@pytest.mark.parametrize(
    ("patterns", "first", "last", "count"),
    [
        (["5.*"], "5.1", "5.20", 20),
        (["7.1.*"], "7.1.1", "7.1.6", 6),
        (["7.1*"], "7.1.1", "7.13.2", 8),
        (["10.*"], "10.1.1", "10.1.1", 1),
        (["1.*"], "1.1.1", "1.2.8", 16),
        (["*.1.1"], "1.1.1", "13.1.1", 8),
        (["9.3.1"], "9.3.1", "9.3.1", 1),
        (["1-10"], "1.1.1", "10.1.1", 301),
        (["12-13"], "12.1.1", "13.7.18", 216),
        (["sample"], "1.1.1", "13.7.15", 355),
        (["2.*, 1.*", "1.1.1"], "1.1.1", "2.11", 27),
    ],
)
def test_patterns_are_anchored(patterns, first, last, count):
    cases = select(patterns)
    assert (cases[0], cases[-1], len(cases)) == (first, last, count)


def test_unwanted_cases_are_left_out():
    assert select(["1.1.*"], ["1.1.2,1.1.4", "1.1.5"]) == ("1.1.1", "1.1.3", "1.1.6", "1.1.7", "1.1.8")


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("5", "did you mean 5.*?"),
        ("7.13", "did you mean 7.13.*?"),
        ("5.21", "did you mean"),
        ("8.*", "did you mean"),
        ("10-1", "no case matches '10-1'"),
        ("ping", "the groups are"),
        ("5.[12]", "no case matches"),
        ("", "no case matches ''"),
    ],
)
def test_a_pattern_that_matches_nothing_is_refused_with_a_suggestion(pattern, words):
    with pytest.raises(UnknownCases) as caught:
        select([pattern])
    assert words in str(caught.value)


def test_a_pattern_of_unwanted_cases_must_match_too():
    with pytest.raises(UnknownCases, match="99"):
        select([], ["99.*"])


def test_leaving_out_everything_is_refused():
    with pytest.raises(UnknownCases, match="no case is left"):
        select(["2.*"], ["2.*"])
