"""Every clause that a peer can see is judged, or is said to be none that can be; and the cases are in order."""

from collections import Counter

from conformance.autobahn.cases import ALL_CASES
from refws.clauses.ledger import lookup
from refws.oracle.case import Case
from refws.oracle.cases import all_cases, case_modules
from refws.oracle.coverage import coverage_of, judged_clauses, not_shown, visible_clauses
from refws.oracle.referee import CLAUSES
from refws.oracle.verdict import Verdict

UNKNOWN = "1.1-p1-s1"
"""No requirement: alone here, for what a test names has to be in the ledger."""
EXPLAINED = Counter(clause for module in case_modules() for clause in getattr(module, "NOT_SHOWN", {}))
"""How many modules explain why a clause is not shown."""


def test_what_a_peer_can_see_is_judged_or_explained_once() -> None:
    judged = judged_clauses()
    assert len(visible_clauses()) > 500
    assert [one for one in visible_clauses() if (one in judged) + EXPLAINED[one] != 1] == []


def test_only_what_a_peer_can_see_is_explained() -> None:
    assert set(EXPLAINED) <= set(visible_clauses())
    assert {clause for clause, reason in not_shown().items() if len(reason) < 20} == set()
    assert list(not_shown()) == sorted(EXPLAINED, key=visible_clauses().index)


def test_what_the_referee_watches_is_in_the_ledger() -> None:
    assert {clause for clause in CLAUSES if [found.name for found in lookup(clause)] != [clause]} == set()


def test_cases_have_names_of_their_own() -> None:
    assert [name for name, count in Counter(case.id for case in all_cases()).items() if count > 1] == []


def test_autobahns_cases_are_all_here_once() -> None:
    assert Counter(case.alias for case in all_cases() if case.alias) == Counter(ALL_CASES)
    assert len(ALL_CASES) == 517


def test_cases_are_whole() -> None:
    assert {case.id: wrong for case in all_cases() if (wrong := wrong_with(case))} == {}


def wrong_with(case: Case) -> list[str]:
    unknown = [one for one in case.clauses if [found.name for found in lookup(one)] != [one]]
    checks = {
        "no title": not case.title.strip(),
        "no clause": not case.clauses,
        "no role": not case.roles,
        f"clauses that the ledger does not have: {unknown}": bool(unknown),
        "nothing that is right": not callable(case.stimulus)
        and all(one.verdict is not Verdict.PASS for one in case.allowed),
        "no reason": any(not one.why and one.verdict is not Verdict.PASS for one in case.allowed),
    }
    return [what for what, is_so in checks.items() if is_so]


def test_coverage_of_a_clause() -> None:
    ping = coverage_of("rfc6455:5.5-p3-s1/1")
    assert "5.5/ping-of-126-octets" in [case.id for case in ping.cases]
    assert (ping.by_referee, ping.not_shown) == (True, "")
    assert coverage_of(f"rfc6455:{UNKNOWN}").cases == ()
    unseen = next(iter(not_shown()))
    assert coverage_of(unseen).cases == ()
    assert coverage_of(unseen).not_shown == not_shown()[unseen]
