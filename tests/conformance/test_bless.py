from dataclasses import replace

import pytest

from conformance import bless as module
from conformance import results as model
from conformance.agreement.differences import Difference
from conformance.agreement.run import AGREEMENT, Agreement, read_agreement
from conformance.autobahn.cases import ALL_CASES
from conformance.failure import HarnessFailure
from conformance.results import CaseResult, Results
from conformance.testees import TESTEES

ALL = dict.fromkeys(ALL_CASES, CaseResult("OK", "OK", 1000))


@pytest.fixture
def published(monkeypatch):
    calls = []
    monkeypatch.setattr(module, "publish", lambda *arguments: calls.append(arguments))
    return calls


def results(server=ALL, client=ALL, *, partial=False):
    return Results(
        {"server": model.TesteeResults("other", server), "client": model.TesteeResults("other", client)},
        partial=partial,
    )


def of_refws(**but):
    judged = {one.name: dict.fromkeys(one.cases, ALL["1.1.1"]) for one in TESTEES} | {
        name.replace("_", "-"): cases for name, cases in but.items()
    }
    return Results({name: model.TesteeResults("refws", cases) for name, cases in judged.items()}, source="0123")


def test_a_complete_run_is_published(tmp_path, published):
    module.bless(results(), tmp_path / "last", tmp_path / "reports")
    raw = {role: tmp_path / "last" / role for role in ("server", "client")}
    assert published == [(results(), raw, tmp_path / "reports", "")]


def test_what_the_oracle_said_beside_autobahn_is_published_with_the_run_it_was_beside(tmp_path, published):
    last, reports = tmp_path / "last", tmp_path / "reports"
    last.mkdir()
    reports.mkdir()
    differs = Difference("server", "7.1.6", "closing", "INFORMATIONAL", "UNCLEAN")
    agreement = Agreement(1234, [differs], [])
    (last / AGREEMENT).write_text(agreement.to_json())
    module.bless(results(), last, reports)
    said = "The oracle judged the same programs beside Autobahn: 1,233 of 1,234 verdicts are the same; 1 differs by a "
    assert published[0][3] == f"{said}ruling."
    assert read_agreement(reports / AGREEMENT) == agreement
    (last / AGREEMENT).unlink()
    module.bless(results(), last, reports)
    assert published[1][3] == ""
    assert not (reports / AGREEMENT).exists()
    (last / AGREEMENT).write_text("{}")
    with pytest.raises(HarnessFailure, match="no agreement can be read"):
        module.bless(results(), last, reports)


def test_a_complete_run_of_refws_has_every_host(tmp_path, published):
    module.bless(of_refws(), tmp_path / "last", tmp_path / "reports")
    raw = {one.name: tmp_path / "last" / one.name for one in TESTEES}
    assert published == [(of_refws(), raw, tmp_path / "reports", "")]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (results(partial=True), r"partial \(server: 517 of 517"),
        (results(client={"1.1.1": ALL["1.1.1"]}), r"not complete \(client: 1 of 517"),
        (Results({"server": results().testees["server"]}), r"not complete \(client: 0 of 517"),
        (replace(results(), source="0123"), r"not complete \(server-http\.server: 0 of 301"),
        (of_refws(client_threads={"1.1.1": ALL["1.1.1"]}), r"not complete \(client-threads: 1 of 301"),
        # As many as it takes, but others.
        (of_refws(server_uvicorn={case: ALL[case] for case in ALL_CASES[-301:]}), r"\(server-uvicorn: 85 of 301"),
    ],
)
def test_what_is_not_complete_is_never_published(tmp_path, published, given, words):
    with pytest.raises(HarnessFailure, match=words):
        module.bless(given, tmp_path, tmp_path)
    assert published == []


def test_only_the_committed_reports_put_their_score_into_the_readme(tmp_path, monkeypatch, published):
    scores = []
    monkeypatch.setattr(module, "put_score", lambda *arguments: scores.append(arguments))
    monkeypatch.setattr(module, "REPORTS", tmp_path / "reports")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    module.bless(results(), tmp_path / "last", tmp_path / "elsewhere")
    assert scores == []
    module.bless(results(), tmp_path / "last", tmp_path / "reports")
    assert scores == [(tmp_path / "README.md", tmp_path / "reports/summary.md")]
    assert len(published) == 2
