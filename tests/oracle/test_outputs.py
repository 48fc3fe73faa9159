"""What a report becomes: JSON and its schema, JUnit, Autobahn's shape, a page, a badge, lines on a terminal."""

import io
import json
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from rich.console import Console
from sample_reports import CASES, CODES, DEFLATE, FRAGMENTS, HOSTILE, LONG, PING, TEXT, of, result, sample

import refws.oracle
from conformance.publish.rawcase import read_case
from refws.oracle.expected import BadExpectations, read_expected
from refws.oracle.keeping import keep, without_secrets
from refws.oracle.output.autobahn import write_autobahn
from refws.oracle.output.badge import badge
from refws.oracle.output.compare import compare
from refws.oracle.output.html import page
from refws.oracle.output.json_output import BadReport, document_of, schema, stable
from refws.oracle.output.junit import junit
from refws.oracle.output.terminal import show
from refws.oracle.output.words import outcome
from refws.oracle.output.writing import write
from refws.oracle.recording import Event, Recording, read_transcript
from refws.oracle.report import Expected, Report, not_run
from refws.oracle.verdict import Role, Verdict

UNKNOWN = "5.2-p99-s1"
KNOWN = {TEXT.id: Expected(Verdict.FAIL, "their issue 7")}


# The verdict on the whole


@pytest.mark.parametrize(
    ("verdicts", "code", "said"),
    [
        ([Verdict.PASS, Verdict.NON_STRICT, Verdict.UNIMPLEMENTED], 0, "conformant"),
        ([Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE], 1, "not conformant: 1 FAIL"),
        ([Verdict.PASS, Verdict.INCONCLUSIVE], 2, "could not tell: 1 INCONCLUSIVE"),
        ([Verdict.PASS, Verdict.HARNESS_ERROR], 2, "could not tell: 1 HARNESS-ERROR"),
        ([Verdict.PASS, Verdict.NOT_RUN], 0, "conformant"),
        ([Verdict.UNIMPLEMENTED], 2, "could not tell: nothing was judged"),
        ([], 2, "could not tell: nothing was judged"),
    ],
)
def test_the_exit_code(verdicts, code, said):
    report = of(*(result(case, verdict) for case, verdict in zip(CASES, verdicts, strict=False)))
    assert (report.exit_code, outcome(report)) == (code, said)


def test_a_testee_that_was_not_there_is_no_pass():
    report = of(result(PING), not_run(TEXT, Role.SERVER, "it is gone"))
    assert (report.exit_code, outcome(report)) == (2, "could not tell: 1 NOT-RUN")
    assert of(result(PING), interrupted="interrupted after 1 of 2 cases").exit_code == 2


def test_a_fault_in_closing_counts():
    assert of(result(PING, closing=Verdict.FAIL)).exit_code == 1


def test_what_is_known_is_no_violation_and_has_to_come():
    assert of(result(PING), result(TEXT, Verdict.FAIL), expected=KNOWN).exit_code == 0
    assert of(result(PING), result(TEXT, Verdict.FAIL), result(LONG, Verdict.FAIL), expected=KNOWN).exit_code == 1
    better = of(result(TEXT), expected=KNOWN)
    assert (better.exit_code, outcome(better)) == (1, "not conformant: 1 not as expected")
    assert of(result(TEXT, Verdict.NON_STRICT), expected=KNOWN).exit_code == 1
    assert of(result(PING), not_run(TEXT, Role.SERVER, "gone"), expected=KNOWN).exit_code == 2


# JSON


def valid(document):
    jsonschema.Draft202012Validator(schema()).validate(document)


def test_the_schema_is_one_and_what_is_written_fits_it():
    jsonschema.Draft202012Validator.check_schema(schema())
    for report in (sample(), sample(expected=KNOWN, interrupted="why"), of()):
        valid(json.loads(report.dump()))


def test_the_schema_finds_what_is_wrong():
    document = document_of(sample())
    document["results"][0]["frames"][2]["opcode"] = 16
    with pytest.raises(jsonschema.ValidationError):
        valid(document)


def test_json_says_what_was_judged():
    document = json.loads(sample().dump())
    assert document["format"] == "refws-oracle/1"
    assert document["counts"]["FAIL"] == 1
    assert document["exit_code"] == 1
    told = document["results"][1]
    assert told["clauses"] == [{"id": "rfc6455:5.5-p3-s1/1", "level": "MUST"}]
    assert (told["section"], told["alias"], told["verdict"]) == ("rfc6455:5.5", "2.5", "NON-STRICT")
    assert told["findings"][0]["offset"] == 99
    assert "fails the connection with 1002" in [one["outcome"] for one in told["allowed"]]
    assert [one["played"] for one in document["results"]] == [True] * 6 + [False]


