import itertools

import pytest

from conformance import results as model
from conformance.compare import REGRESSIONS, Kind, compare, has_failed, shortcomings
from conformance.failure import HarnessFailure
from conformance.results import CaseResult, Results

OK = CaseResult("OK", "OK", 1000)


def results(role="server", version="25.10.1", **cases):
    named = {name.replace("_", "."): case for name, case in cases.items()}
    return Results({role: model.TesteeResults("refws", {name[1:]: case for name, case in named.items()})}, version)


def kinds(old, new):
    return [(change.kind, change.what) for change in compare(results(c1_1_1=old), results(c1_1_1=new))]


LADDER = ["OK", "NON-STRICT", "UNIMPLEMENTED", "FAILED"]


@pytest.mark.parametrize(("better", "worse"), list(itertools.combinations(LADDER, 2)))
def test_verdicts_are_ordered(better, worse):
    top, bottom = CaseResult(better, "OK", 1000), CaseResult(worse, "OK", 1000)
    assert kinds(top, bottom) == [(Kind.WORSE, "behavior")]
    assert kinds(bottom, top) == [(Kind.BETTER, "behavior")]


def test_equal_ranks_are_listed_and_are_not_worse():
    assert kinds(OK, CaseResult("INFORMATIONAL", "OK", 1000)) == [(Kind.CHANGED, "behavior")]
    assert kinds(CaseResult("FAILED", "OK", 1), CaseResult("WRONG CODE", "OK", 1)) == [(Kind.CHANGED, "behavior")]
    assert kinds(OK, CaseResult("OK", "OK", 1002)) == [(Kind.CHANGED, "remoteCloseCode")]
    assert Kind.CHANGED not in REGRESSIONS


def test_a_word_nobody_knows_is_worst():
    assert kinds(CaseResult("UNIMPLEMENTED", "OK", 1), CaseResult("SPLENDID", "OK", 1)) == [(Kind.WORSE, "behavior")]


def test_closing_is_judged_apart():
    assert kinds(CaseResult("FAILED", "OK", 1), CaseResult("OK", "UNCLEAN", 1)) == [
        (Kind.BETTER, "behavior"),
        (Kind.WORSE, "behaviorClose"),
    ]


def test_the_same_is_no_difference():
    assert kinds(OK, OK) == []


def test_cases_appear_and_disappear_in_the_order_of_numbers():
    old, new = results(c6_10_1=OK, c1_1_1=OK), results(c6_9_1=OK, c1_1_1=OK)
    changes = compare(old, new)
    assert [(change.kind, change.case) for change in changes] == [
        (Kind.APPEARED, "6.9.1"),
        (Kind.DISAPPEARED, "6.10.1"),
    ]
    assert str(changes[1]) == "disappeared: server 6.10.1 verdict: OK -> absent"
    assert Kind.DISAPPEARED in REGRESSIONS


def test_a_role_that_is_absent_has_disappeared_unless_it_was_not_asked_for():
    old, new = results("client", c1_1_1=OK, c2_1=OK), results("server", c1_1_1=OK)
    assert [change.kind for change in compare(old, new)] == [Kind.APPEARED, Kind.DISAPPEARED, Kind.DISAPPEARED]
    assert [change.kind for change in compare(old, new, {"1.1.1"})] == [Kind.APPEARED]


def test_only_what_was_asked_for_counts():
    old, new = results(c1_1_1=OK, c2_1=OK), results(c1_1_1=OK)
    assert compare(old, new, {"1.1.1"}) == []
    assert [change.case for change in compare(old, new, {"1.1.1", "2.1"})] == ["2.1"]


def test_other_versions_of_the_suite_cannot_be_compared():
    with pytest.raises(HarnessFailure, match=r"0\.8\.2"):
        compare(results(version="0.8.2"), results())


@pytest.mark.parametrize(
    ("behavior", "closing", "failed"),
    [
        ("OK", "OK", False),
        ("INFORMATIONAL", "INFORMATIONAL", False),
        ("UNIMPLEMENTED", "OK", False),
        ("NON-STRICT", "OK", True),
        ("OK", "UNCLEAN", True),
        ("FAILED", "FAILED", True),
    ],
)
def test_without_a_committed_report_only_good_verdicts_pass(behavior, closing, failed):
    case = CaseResult(behavior, closing, None)
    assert has_failed(case) is failed
    assert len(shortcomings(results(c1_1_1=case, c1_1_2=OK))) == failed
