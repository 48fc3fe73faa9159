import json
import sys
from dataclasses import replace

import harness
import pytest
from click.testing import CliRunner
from rich.console import Console

from conformance import cli_run, testees
from conformance import results as model
from conformance.agreement import command, run
from conformance.agreement.differences import Difference, differences, read_rulings, ruling_on
from conformance.agreement.oracle import as_autobahn, cases_for, judge_testee
from conformance.agreement.page import render
from conformance.agreement.report import Judged, load_judged, to_json
from conformance.cli import main
from conformance.engines.choice import NoEngine
from conformance.failure import ExitStatus, HarnessFailure
from conformance.peers.catalogue import Peer
from conformance.results import CaseResult, Results, load
from conformance.results import to_json as results_to_json
from conformance.runner import Plan

CASES = ("1.1.1", "2.4")
RULING = """
[[ruling]]
cases = "7.9.*"
aspect = "closing"
autobahn = ["WRONG CODE"]
clause = "rfc6455:7.4.2-p2-s1"
why = \"\"\"Any.
  Where.\"\"\"
"""


def verdicts(**cases):
    """Verdicts on cases: c1_1_1=("OK", "OK")."""
    return model.TesteeResults(
        "any", {name[1:].replace("_", "."): CaseResult(*words, 1000) for name, words in cases.items()}
    )


def refws_as(role):
    return replace(next(testee for testee in testees.TESTEES if testee.name == role), cases=CASES)


def written(tmp_path, text):
    path = tmp_path / "rulings.toml"
    path.write_text(text)
    return path


# --- what differs ---


def test_cases_that_both_have_are_compared_in_both_aspects():
    theirs = verdicts(c7_9_1=("FAILED", "WRONG CODE"), c1_1_1=("OK", "OK"), c1_1_2=("OK", "OK"))
    ours = verdicts(c1_1_1=("OK", "UNCLEAN"), c7_9_1=("NON-STRICT", "WRONG CODE"), c2_1=("FAILED", "OK"))
    comparison = differences("server", theirs, ours)
    assert comparison.compared == 4
    assert [str(one) for one in comparison.found] == [
        "server 1.1.1 closing: Autobahn OK, the oracle UNCLEAN",
        "server 7.9.1 behavior: Autobahn FAILED, the oracle NON-STRICT",
    ]


@pytest.mark.parametrize(("word", "differs"), [("OK", False), ("INFORMATIONAL", False), ("FAILED", True)])
def test_where_autobahn_does_not_judge_only_what_is_not_good_differs(word, differs):
    found = differences("server", verdicts(c7_1_6=("INFORMATIONAL", "OK")), verdicts(c7_1_6=(word, "OK"))).found
    assert bool(found) is differs


def test_without_verdicts_of_autobahn_nothing_is_compared():
    comparison = differences("server", None, verdicts(c1_1_1=("FAILED", "OK")))
    assert (comparison.compared, comparison.found) == (0, [])


# --- rulings ---


def test_a_ruling_is_about_its_cases_its_aspect_and_its_words(tmp_path):
    (ruling,) = rulings = read_rulings(written(tmp_path, RULING))
    assert ruling.why == "Any. Where."
    one = Difference("server", "7.9.3", "closing", "WRONG CODE", "FAILED")
    assert ruling_on(one, rulings) is ruling
    for change in ({"case": "7.13.1"}, {"aspect": "behavior"}, {"autobahn": "OK"}):
        assert ruling_on(replace(one, **change), rulings) is None


def test_of_two_rulings_the_first_counts(tmp_path):
    first, second = rulings = read_rulings(written(tmp_path, RULING + RULING.replace("7.9.*", "7.9.1,7.9.3")))
    assert first != second
    assert ruling_on(Difference("server", "7.9.3", "closing", "WRONG CODE", "OK"), rulings) is first


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (RULING.replace("7.4.2-p2-s1", "7.4.2-p99-s1"), "7.4.2-p99-s1"),
        (RULING.replace("7.9.*", "77.*"), "no case matches"),
        (RULING.replace("why =", "because ="), "KeyError"),
        ("[[ruling]", "TOMLDecodeError"),
        ("", "KeyError"),
    ],
)
def test_what_is_no_ruling_is_refused(tmp_path, text, words):
    with pytest.raises(HarnessFailure, match=r"not a list of rulings") as failure:
        read_rulings(written(tmp_path, text))
    assert words in str(failure.value)


def test_the_committed_rulings_are_narrow():
    rulings = read_rulings(run.RULINGS)
    for ruling in rulings:
        assert ruling.aspect in ("behavior", "closing")
        assert ruling.autobahn
        assert ruling.oracle
        assert not ruling.autobahn & ruling.oracle
        assert len(ruling.cases) <= 4 * 18  # subgroups of 12 and 13, by what they offer
    claims = [
        (case, one.aspect, theirs, ours)
        for one in rulings
        for case in one.cases
        for theirs in one.autobahn
        for ours in one.oracle
    ]
    assert len(claims) == len(set(claims)), "two rulings about one difference"