def test_a_report_that_is_read_again_is_the_same():
    report = sample(expected=KNOWN, interrupted="after 3 of 7")
    again = Report.load(report.dump())
    assert again.dump() == report.dump()
    assert (page(again), junit(again), badge(again)) == (page(report), junit(report), badge(report))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON"),
        ("[]", "no report in the format refws-oracle/1"),
        ('{"format": "refws-oracle/2"}', "but 'refws-oracle/2'"),
        ('{"format": "refws-oracle/1"}', "no whole refws-oracle/1"),
        (sample().dump().replace("NON-STRICT", "SO-SO"), "no whole"),
        (sample().dump().replace("rfc6455:5.2-p13-s1", f"rfc6455:{UNKNOWN}"), "another ledger"),
    ],
)
def test_what_is_no_report_is_said_to_be_none(text, said):
    with pytest.raises(BadReport, match=said):
        Report.load(text)


def test_what_is_volatile_can_be_taken_away():
    slower = replace(result(PING, Verdict.NON_STRICT, why="nothing came for 0.52 s"), seconds=9, exchange=[])
    quicker = result(PING, Verdict.NON_STRICT, why="nothing came for 0.5 s")
    later = of(slower, seconds=9, started="2031-01-01T00:00:00+00:00", round_trip=0.2, patience=2)
    assert stable(document_of(later)) == stable(document_of(of(quicker)))
    assert stable(document_of(of(result(PING)))) != stable(document_of(of(quicker)))


# Known failures


def test_expectations_are_read():
    text = (
        '[cases."5.2/text"]\nverdict = "FAIL"\nreason = " why "\n[cases."2.5"]\nverdict = "NON-STRICT"\nreason = "so"'
    )
    known = read_expected(text, CASES)
    assert known == {TEXT.id: Expected(Verdict.FAIL, "why"), LONG.id: Expected(Verdict.NON_STRICT, "so")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("=", "no TOML"),
        ("", "tables"),
        ('[other]\n[cases."2.5"]', "nothing else"),
        ('[cases."2.5"]\nverdict = "FAIL"', "say in `reason` why"),
        ('[cases."2.5"]\nverdict = "FAIL"\nreason = "  "', "say in `reason` why"),
        ('[cases."2.5"]\nverdict = "PASS"\nreason = "x"', "has to be one of NON-STRICT, FAIL"),
        ('[cases."2.5"]\nverdict = "FAIL"\nreason = "x"\nuntil = 1', "and nothing else"),
        ('[cases."2.6"]\nverdict = "FAIL"\nreason = "x"', "did you mean 2.5"),
        ('[cases."7"]\nverdict = "FAIL"\nreason = "x"', "means 2 cases"),
        ('[cases]\n"2.5" = {verdict="FAIL",reason="x"}\n"5.5/long-ping" = {verdict="FAIL",reason="x"}', "twice"),
        ('[cases]\n"2.5" = 1', "has a verdict and a reason"),
    ],
)
def test_expectations_that_say_nothing(text, said):
    with pytest.raises(BadExpectations, match=said):
        read_expected(text, CASES)


# JUnit


def test_junit():
    root = ET.fromstring(junit(sample(expected={LONG.id: Expected(Verdict.NON_STRICT, "borne with")})))
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "7",
        "failures": "1",
        "errors": "2",
        "skipped": "3",
    }
    assert root[0].get("name") == "5.2 Base Framing Protocol"
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert list(cases[PING.id]) == []
    assert cases[LONG.id].find("skipped").get("message") == "known NON-STRICT: borne with"
    failure = cases[TEXT.id].find("failure")
    assert failure.get("message").startswith("a fault</script>")
    assert failure.text.startswith("FAIL 5.2-p13-s1 MUST, receiver, octet 99: a fault")
    assert cases[CODES.id].find("error") is not None
    assert cases[DEFLATE.id].find("skipped") is not None


