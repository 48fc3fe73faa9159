import io

import pytest
from rich.console import Console

from conformance import results as model
from conformance.failure import HarnessFailure
from conformance.results import CaseResult, Results, to_json
from conformance.verdict import judge_against, totals, totals_table

OK, LAX = CaseResult("OK", "OK", 1000), CaseResult("NON-STRICT", "OK", 1000)
UNIMPLEMENTED = CaseResult("UNIMPLEMENTED", "OK", 1000)


def results(agent="refws", **roles):
    return Results({role: model.TesteeResults(agent, cases) for role, cases in roles.items()})


@pytest.fixture
def committed(tmp_path):
    def commit(given):
        (tmp_path / "autobahn.json").write_text(to_json(given))
        return tmp_path

    return commit


def test_without_a_committed_report_the_verdicts_must_be_good(tmp_path):
    assert judge_against(tmp_path, results(server={"1.1.1": OK, "12.1.1": UNIMPLEMENTED}), ["1.1.1"]).is_acceptable
    judgement = judge_against(tmp_path, results(server={"1.1.1": LAX}), ["1.1.1"])
    assert not judgement.is_acceptable
    assert judgement.lines == ["server 1.1.1: behavior NON-STRICT, behaviorClose OK"]


def test_with_one_only_what_is_worse_counts(committed):
    reports = committed(results(server={"1.1.1": LAX, "1.1.2": OK}))
    assert judge_against(reports, results(server={"1.1.1": LAX, "1.1.2": OK}), ["1.1.1", "1.1.2"]).is_acceptable
    better = judge_against(reports, results(server={"1.1.1": OK}), ["1.1.1"])
    assert better.is_acceptable
    assert better.lines == ["better: server 1.1.1 behavior: NON-STRICT -> OK"]
    assert not judge_against(reports, results(server={"1.1.1": LAX, "1.1.2": LAX}), ["1.1.1", "1.1.2"]).is_acceptable
    assert not judge_against(reports, results(server={"1.1.1": LAX}), ["1.1.1", "1.1.2"]).is_acceptable


def test_another_agent_is_not_compared_with_the_committed_one(committed):
    reports = committed(results(server={"1.1.1": LAX}))
    assert not judge_against(reports, results("other", server={"1.1.1": LAX}), ["1.1.1"]).is_acceptable


def test_a_committed_report_that_does_not_parse_is_a_failure(tmp_path):
    (tmp_path / "autobahn.json").write_text("{")
    with pytest.raises(HarnessFailure, match="not a conformance report"):
        judge_against(tmp_path, results(), [])


def test_totals():
    both = results(server={"1.1.1": OK, "1.1.2": LAX}, client={"1.1.1": CaseResult("OK", "UNCLEAN", None)})
    assert totals(both) == "1 passed, 2 failed"
    some = results(server={"1.1.1": OK, "12.1.1": UNIMPLEMENTED, "7.1.6": CaseResult("INFORMATIONAL", "OK", None)})
    assert totals(some) == "1 more are not implemented by the testee\n2 passed, 0 failed"


def test_the_table_judges_behavior_and_closing_apart():
    console = Console(file=io.StringIO(), width=120)
    console.print(totals_table(results(server={"1.1.1": CaseResult("NON-STRICT", "WRONG CODE", 1002)})))
    rows = [
        [cell.strip() for cell in line.split("│")[1:-1]] for line in console.file.getvalue().splitlines() if "│" in line
    ]
    assert rows == [["server, behavior", "0", "0", "1", "0", "0"], ["server, closing", "0", "0", "0", "0", "1"]]