# --- the report and the page ---

PEER = Judged(
    "server-other",
    "other",
    "server",
    "1.2",
    {"rfc6455:5.5": {"FAIL": 1, "PASS": 3}, "rfc7692:7.1.2.1": {"NON-STRICT": 2}},
    [{"verdict": "FAIL", "clause": "rfc6455:5.5-p2-s2", "cases": ["5.5/x"], "why": "<b>too</b> long"}],
    10,
    9,
    [
        {
            "testee": "server-other",
            "case": "7.1.5",
            "aspect": "behavior",
            "autobahn": "FAILED",
            "oracle": "NON-STRICT",
        }
    ],
)


def test_a_report_comes_back_as_it_was_written(tmp_path):
    path = tmp_path / "peers.json"
    path.write_text(to_json([PEER], read_rulings(run.RULINGS)))
    read = load_judged(path)
    assert read == {"server-other": PEER}
    assert to_json(read.values(), read_rulings(run.RULINGS)) == path.read_text()
    assert load_judged(tmp_path / "none.json") == {}


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": "other/1"}', '{"schema": "refws-peers/1", "peers": [{}]}'])
def test_what_is_no_report_is_refused(tmp_path, text):
    (tmp_path / "peers.json").write_text(text)
    with pytest.raises(HarnessFailure, match=r"peers\.json"):
        load_judged(tmp_path / "peers.json")


def test_the_page_has_every_cell_and_needs_no_network():
    other = replace(PEER, name="client-other", role="client", sections={"rfc6455:5.5": {"PASS": 4}}, findings=[])
    page = render([PEER, other], read_rulings(run.RULINGS))
    for cell in ('title="1 FAIL"', 'title="3 PASS"', 'title="2 NON-STRICT"', 'title="4 PASS"'):
        assert page.count(cell) == 1
    assert page.count("9 of 10") == 2
    assert "&lt;b&gt;too&lt;/b&gt; long" in page
    assert "server-other 7.1.5" in page
    assert "<script" not in page
    assert "src=" not in page
    assert page == render([PEER, other], read_rulings(run.RULINGS))


# --- the oracle as the harness runs it ---


@pytest.mark.parametrize("role", ["server", "client"])
def test_refws_is_judged_in_autobahns_words(tmp_path, role):
    testee = refws_as(role)
    cases = cases_for(testee)
    assert sorted(case.alias for case in cases) == list(CASES)
    report = judge_testee(testee, cases, tmp_path / "run")
    found = as_autobahn(report, tmp_path / "autobahn", asked=CASES)
    assert found.cases == {case: CaseResult("OK", "OK", 1000) for case in CASES}
    with pytest.raises(HarnessFailure, match=r"no verdict on 1 cases, such as 5\.1"):
        as_autobahn(report, tmp_path / "autobahn", asked=("1.1.1", "5.1"))


def test_beyond_autobahn_there_is_more():
    testee = refws_as("server")
    more = {case.alias for case in cases_for(testee, beyond=True)}
    assert more == {*CASES, ""}


def test_a_client_that_plays_nothing_is_a_failure(tmp_path):
    testee = testees.Testee("client", "", harness.IDLE_CLIENT, CASES)
    with pytest.raises(HarnessFailure, match=r"client"):
        judge_testee(testee, cases_for(testee), tmp_path / "run")


# --- runs by the oracle, and beside Autobahn ---


def hold(tmp_path, theirs):
    plan = Plan([refws_as("server")], 1)
    return run.hold_against(plan, Results({"server": theirs}), "refws", tmp_path, Console(quiet=True))


def test_a_run_that_is_held_against_autobahns_verdicts(tmp_path):
    same = hold(tmp_path, verdicts(c1_1_1=("OK", "OK"), c2_4=("OK", "OK")))
    assert (str(same), same.unruled) == ("the oracle beside Autobahn: 4 of 4 verdicts are the same", [])
    worse = hold(tmp_path, verdicts(c1_1_1=("FAILED", "OK"), c2_4=("OK", "OK")))
    assert [str(one) for one in worse.unruled] == ["server 1.1.1 behavior: Autobahn FAILED, the oracle OK"]
    assert json.loads(worse.to_json())["unruled"][0]["case"] == "1.1.1"
    assert min(same.cost.wall, same.cost.oracle, same.cost.testees) > 0


def test_a_testee_that_dies_fails_the_run_by_the_oracle(tmp_path):
    dead = testees.Testee("server", "", harness.dying("no more"), CASES)
    outcome = run.by_oracle(Plan([dead], 1), "refws", tmp_path, Console(quiet=True))
    assert not outcome.is_whole
    assert outcome.results.partial
    with pytest.raises(HarnessFailure, match="oracle: "):
        run.hold_against(Plan([dead], 1), outcome.results, "refws", tmp_path, Console(quiet=True))