def test_junit_of_a_surprise_and_of_a_run_that_ended_early():
    root = ET.fromstring(junit(of(result(TEXT), expected=KNOWN, interrupted="interrupted\x00")))
    assert root.find(".//testcase/failure").get("message") == "PASS, where FAIL is known: their issue 7"
    assert root.find(".//testcase[@name='to the end']/error").get("message") == "interrupted\\x00"
    assert root.get("errors") == "1"


# Autobahn's shape

INDEX_KEYS = {"behavior", "behaviorClose", "duration", "remoteCloseCode", "reportfile"}
CASE_KEYS = {
    *("agent", "behavior", "behaviorClose", "case", "closedByMe", "createStats", "createWirelog", "description"),
    *("droppedByMe", "duration", "expectation", "expected", "expectedClose", "failedByMe", "httpRequest"),
    *("httpResponse", "id", "isServer", "localCloseCode", "localCloseReason", "received", "remoteCloseCode"),
    *("remoteCloseReason", "reportCompressionRatio", "reportTime", "result", "resultClose", "rxFrameStats"),
    *("rxOctetStats", "started", "trafficStats", "txFrameStats", "txOctetStats", "wasClean"),
    *("wasCloseHandshakeTimeout", "wasNotCleanReason", "wasOpenHandshakeTimeout", "wasServerConnectionDropTimeout"),
    "wirelog",
}
"""What the genuine suite, version 25.10.1, writes."""


def test_autobahns_files(tmp_path):
    report = sample()
    write_autobahn(report, tmp_path)
    ((agent, cases),) = json.loads((tmp_path / "index.json").read_text()).items()
    assert agent.startswith("Testee </script>")
    assert "\x1b" not in agent
    assert set(cases) == {"1.1.1", "2.2", "2.5", "7.9.1", "7.13.1", "12.1.1"}  # 2.3 was not played
    assert {name: case["behavior"] for name, case in cases.items()} == {
        "1.1.1": "FAILED",
        "2.2": "OK",
        "2.5": "NON-STRICT",
        "7.9.1": "FAILED",
        "7.13.1": "FAILED",
        "12.1.1": "UNIMPLEMENTED",
    }
    for case in cases.values():
        assert set(case) == INDEX_KEYS
        told = json.loads((tmp_path / case["reportfile"]).read_text())
        assert set(told) == CASE_KEYS
        assert {key: told[key] for key in INDEX_KEYS - {"reportfile"}} == {
            key: case[key] for key in INDEX_KEYS - {"reportfile"}
        }
    assert cases["2.2"] | {"reportfile": ""} == {
        "behavior": "OK",
        "behaviorClose": "OK",
        "duration": 250,
        "remoteCloseCode": 1001,
        "reportfile": "",
    }


def test_what_autobahn_tells_of_a_case(tmp_path):
    write_autobahn(of(result(PING), testee=replace(sample().testee, name="A b")), tmp_path)
    told = json.loads((tmp_path / "a_b_case_2_2.json").read_text())
    assert (told["closedByMe"], told["droppedByMe"], told["wasClean"]) == (True, False, True)
    assert (told["localCloseCode"], told["remoteCloseCode"], told["remoteCloseReason"]) == (1000, 1001, "bye")
    assert told["httpRequest"] == "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    assert told["wirelog"] == [
        ["TF", [1, "x"], 9, True, 0, "", None, None, False],
        ["RF", [1, "0xff ..."], 10, True, 0, False, None],
        ["TF", [2, "0x03e8"], 8, True, 0, "", None, None, False],
        ["RF", [5, "0x03e9627965"], 8, True, 0, False, None],
    ]


def test_a_reader_made_for_the_genuine_suite_reads_them(tmp_path):
    write_autobahn(of(result(PING)), tmp_path)
    (written,) = tmp_path.glob("*_case_2_2.json")
    written.rename(tmp_path / "2.2.json")
    read = read_case(tmp_path, "2.2")
    assert (read.verdict.behavior, read.verdict.behavior_close, read.verdict.remote_close_code) == ("OK", "OK", 1001)
    assert (read.detail["begunBy"], read.detail["clean"]) == ("suite", True)
    assert [frame[:4] for frame in read.detail["wire"]] == [
        [">", 9, 3, 1],
        ["<", 10, 1, 1],
        [">", 8, 3, 2],
        ["<", 8, 1, 5],
    ]


def test_other_agents_stay_in_the_index(tmp_path):
    for name in ("one", "two", "one"):
        write_autobahn(of(result(PING), testee=replace(sample().testee, name=name)), tmp_path)
    assert list(json.loads((tmp_path / "index.json").read_text())) == ["one", "two"]


