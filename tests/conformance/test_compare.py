import itertools

import pytest

from conformance import results as model
from conformance.autobahn.cases import ALL_CASES, CORE
from conformance.compare import REGRESSIONS, Kind, compare, has_failed, lapses, shortcomings
from conformance.failure import HarnessFailure
from conformance.paths import REPORTS
from conformance.results import CaseResult, Results, load

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


def test_a_testee_that_is_absent_has_disappeared_unless_it_was_not_asked_for():
    old, new = results("client", c1_1_1=OK, c2_1=OK), results("server", c1_1_1=OK)
    assert [change.kind for change in compare(old, new)] == [Kind.APPEARED, Kind.DISAPPEARED, Kind.DISAPPEARED]
    assert [change.kind for change in compare(old, new, {"server": ["1.1.1"]})] == [Kind.APPEARED]
    assert [change.case for change in compare(old, new, {"client": ["2.1"]})] == ["2.1"]


def test_each_host_is_compared_with_itself():
    old = Results({name: model.TesteeResults("refws", {"1.1.1": OK}) for name in ("client", "server-b", "server")})
    failed = CaseResult("FAILED", "OK", 1000)
    new = Results({**old.testees, "server-b": model.TesteeResults("refws", {"1.1.1": failed})})
    assert [str(change) for change in compare(old, new)] == ["worse: server-b 1.1.1 behavior: OK -> FAILED"]
    assert [change.testee for change in compare(old, Results({}))] == ["server", "server-b", "client"]


def test_only_what_was_asked_for_counts():
    old, new = results(c1_1_1=OK, c2_1=OK), results(c1_1_1=OK)
    assert compare(old, new, {"server": {"1.1.1"}}) == []
    assert [change.case for change in compare(old, new, {"server": {"1.1.1", "2.1"}})] == ["2.1"]


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


STRICT = dict.fromkeys(ALL_CASES, OK)
INFORMATIONAL = CaseResult("INFORMATIONAL", "INFORMATIONAL", 1000)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"7.1.6": INFORMATIONAL, "7.13.1": INFORMATIONAL, "7.13.2": INFORMATIONAL}, []),
        ({"7.1.5": INFORMATIONAL}, ["7.1.5"]),
        ({"7.1.6": CaseResult("NON-STRICT", "OK", 1000)}, ["7.1.6"]),
        (
            {"6.4.1": CaseResult("NON-STRICT", "OK", 1000), "10.1.1": CaseResult("OK", "UNCLEAN", None)},
            ["6.4.1", "10.1.1"],
        ),
        ({"12.1.1": CaseResult("FAILED", "FAILED", None)}, []),
    ],
)
def test_strictly_ok_is_ok_in_every_case_of_groups_1_to_10(changes, expected):
    assert lapses(model.TesteeResults("refws", STRICT | changes)) == expected


def test_a_case_that_is_absent_is_not_strictly_ok():
    assert lapses(model.TesteeResults("refws", {case: OK for case in CORE if case != "5.1"})) == ["5.1"]


def test_the_committed_reports_are_strictly_ok_on_every_host():
    committed = load(REPORTS / "autobahn.json")
    assert {name: lapses(testee) for name, testee in committed.testees.items() if lapses(testee)} == {}
    assert committed.testees
