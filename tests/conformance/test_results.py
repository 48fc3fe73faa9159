import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import results as model
from conformance.autobahn.cases import ALL_CASES
from conformance.failure import HarnessFailure
from conformance.results import CaseResult, Results, from_json, load, names, role_of, to_json

WORDS = st.sampled_from(["OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED", "FAILED", "WRONG CODE", 'a "new" word'])
CASES = st.builds(CaseResult, WORDS, WORDS, st.none() | st.integers(0, 65535))
TESTEES = st.builds(
    model.TesteeResults,
    st.text(max_size=10),
    st.dictionaries(st.sampled_from(ALL_CASES), CASES, max_size=6),
    st.text(max_size=10),
)
NAMES = ["server", "client", "server-http.server", "client-b", "server-a"]
RESULTS = st.builds(Results, st.dictionaries(st.sampled_from(NAMES), TESTEES), st.just("25.10.1"), st.booleans())

TWO = Results(
    {
        "client": model.TesteeResults("refws", {}),
        "server": model.TesteeResults(
            "refws", {"6.10.1": CaseResult("OK", "OK", 1000), "6.9.1": CaseResult("FAILED", "UNCLEAN", None)}
        ),
    }
)


@given(RESULTS)
def test_what_is_written_is_read_again(results):
    text = to_json(results)
    assert from_json(text, "it") == results
    assert to_json(from_json(text, "it")) == text


def test_one_case_per_line_in_the_order_of_numbers():
    lines = to_json(TWO).splitlines()
    assert lines[1:5] == [
        '  "schema": "refws-conformance/1",',
        '  "suite": {"name": "autobahntestsuite", "version": "25.10.1"},',
        '  "source": "",',
        '  "partial": false,',
    ]
    assert [line for line in lines if "behavior" in line] == [
        '        "6.9.1": {"behavior": "FAILED", "behaviorClose": "UNCLEAN", "remoteCloseCode": null},',
        '        "6.10.1": {"behavior": "OK", "behaviorClose": "OK", "remoteCloseCode": 1000}',
    ]
    assert lines.index('    "server": {') < lines.index('    "client": {')


def test_servers_come_first_and_the_plain_one_of_each_role_before_its_hosts():
    results = Results(dict.fromkeys(NAMES, model.TesteeResults("refws", {})))
    assert names(results) == ["server", "server-a", "server-http.server", "client", "client-b"]
    assert list(from_json(to_json(results), "it").testees) == names(results)


@pytest.mark.parametrize("name", ["", "threads", "servers", "-server"])
def test_a_name_begins_with_the_role(name):
    assert (role_of("client"), role_of("server-b")) == ("client", "server")
    with pytest.raises(ValueError, match="begins with no role"):
        role_of(name)


def test_a_report_from_before_hosts_were_told_is_read():
    document = json.loads(to_json(TWO))
    for testee in document["testees"].values():
        del testee["host"]
    assert from_json(json.dumps(document), "it") == TWO


def spoilt(change):
    document = json.loads(to_json(TWO))
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        spoilt(lambda d: d.pop("partial")),
        spoilt(lambda d: d.update(testees=[])),
        spoilt(lambda d: d["testees"]["server"].pop("agent")),
        spoilt(lambda d: d["testees"]["server"].update(host=None)),
        spoilt(lambda d: d["testees"].update(threads=d["testees"].pop("server"))),
        spoilt(lambda d: d["testees"]["server"]["cases"].update({"x": {}})),
        spoilt(lambda d: d["testees"]["server"]["cases"]["6.9.1"].update(behavior=None)),
        spoilt(lambda d: d["testees"]["server"]["cases"]["6.9.1"].update(remoteCloseCode="1000")),
        spoilt(lambda d: d["testees"]["server"]["cases"]["6.9.1"].update(remoteCloseCode=True)),
        spoilt(lambda d: d["testees"]["server"]["cases"].update({"x": d["testees"]["server"]["cases"]["6.9.1"]})),
    ],
)
def test_what_is_not_a_report_is_refused_in_one_line(text):
    with pytest.raises(HarnessFailure, match=r"^it: not a conformance report \(.*\)$"):
        from_json(text, "it")


def test_another_schema_is_refused():
    with pytest.raises(HarnessFailure, match="refws-conformance/2"):
        from_json(spoilt(lambda d: d.update(schema="refws-conformance/2")), "it")


def test_load(tmp_path):
    path = tmp_path / "autobahn.json"
    with pytest.raises(HarnessFailure, match="cannot be read"):
        load(path)
    path.write_bytes(b"\xff")
    with pytest.raises(HarnessFailure, match="cannot be read"):
        load(path)
    path.write_text(to_json(TWO), encoding="utf-8")
    assert load(path) == TWO