def call(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def judged_by_oracle(monkeypatch, tmp_path, *arguments):
    monkeypatch.setattr(cli_run, "TESTEES", [refws_as("server")])
    return call("run", "--work", tmp_path / "work", "--reports", tmp_path / "reports", *arguments)


def test_the_oracle_as_the_engine(monkeypatch, tmp_path):
    result = judged_by_oracle(monkeypatch, tmp_path, "--engine", "oracle", "--cases", "1-2")
    assert result.exit_code == 0, result.output
    assert "engine: refws oracle; cases: server 2\n" in result.stdout
    assert result.stdout.endswith("2 passed, 0 failed\n")
    assert set(load(tmp_path / "work" / "last" / "autobahn.json").testees["server"].cases) == set(CASES)


def test_the_oracle_judges_where_there_is_no_engine(monkeypatch, tmp_path):
    def refuse(*_):
        raise NoEngine("no engine here")

    monkeypatch.setattr(cli_run, "choose", refuse)
    result = judged_by_oracle(monkeypatch, tmp_path)
    assert result.exit_code == 0, result.output
    assert "no engine here; the oracle judges instead\n" in result.stdout
    asked = judged_by_oracle(monkeypatch, tmp_path, "--engine", "local")
    assert (asked.exit_code, asked.stderr) == (ExitStatus.FAILURE, "failure: no engine here\n")


def test_what_the_oracle_has_judged_is_not_blessed(monkeypatch, tmp_path):
    result = judged_by_oracle(monkeypatch, tmp_path, "--engine", "oracle", "--bless")
    assert result.exit_code == 2, result.output
    assert "only a run by Autobahn itself may replace the committed reports" in result.stderr
    assert not (tmp_path / "reports").exists()


# --- the command `peers` ---


@pytest.fixture
def peers(monkeypatch, tmp_path):
    """Calls `peers` with one library, refws as a server, and few cases; gives the reports' folder, too."""
    monkeypatch.setattr(command, "PEERS", (Peer("refws", "server", "refws"),))
    monkeypatch.setattr(command, "cases_for", lambda testee, beyond=False: cases_for(testee))
    reports = tmp_path / "reports"
    reports.mkdir()

    def peers(*arguments):
        given = ["--work", tmp_path / "work", "--reports", reports, "--cases", ",".join(CASES)]
        return call("peers", *given, *arguments)

    peers.reports = reports
    return peers


def commit(reports, version, **cases):
    theirs = replace(verdicts(**cases), agent=version)
    (reports / command.AUTOBAHN).write_text(results_to_json(Results({"server-refws": theirs})))


def test_peers_that_agree_are_blessed(peers):
    commit(peers.reports, Peer("refws", "server", "refws").version(), c1_1_1=("OK", "OK"), c2_4=("OK", "OK"))
    before = (peers.reports / command.AUTOBAHN).read_text()
    result = peers("--bless")
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith("4 of 4 verdicts agree, 0 differ by a ruling\n4 passed, 0 failed\n")
    assert list(load_judged(peers.reports / command.ORACLE)) == ["server-refws"]
    assert (peers.reports / command.PAGE).read_text().startswith("<!doctype html>")
    assert (peers.reports / command.AUTOBAHN).read_text() == before


def test_a_difference_without_a_ruling_fails(peers):
    commit(peers.reports, Peer("refws", "server", "refws").version(), c1_1_1=("OK", "OK"), c2_4=("OK", "UNCLEAN"))
    result = peers("server-refws")
    assert result.exit_code == ExitStatus.WORSE
    assert "no ruling: server-refws 2.4 closing: Autobahn UNCLEAN, the oracle OK\n" in result.stdout
    assert result.stdout.endswith("3 passed, 1 failed\n")


def test_verdicts_on_another_version_are_not_compared(peers, monkeypatch):
    commit(peers.reports, "0.0", c1_1_1=("OK", "OK"))
    refused = peers()
    assert refused.exit_code == ExitStatus.FAILURE
    assert "Autobahn's verdicts are on version 0.0" in refused.stderr
    monkeypatch.setattr(Peer, "is_of_the_system", True)
    result = peers()
    assert result.exit_code == 0, result.output
    assert "NOT compared: server-refws" in result.stdout
    assert result.stdout.endswith("0 passed, 0 failed\n")


def test_a_peer_that_nobody_knows(peers):
    result = peers("server-nobody")
    assert result.exit_code == 2
    assert "server-nobody is none of server-refws" in result.stderr


def test_a_library_that_is_not_installed():
    with pytest.raises(HarnessFailure, match="tox -e peers"):
        Peer("none", "server", "refws-no-such-package").version()
    with pytest.raises(HarnessFailure, match="not installed"):
        Peer("none", "client", "/nowhere/browser").version()
    assert Peer("python", "server", sys.executable).is_of_the_system