# The page


def test_the_page_needs_no_network_and_keeps_the_testees_words_as_text():
    drawn = page(sample(expected=KNOWN))
    assert "http://" not in drawn.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"<(link|img|iframe|script src)", drawn)
    assert "default-src 'none'" in drawn
    assert drawn.count("</script>") == 2
    assert HOSTILE not in drawn
    data = json.loads(re.search(r'id="data">(.*?)</script>', drawn)[1])
    assert set(data["cases"]) == {one.case.id for one in sample().results}
    assert data["cases"][TEXT.id]["findings"][0]["why"] == f"a fault{HOSTILE}"
    assert data["cases"][TEXT.id]["expected"]["reason"] == "their issue 7"
    assert data["clauses"]["rfc6455:5.5-p3-s1/1"]["link"].endswith("#section-5.5")


def test_the_page_says_loudly_that_it_is_partial():
    assert "Partial report" not in page(sample())
    drawn = page(sample(interrupted="interrupted after 3 of 7 cases"))
    assert "Partial report.</strong> Interrupted after 3 of 7 cases." in drawn


def test_in_a_browser(tmp_path, visit):
    (tmp_path / "index.html").write_text(page(sample(expected=KNOWN)))
    browser_page = visit((tmp_path / "index.html").as_uri())
    shown = browser_page.locator("details.case:visible")
    assert shown.count() == 7
    browser_page.fill("#find", "2.5")
    assert shown.evaluate_all("found => found.map(one => one.dataset.id)") == [LONG.id]
    browser_page.fill("#find", "")
    browser_page.select_option("#verdict", "!")
    assert shown.count() == 6
    browser_page.click("#reset")
    browser_page.select_option("#level", "SHOULD")
    assert shown.evaluate_all("found => found.map(one => one.dataset.id)") == [CODES.id]
    browser_page.click("#reset")
    browser_page.click(f'[id="case-{TEXT.id}"] summary')
    body = browser_page.locator(f'[id="case-{TEXT.id}"] .body')
    for words in (
        "5.2-p13-s1",
        "MUST",
        "octet 99",
        "what was seen",
        "their issue 7",
        "goes on",
        "ends its half of TCP",
    ):
        assert words in body.inner_text()
    assert body.locator("b").count() == 0  # the testee's words are no markup
    for width in (390, 1280):
        browser_page.set_viewport_size({"width": width, "height": 800})
        assert browser_page.evaluate("document.documentElement.scrollWidth") <= width
    browser_page.goto((tmp_path / "index.html").as_uri() + f"#case-{FRAGMENTS.id}")
    assert browser_page.locator(f'[id="case-{FRAGMENTS.id}"][open]').count() == 1


# The badge


@pytest.mark.parametrize(
    ("report", "said", "colour"),
    [
        (of(*[result(PING)] * 300, result(TEXT, Verdict.FAIL)), "1 FAIL", "#b83232"),
        (of(result(PING), result(TEXT, Verdict.FAIL), expected=KNOWN), "1 FAIL", "#b83232"),
        (of(result(TEXT), expected=KNOWN), "not as expected", "#b83232"),
        (of(result(PING), interrupted="x"), "could not tell", "#5a6068"),
        (of(result(PING), result(LONG, Verdict.NON_STRICT)), "2 of 2 kept, 1 not strictly", "#a8700f"),
        (of(result(PING), result(DEFLATE, Verdict.UNIMPLEMENTED)), "1 of 1 kept", "#2d7d56"),
    ],
)
def test_the_badge(report, said, colour):
    drawn = ET.fromstring(badge(report))
    assert drawn.get("aria-label") == f"RFC 6455: {said}"
    fills = [rect.get("fill") for rect in drawn.iter("{http://www.w3.org/2000/svg}rect")]
    assert fills[-1] == colour


# Lines on a terminal


def shown(report, width=80, **how):
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    show(console, report, **how)
    return console.file.getvalue()


def test_a_terminal_of_80_columns():
    lines = shown(sample(expected=KNOWN)).splitlines()
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert not any(ord(c) < 32 for c in text.replace("\n", ""))
    assert "FAIL  5.2-p13-s1  MUST, receiver, 1 case known" in text
    assert "5.2/text (Autobahn 1.1.1), octet 99" in text
    assert "known: their issue 7" in text
    assert lines[-1] == "could not tell: 1 HARNESS-ERROR, 1 INCONCLUSIVE, 1 NOT-RUN"


