import json

import pytest

from conformance.autobahn import report
from conformance.failure import HarnessFailure
from conformance.results import CaseResult

ENTRY = {"behavior": "OK", "behaviorClose": "OK", "remoteCloseCode": 1000}


@pytest.fixture
def reports(tmp_path):
    write(tmp_path, {case: {**ENTRY, "reportfile": f"a_{case}.json"} for case in ("1.1.1", "1.1.2")})
    for case in ("1.1.1", "1.1.2"):
        (tmp_path / f"a_{case}.json").write_text(json.dumps({**ENTRY, "id": case}))
    return tmp_path


def write(folder, index):
    (folder / "index.json").write_text(json.dumps({"a": index}))


def test_verdicts_and_case_files(reports, tmp_path):
    assert report.read(reports, "a", ["1.1.1", "1.1.2"]) == dict.fromkeys(
        ["1.1.1", "1.1.2"], CaseResult("OK", "OK", 1000)
    )
    report.collect(reports, "a", ["1.1.2"], tmp_path / "raw")
    assert [path.name for path in (tmp_path / "raw").iterdir()] == ["1.1.2.json"]


def test_an_absent_case_is_noticed(reports):
    wanted = ["1.1.1", "1.1.2", *(f"2.{n}" for n in range(1, 8))]
    with pytest.raises(HarnessFailure, match=r"2 of 9 cases; missing: 2\.1, 2\.2, 2\.3, 2\.4, 2\.5 and 2 more"):
        report.read(reports, "a", wanted)


def test_an_absent_agent_is_noticed(reports):
    with pytest.raises(HarnessFailure, match="0 of 1 cases"):
        report.read(reports, "b", ["1.1.1"])


def test_a_case_that_nobody_asked_for_is_noticed(reports):
    with pytest.raises(HarnessFailure, match=r"not asked for: 1\.1\.2"):
        report.read(reports, "a", ["1.1.1"])


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "does not parse"), ("[]", "does not hold an object"), (None, "left no report index.json")],
)
def test_an_index_that_is_none(reports, text, words):
    (reports / "index.json").unlink()
    if text is not None:
        (reports / "index.json").write_text(text)
    with pytest.raises(HarnessFailure, match=words):
        report.read(reports, "a", ["1.1.1"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": "1.1.1"}, "says something else"),
        ({"behavior": "FAILED"}, "says something else"),
        ({"remoteCloseCode": "x"}, "is not a report"),
    ],
)
def test_a_case_file_that_contradicts_the_index(reports, change, words):
    (reports / "a_1.1.2.json").write_text(json.dumps({**ENTRY, "id": "1.1.2"} | change))
    with pytest.raises(HarnessFailure, match=words):
        report.read(reports, "a", ["1.1.1", "1.1.2"])


def test_an_absent_case_file(reports):
    (reports / "a_1.1.2.json").unlink()
    with pytest.raises(HarnessFailure, match=r"left no report a_1\.1\.2\.json"):
        report.read(reports, "a", ["1.1.1", "1.1.2"])


@pytest.mark.parametrize("entry", [{}, {"behavior": "OK"}, [], {**ENTRY, "behavior": 1}, {**ENTRY, "reportfile": None}])
def test_an_entry_that_is_none(reports, entry):
    write(reports, {"1.1.1": entry})
    with pytest.raises(HarnessFailure, match=r"case 1\.1\.1"):
        report.read(reports, "a", ["1.1.1"])


def test_a_case_file_is_looked_for_in_the_reports_only(reports):
    (reports / "deeper").mkdir()
    (reports / "index.json").rename(reports / "deeper" / "index.json")
    write(reports / "deeper", {"1.1.1": {**ENTRY, "reportfile": "../a_1.1.1.json"}})
    with pytest.raises(HarnessFailure, match="left no report"):
        report.read(reports / "deeper", "a", ["1.1.1"])


def test_what_an_interrupted_run_left(reports, tmp_path):
    assert set(report.read_finished(reports, "a", ["1.1.2", "1.1.3"])) == {"1.1.2"}
    assert report.read_finished(tmp_path / "nowhere", "a", ["1.1.2"]) == {}


def test_started_cases():
    output = (
        "Ok, will run 2\nRunning test case ID 1.1.1 for agent a from peer x\nRunning test case ID 1.1.2 for agent a b\n"
    )
    assert report.started_cases(output) == ["1.1.1", "1.1.2"]
