import io

import pytest
from rich.console import Console

from conformance import results as model
from conformance.autobahn.cases import CORE
from conformance.failure import HarnessFailure
from conformance.results import CaseResult, Results, to_json
from conformance.verdict import judge_against, totals, totals_table

OK, LAX = CaseResult("OK", "OK", 1000), CaseResult("NON-STRICT", "OK", 1000)
UNIMPLEMENTED = CaseResult("UNIMPLEMENTED", "OK", 1000)


def results(agent="refws", **testees):
    return Results({name.replace("_", "-"): model.TesteeResults(agent, cases) for name, cases in testees.items()})


def judge(reports, given):
    return judge_against(reports, given, {name: list(testee.cases) for name, testee in given.testees.items()})


@pytest.fixture
def committed(tmp_path):
    def commit(given):
        (tmp_path / "autobahn.json").write_text(to_json(given))
        return tmp_path

    return commit


def test_without_a_committed_report_the_verdicts_must_be_good(tmp_path):
    assert judge(tmp_path, results(server={"1.1.1": OK, "12.1.1": UNIMPLEMENTED})).is_acceptable
    judgement = judge(tmp_path, results(server={"1.1.1": LAX}))
    assert not judgement.is_acceptable
    assert judgement.lines == ["server 1.1.1: behavior NON-STRICT, behaviorClose OK"]


def test_with_one_only_what_is_worse_counts(committed):
    reports = committed(results(server={"1.1.1": LAX, "1.1.2": OK}))
    assert judge(reports, results(server={"1.1.1": LAX, "1.1.2": OK})).is_acceptable
    better = judge(reports, results(server={"1.1.1": OK}))
    assert better.is_acceptable
    assert better.lines == ["better: server 1.1.1 behavior: NON-STRICT -> OK"]
    assert not judge(reports, results(server={"1.1.1": LAX, "1.1.2": LAX})).is_acceptable
    absent = judge_against(reports, results(server={"1.1.1": LAX}), {"server": ["1.1.1", "1.1.2"]})
    assert not absent.is_acceptable
    assert absent.lines == ["disappeared: server 1.1.2 verdict: OK -> absent"]


def test_each_host_is_judged_as_strictly_as_the_first(committed):
    reports = committed(results(server={"1.1.1": LAX}, server_b={"1.1.1": OK}, client={"1.1.1": OK}))
    worse = judge(reports, results(server={"1.1.1": LAX}, server_b={"1.1.1": LAX}))
    assert not worse.is_acceptable
    assert worse.lines == ["worse: server-b 1.1.1 behavior: OK -> NON-STRICT"]


def test_a_host_that_the_committed_report_does_not_have_must_be_good(committed):
    reports = committed(results(server={"1.1.1": LAX}))
    new = judge(reports, results(server={"1.1.1": OK}, server_b={"1.1.1": LAX, "1.1.2": OK}))
    assert not new.is_acceptable
    assert new.lines == [
        "better: server 1.1.1 behavior: NON-STRICT -> OK",
        "server-b 1.1.1: behavior NON-STRICT, behaviorClose OK",
    ]
    assert judge(reports, results(server={"1.1.1": LAX}, server_b={"1.1.1": OK})).is_acceptable


def test_another_agent_is_not_compared_with_the_committed_one(committed):
    reports = committed(results(server={"1.1.1": LAX}))
    assert not judge(reports, results("other", server={"1.1.1": LAX})).is_acceptable


def test_a_committed_report_that_does_not_parse_is_a_failure(tmp_path):
    (tmp_path / "autobahn.json").write_text("{")
    with pytest.raises(HarnessFailure, match="not a conformance report"):
        judge(tmp_path, results())


def test_totals():
    both = results(server={"1.1.1": OK, "1.1.2": LAX}, client={"1.1.1": CaseResult("OK", "UNCLEAN", None)})
    assert totals(both) == "1 passed, 2 failed"
    some = results(server={"1.1.1": OK, "12.1.1": UNIMPLEMENTED, "7.1.6": CaseResult("INFORMATIONAL", "OK", None)})
    assert totals(some) == "1 more are not implemented by the testee\n2 passed, 0 failed"
    strict = dict.fromkeys(CORE, OK)
    assert totals(results(client=strict, server_b=strict, server={**strict, "2.1": LAX})).splitlines() == [
        "strictly OK in groups 1 to 10: server-b, client",
        "902 passed, 1 failed",
    ]


def test_the_table_judges_behavior_and_closing_apart():
    console = Console(file=io.StringIO(), width=80)
    lax = {"1.1.1": CaseResult("NON-STRICT", "WRONG CODE", 1002)}
    console.print(totals_table(Results({"server-http.server": model.TesteeResults("refws", lax)})))
    rows = [
        [cell.strip() for cell in line.split("│")[1:-1]] for line in console.file.getvalue().splitlines() if "│" in line
    ]
    assert rows == [
        ["server-http.server, behavior", "0", "0", "1", "0", "0"],
        ["server-http.server, closing", "0", "0", "0", "0", "1"],
    ]