def test_the_same_fault_is_told_once():
    faults = [
        result(replace(TEXT, id=f"5.2/text-{number}"), Verdict.FAIL, why=f"number {number}") for number in range(9)
    ]
    text = shown(of(*faults))
    assert text.count("5.2-p13-s1") == 1
    assert "9 cases" in text
    assert "number 0" in text
    assert "number 1" not in text
    assert "5.2/text-6 and 2 more" in " ".join(text.split())
    assert "number 8" in shown(of(*faults), verbose=True)


def test_what_was_not_as_expected_is_told():
    assert "5.2/text: PASS, where FAIL is known" in shown(of(result(TEXT), expected=KNOWN))


# Comparing


def test_compare():
    old = of(result(PING), result(LONG, Verdict.FAIL), result(TEXT), result(FRAGMENTS))
    new = of(result(PING), result(LONG), result(TEXT, closing=Verdict.NON_STRICT), result(CODES, Verdict.NON_STRICT))
    found = compare(old, new)
    told = {name: [(one.case, one.old, one.new) for one in changes] for name, changes in found.kinds()}
    assert told == {
        "worse": [(TEXT.id, Verdict.PASS, Verdict.NON_STRICT)],
        "better": [(LONG.id, Verdict.FAIL, Verdict.PASS)],
        "new": [(CODES.id, None, Verdict.NON_STRICT)],
        "gone": [(FRAGMENTS.id, Verdict.PASS, None)],
    }
    assert (found.same, found.exit_code) == (1, 1)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ([result(TEXT)], [result(TEXT)], 0),
        ([result(TEXT, Verdict.FAIL)], [result(TEXT)], 0),
        ([result(TEXT)], [], 1),
        ([], [result(TEXT)], 0),
        ([], [result(TEXT, Verdict.FAIL)], 1),
        ([result(TEXT, Verdict.FAIL)], [result(TEXT, Verdict.FAIL)], 0),
        ([result(TEXT, Verdict.UNIMPLEMENTED)], [result(TEXT, Verdict.NON_STRICT)], 1),
        ([result(TEXT, Verdict.FAIL, Verdict.PASS)], [result(TEXT, Verdict.PASS, Verdict.FAIL)], 1),
    ],
)
def test_what_makes_a_comparison_fail(old, new, code):
    assert compare(of(*old), of(*new)).exit_code == code


# Files


def test_every_form_is_written(tmp_path, capsys):
    write(sample(), folder=tmp_path / "all", badge=tmp_path / "deep" / "b.svg")
    names = {path.name for path in (tmp_path / "all").iterdir()}
    assert names == {"report.json", "junit.xml", "index.html", "badge.svg", "autobahn"}
    assert (tmp_path / "deep" / "b.svg").read_text() == (tmp_path / "all" / "badge.svg").read_text()
    assert capsys.readouterr().out == ""


def test_a_transcript_keeps_no_credentials(tmp_path):
    head = b"GET / HTTP/1.1\r\nHost: a\r\nauthorization: Bearer abc\r\nX-Key: secret\r\n\r\n"
    events = [
        Event(0.0, Role.CLIENT, head[:50]),
        Event(0.1, Role.SERVER, b"X-Key: theirs"),
        Event(0.2, Role.CLIENT, head[50:] + b"X-Key: payload"),
    ]
    recording = Recording(events, "5.5/ping")
    hidden = without_secrets(recording, ["x-key"]).octets(Role.CLIENT)
    assert hidden == head.replace(b"Bearer abc", b"*" * 10).replace(b"secret", b"*" * 6) + b"X-Key: payload"
    keep(tmp_path, replace(result(LONG), recording=recording), ["X-Key"])
    (kept,) = read_transcript(io.StringIO((tmp_path / "5.5_long-ping.jsonl").read_text()))
    assert kept.octets(Role.CLIENT) == hidden
    assert kept.octets(Role.SERVER) == b"X-Key: theirs"
    keep(tmp_path / "none", not_run(LONG, Role.SERVER, "gone"))
    assert not (tmp_path / "none").exists()


# From Python


def test_the_names_of_the_api():
    assert set(refws.oracle.__all__) == set(refws.oracle._MODULES) <= set(dir(refws.oracle))
    for name in refws.oracle.__all__:
        assert getattr(refws.oracle, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'judge'"):
        _ = refws.oracle.judge
