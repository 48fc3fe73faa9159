"""What `publish` writes: stable, whole, small, safe against hostile raw data, and loud when it is partial."""

import base64
import copy
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from conformance import results as verdicts
from conformance.autobahn.cases import ALL_CASES, CORE
from conformance.failure import HarnessFailure
from conformance.publish import publish
from conformance.publish.tally import shortfall
from conformance.testees import TESTEES

GENUINE = json.loads((Path(__file__).parent / "test_publish_genuine.json").read_text(encoding="utf-8"))
REPORTS = ("autobahn.json", "summary.md", "index.html")
SCRIPT = "<script>alert('x')</script><img src=x onerror=alert(1)></script><!--"


def raw_case(case_id, **changes):
    """Autobahn's JSON of a case that went well, with some fields changed."""
    return {**copy.deepcopy(GENUINE["first"]["server"]["5.19"]), "id": case_id, **changes}


def write_raw(folder, cases):
    folder.mkdir(parents=True, exist_ok=True)
    for case in cases:
        (folder / f"{case['id']}.json").write_text(json.dumps(case), encoding="utf-8")
    return folder


HOSTS = {testee.name: testee.host for testee in TESTEES}


def results_of(raw_by_testee, *, partial=False, agent="refws", source=""):
    """What was judged of other programs, or, with a source, of refws."""
    return verdicts.Results(
        {
            name: verdicts.TesteeResults(
                agent, {case["id"]: verdicts.case_from(case) for case in cases}, HOSTS[name] if source else ""
            )
            for name, cases in raw_by_testee.items()
        },
        partial=partial,
        source=source,
    )


def published(tmp_path, raw_by_testee, name="run", beside="", **settings):
    raw = {testee: write_raw(tmp_path / name / "raw" / testee, cases) for testee, cases in raw_by_testee.items()}
    reports = tmp_path / name / "reports"
    publish(results_of(raw_by_testee, **settings), raw, reports, beside)
    return {report: (reports / report).read_bytes() for report in REPORTS}


def both_roles(case_ids, **changes):
    return {role: [raw_case(case_id, **changes) for case_id in case_ids] for role in verdicts.ROLES}


class Page(HTMLParser):
    """A page taken apart as a browser would: elements with their attributes, text, and the scripts."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.scripts, self.text, self.open = [], [], "", []
        self.feed(page.decode("utf-8"))
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if "script" in self.open:
            self.scripts[-1] += data
        elif "style" not in self.open:
            self.text += data

    @property
    def data(self):
        return json.loads(self.scripts[0])

    def ids(self):
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    def of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


# ---- stability ----


def test_two_genuine_runs_that_were_judged_the_same_give_the_same_octets(tmp_path):
    first, second = (
        published(tmp_path, {role: list(cases.values()) for role, cases in GENUINE[run].items()}, run)
        for run in ("first", "second")
    )
    assert GENUINE["first"] != GENUINE["second"]
    assert first == second


def moved_in_time(case):
    wirelog = [["RO", [2, "8900"]], *case["wirelog"]]
    wirelog = [["TF", *line[1:5], "00c0ffee", *line[6:]] if line[0] == "TF" else line for line in wirelog]
    head = "GET / HTTP/1.1\r\nHost: 127.0.0.1:1\r\nUser-Agent: other\r\nSec-WebSocket-Key: AAAA\r\n\r\n"
    return {
        **case,
        "wirelog": wirelog,
        "started": "2031-01-01T00:00:00.000Z",
        "duration": 987654,
        "case": 77,
        "httpRequest": head,
        "httpResponse": "HTTP/1.1 101 Other\r\nServer: other/9\r\nSec-WebSocket-Accept: BBBB\r\n\r\n",
        "rxOctetStats": {"1": 4},
        "txOctetStats": {"7": 9},
        "trafficStats": {"incomingOctetsWireLevel": 12},
    }


def test_time_ports_keys_masks_and_tcp_chunks_leave_no_trace(tmp_path):
    case = raw_case("5.19")
    plain, moved = (
        published(tmp_path, {"server": [one]}, name) for name, one in (("plain", case), ("moved", moved_in_time(case)))
    )
    assert plain == moved


def test_what_was_judged_does_leave_a_trace(tmp_path):
    case = raw_case("5.19")
    changes = [
        {"behavior": "FAILED"},
        {"behaviorClose": "WRONG CODE"},
        {"result": "another"},
        {"remoteCloseCode": 1001},
        {"droppedByMe": True},
        {"wirelog": case["wirelog"][:-1]},
        {"received": []},
        {"httpResponse": "HTTP/1.1 101 S\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"},
    ]
    pages = {
        published(tmp_path, {"server": [{**case, **change}]}, str(n))["index.html"]
        for n, change in enumerate([{}, *changes])
    }
    assert len(pages) == len(changes) + 1


@pytest.mark.parametrize("address", ["127.0.0.1:45195", "tcp4:127.0.0.1:8", "localhost:65535", "[::1]:9001"])
def test_an_address_in_a_reason_is_replaced(tmp_path, address):
    page = published(tmp_path, {"server": [raw_case("1.1.1", wasNotCleanReason=f"lost {address} early")]})["index.html"]
    assert address.encode() not in page
    assert b"lost (address) early" in page


# ---- completeness and size ----


def told_of(case):
    """The testees of whom the same is told of a case, once for all of them."""
    return [one["on"] for one in case["told"]]


def test_every_case_of_both_roles_is_on_the_page(tmp_path):
    reports = published(tmp_path, both_roles(ALL_CASES))
    page = Page(reports["index.html"])
    ids = page.ids()
    assert len(ids) == len(set(ids))
    assert {f"{role}-{case_id}" for role in verdicts.ROLES for case_id in ALL_CASES} <= set(ids)
    assert {f"case-{case_id}" for case_id in ALL_CASES} <= set(ids)
    assert set(page.data["cases"]) == set(ALL_CASES)
    assert all(told_of(case) == [["server"], ["client"]] and case["sections"] for case in page.data["cases"].values())
    assert "Partial" not in page.text
    assert b"artial" not in reports["summary.md"]


def test_a_page_of_long_cases_stays_under_five_megabytes(tmp_path):
    frame = ["TF", [65536, "*" * 64 + " ..."], 1, True, 0, "a4647ae1", None, None, False]
    pong = ["RF", [125, "0x" + "fe" * 64 + " ..."], 10, True, 0, False, None]
    wirelog = [frame, pong] * 8
    reports = published(tmp_path, both_roles(ALL_CASES, wirelog=wirelog, description="d" * 400, expectation="e" * 400))
    assert len(reports["index.html"]) < 5_000_000


def test_what_others_said_is_on_the_page_and_in_the_summary(tmp_path):
    reports = published(tmp_path, both_roles(["1.1.1"]), beside="The oracle said the same.")
    assert b"The oracle said the same.</p>" in reports["index.html"]
    assert "The oracle said the same." in reports["summary.md"].decode("utf-8").splitlines()


def test_the_numbers_are_read_back_from_the_json(tmp_path):
    raw = {role: list(cases.values()) for role, cases in GENUINE["first"].items()}
    text = published(tmp_path, raw)["autobahn.json"].decode("utf-8")
    assert verdicts.from_json(text, "report") == results_of(raw)


def test_one_role_alone_is_published(tmp_path):
    reports = published(tmp_path, {"client": [raw_case("5.19")]})
    ids = Page(reports["index.html"]).ids()
    assert "client-5.19" in ids
    assert "server-5.19" not in ids


def test_a_case_that_only_one_role_has_is_published(tmp_path):
    page = Page(published(tmp_path, {"server": [raw_case("1.1.1")], "client": [raw_case("12.1.1")]})["index.html"])
    assert told_of(page.data["cases"]["1.1.1"]) == [["server"]]
    assert told_of(page.data["cases"]["12.1.1"]) == [["client"]]


def test_behaviour_and_closing_are_counted_apart(tmp_path):
    cases = [
        raw_case("1.1.1"),
        raw_case("2.1", behavior="NON-STRICT"),
        raw_case("7.1.5", behavior="FAILED", behaviorClose="WRONG CODE"),
        raw_case("7.1.6", behavior="STRANGE", behaviorClose="INFORMATIONAL"),
    ]
    lines = published(tmp_path, {"server": cases})["summary.md"].decode("utf-8").splitlines()
    columns = "cases | OK | NON-STRICT | FAILED | STRANGE | closing OK | closing INFORMATIONAL | closing WRONG CODE"
    for line in (
        f"| as a | {columns} | strictly OK in groups 1 to 10 |",
        "| server | 4 | 1 | 1 | 1 | 1 | 2 | 1 | 1 | no: 300 cases |",
        "| 1 Framing | 1 OK |",
        "| 7 Close handling | 1 FAILED, 1 STRANGE (closing: 1 WRONG CODE) |",
    ):
        assert line in lines


# ---- hosts ----


def on_hosts(**changes):
    """Raw data of three cases on every host, where the names of `changes` differ in 7.1.5."""
    raw = {name: [raw_case("7.1.5"), raw_case("7.1.6")] for name in HOSTS}
    for name in ("server", "client"):
        raw[name].append(raw_case("12.1.1"))
    for name, change in changes.items():
        raw[name.replace("_", "-")][0].update(change)
    return raw


def test_what_hosts_share_is_told_once(tmp_path):
    cases = Page(published(tmp_path, on_hosts(), source="0123")["index.html"]).data["cases"]
    servers = ["server", "server-http.server", "server-threads", "server-uvicorn"]
    assert told_of(cases["7.1.5"]) == [servers, ["client", "client-threads"]]
    assert told_of(cases["12.1.1"]) == [["server"], ["client"]]


def test_a_host_of_which_another_thing_is_told_has_it_for_itself(tmp_path):
    for number, change in enumerate([{"behavior": "FAILED"}, {"result": "another"}, {"wirelog": []}]):
        raw = on_hosts(server_threads=change)
        case = Page(published(tmp_path, raw, str(number), source="0123")["index.html"]).data["cases"]["7.1.5"]
        assert told_of(case)[:2] == [["server", "server-http.server", "server-uvicorn"], ["server-threads"]]


def lines_of(page, case_id):
    """The verdicts on a case in its line: who, behaviour, closing."""
    [line] = re.findall(rf'id="case-{re.escape(case_id)}".*?</details>', page.decode("utf-8"), re.DOTALL)
    shown = [one.partition(">")[2] for one in line.split('<span class="verdict"')[1:]]
    return [words_of(one) for one in shown]


def words_of(markup):
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())


def test_a_line_says_the_verdict_of_all_hosts_once_and_names_those_that_differ(tmp_path):
    raw = on_hosts(server_threads={"behaviorClose": "UNCLEAN"}, server_uvicorn={"behaviorClose": "UNCLEAN"})
    page = published(tmp_path, raw, source="0123")["index.html"]
    assert lines_of(page, "7.1.5") == [
        "server asyncio, http.server OK",
        "server threads, uvicorn OK closing UNCLEAN",
        "2 clients OK",
    ]
    assert lines_of(page, "7.1.6") == ["4 servers OK", "2 clients OK"]
    assert lines_of(page, "12.1.1") == ["server OK", "client OK"]


def test_each_host_has_its_line_in_the_tables(tmp_path):
    raw = {testee.name: [raw_case(case_id) for case_id in testee.cases] for testee in TESTEES}
    raw["server-threads"][0]["behavior"] = "NON-STRICT"
    reports = published(tmp_path, raw, source="0123")
    lines = reports["summary.md"].decode("utf-8").splitlines()
    assert "| as a | cases | OK | NON-STRICT | closing OK | strictly OK in groups 1 to 10 |" in lines
    assert "| server on asyncio | 517 | 517 | 0 | 517 | yes |" in lines
    assert "| server on threads | 301 | 300 | 1 | 301 | no: 1 case |" in lines
    assert "| 1 Framing | 16 OK | 16 OK | 15 OK, 1 NON-STRICT | 16 OK | 16 OK | 16 OK |" in lines
    assert "| 12 Compression: different payloads | 90 OK | - | - | - | 90 OK | - |" in lines
    [table] = re.findall(r'<table class="hosts">.*?</table>', reports["index.html"].decode("utf-8"), re.DOTALL)
    rows = [words_of(row) for row in table.split("<tr>")[1:]]
    assert "http.server 301 cases 301 OK 301 OK yes" in rows
    assert "threads 301 cases 300 OK 1 NON-STRICT 301 OK no not in 1.1.1" in rows
    assert "asyncio 517 cases, compression too 301 OK 301 OK yes" in rows


# ---- partial runs ----


def test_an_interrupted_run_says_so_loudly(tmp_path):
    reports = published(tmp_path, both_roles(ALL_CASES[:-1]), partial=True)
    [banner] = [
        attributes for _, attributes in Page(reports["index.html"]).elements if attributes.get("role") == "alert"
    ]
    assert banner["class"] == "partial"
    sentence = "The run was interrupted: this report lacks 1 of 517 cases as a server and 1 of 517 cases as a client."
    assert sentence in Page(reports["index.html"]).text
    assert reports["summary.md"].decode("utf-8").startswith(f"> **Partial report.** {sentence}")


def test_a_run_of_chosen_cases_is_partial_too(tmp_path):
    reports = published(tmp_path, {"server": [raw_case(case_id) for case_id in ALL_CASES]})
    text = Page(reports["index.html"]).text
    assert "Not every case was asked for: this report lacks 517 of 517 cases as a client." in text


def test_an_interrupted_run_that_lacks_nothing_says_so_all_the_same(tmp_path):
    reports = published(tmp_path, both_roles(ALL_CASES), partial=True)
    assert "The run was interrupted." in Page(reports["index.html"]).text


def test_a_run_of_refws_that_lacks_a_host_is_partial():
    good = verdicts.CaseResult("OK", "OK", 1000)
    judged = {one.name: verdicts.TesteeResults("refws", dict.fromkeys(one.cases, good)) for one in TESTEES}
    assert shortfall(verdicts.Results(judged, source="0123")) == ""
    del judged["server-uvicorn"]
    judged["client-threads"] = verdicts.TesteeResults("refws", dict.fromkeys(CORE[1:], good))
    lack = "301 of 301 cases as a server on uvicorn and 1 of 301 cases as a client on threads."
    assert shortfall(verdicts.Results(judged, source="0123")) == (
        f"Not every case was asked for: this report lacks {lack}"
    )


def test_a_run_without_a_single_case_is_published_as_partial(tmp_path):
    publish(
        verdicts.Results({"server": verdicts.TesteeResults("refws", {})}, partial=True),
        {"server": tmp_path},
        tmp_path / "reports",
    )
    assert b"Partial report." in (tmp_path / "reports" / "index.html").read_bytes()


# ---- failures: one clear line, nothing written ----


def failure_of(results, raw, reports):
    with pytest.raises(HarnessFailure) as caught:
        publish(results, raw, reports)
    line = str(caught.value)
    assert "\n" not in line
    return line


def server_results(*case_ids):
    return results_of({"server": [raw_case(case_id) for case_id in case_ids]})


def test_a_missing_raw_file_is_named(tmp_path):
    folder = write_raw(tmp_path / "raw", [raw_case("1.1.1")])
    line = failure_of(server_results("1.1.1", "1.1.2"), {"server": folder}, tmp_path / "reports")
    assert line == f"{folder / '1.1.2.json'}: there is no raw data of case 1.1.2; run the case again"
    assert not (tmp_path / "reports").exists()


def test_a_missing_folder_is_named(tmp_path):
    line = failure_of(server_results("1.1.1"), {}, tmp_path / "reports")
    assert line == "there is no folder of raw data for server; run its cases again"


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "cannot be read as JSON"),
        (b"{", "cannot be read as JSON"),
        (b"\xff\xfe\xfd", "cannot be read as JSON"),
        (b"[]", "not the JSON of a case"),
        (b"{}", "not the JSON of a case"),
        (json.dumps(raw_case("1.1.2")).encode(), "holds case 1.1.2, not 1.1.1"),
        (json.dumps(raw_case("1.1.1", behavior=None)).encode(), "not the JSON of a case"),
        (json.dumps(raw_case("1.1.1", remoteCloseCode="1000")).encode(), "not the JSON of a case"),
        (json.dumps(raw_case("1.1.1", wirelog=[["??"]])).encode(), "not the JSON of a case"),
        (json.dumps(raw_case("1.1.1", wirelog=[["TF", [1, "a"], 1]])).encode(), "not the JSON of a case"),
        (json.dumps(raw_case("1.1.1", wirelog=[[]])).encode(), "not the JSON of a case"),
        (json.dumps(raw_case("1.1.1", description=5)).encode(), "not the JSON of a case"),
    ],
)
def test_a_raw_file_that_is_not_autobahns_is_named(tmp_path, content, part):
    (tmp_path / "1.1.1.json").write_bytes(content)
    line = failure_of(server_results("1.1.1"), {"server": tmp_path}, tmp_path / "reports")
    assert str(tmp_path / "1.1.1.json") in line
    assert part in line


@pytest.mark.parametrize(
    "verdict",
    [
        verdicts.CaseResult("FAILED", "OK", 1000),
        verdicts.CaseResult("OK", "UNCLEAN", 1000),
        verdicts.CaseResult("OK", "OK", None),
    ],
)
def test_a_verdict_that_is_not_the_raw_one_is_refused(tmp_path, verdict):
    folder = write_raw(tmp_path / "raw", [raw_case("1.1.1")])
    results = verdicts.Results({"server": verdicts.TesteeResults("refws", {"1.1.1": verdict})})
    line = failure_of(results, {"server": folder}, tmp_path / "reports")
    assert "says OK (closing OK, code 1000), but the run said" in line


def test_roles_that_describe_a_case_differently_are_refused(tmp_path):
    raw = {"server": [raw_case("1.1.1")], "client": [raw_case("1.1.1", description="another suite")]}
    folders = {role: write_raw(tmp_path / role, cases) for role, cases in raw.items()}
    line = failure_of(results_of(raw), folders, tmp_path / "reports")
    assert "describe case 1.1.1 differently" in line


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    folder = write_raw(tmp_path / "raw", [raw_case("1.1.1")])
    (tmp_path / "reports").write_text("a file")
    line = failure_of(server_results("1.1.1"), {"server": folder}, tmp_path / "reports")
    assert line.startswith(f"{tmp_path / 'reports'}: the reports cannot be written")


# ---- hostile raw data ----


def hostile_case():
    frame = ["RF", [len(SCRIPT), SCRIPT], 1, True, 0, False, None]
    return raw_case(
        "5.19",
        description=f"{SCRIPT}<br>next <b>bold</b>",
        expectation=SCRIPT,
        behavior=SCRIPT,
        behaviorClose=SCRIPT,
        result=SCRIPT,
        resultClose=SCRIPT,
        wirelog=[frame, ["CT", 1, SCRIPT]],
        received=[["message", SCRIPT, False], ["timeout", SCRIPT]],
        expected={SCRIPT: [["ping", SCRIPT]]},
        remoteCloseReason=SCRIPT,
        wasNotCleanReason=SCRIPT,
        httpRequest=f"GET / HTTP/1.1\r\nSec-WebSocket-Extensions: {SCRIPT}\r\n\r\n",
    )


def test_hostile_raw_data_makes_no_element_and_ends_no_script(tmp_path):
    harmless = Page(published(tmp_path, {"server": [raw_case("5.19")]}, "harmless")["index.html"])
    reports = published(tmp_path, {"server": [hostile_case()]}, "hostile", agent=SCRIPT)
    hostile = Page(reports["index.html"])
    assert len(hostile.scripts) == len(harmless.scripts) == 2
    assert not hostile.of("img")
    assert not [name for _, attributes in hostile.elements for name in attributes if name.startswith("on")]
    case = hostile.data["cases"]["5.19"]
    assert case["description"] == f"{SCRIPT}\nnext bold"
    assert case["told"][0]["result"] == SCRIPT
    assert case["told"][0]["wire"][0][4] == ["t", SCRIPT, 0]
    assert "<" not in hostile.scripts[0]
    assert SCRIPT in hostile.text


def test_text_that_is_not_unicode_is_published(tmp_path):
    reports = published(tmp_path, {"server": [raw_case("5.19", description="lone \ud800", result="\udfff")]})
    assert "lone \\ud800" in reports["index.html"].decode("utf-8")


# ---- the page itself ----


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    raw = {role: list(cases.values()) for role, cases in GENUINE["first"].items()}
    return published(tmp_path_factory.mktemp("page"), raw)["index.html"]


def test_the_page_asks_the_network_for_nothing(page):
    taken = Page(page)
    assert not [name for name, _ in taken.elements if name in ("link", "img", "iframe", "object", "embed", "source")]
    assert not [attributes for name, attributes in taken.elements if "src" in attributes or "srcset" in attributes]
    style = re.search(rb"<style>(.*?)</style>", page, re.DOTALL)[1]
    assert b"url(" not in style
    assert b"@import" not in style


def test_the_policy_lets_only_our_own_style_and_script_run(page):
    [policy] = [meta["content"] for meta in Page(page).of("meta") if "http-equiv" in meta]
    style = re.search(rb"<style>(.*?)</style>", page, re.DOTALL)[1]
    script = re.search(rb"<script>(.*?)</script>", page, re.DOTALL)[1]
    for directive, source in (("style-src", style), ("script-src", script)):
        digest = base64.b64encode(hashlib.sha256(source).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not [attributes for _, attributes in Page(page).elements if "style" in attributes]


def test_the_script_never_writes_markup(page):
    script = Page(page).scripts[1]
    for means in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("):
        assert means not in script


def test_the_page_has_landmarks_and_every_link_inside_it_leads_somewhere(page):
    taken = Page(page)
    names = [name for name, _ in taken.elements]
    assert [names.count(name) for name in ("main", "nav", "footer", "h1")] == [1, 1, 1, 1]
    [html] = taken.of("html")
    assert html["lang"] == "en"
    ids = set(taken.ids())
    assert {link["href"][1:] for link in taken.of("a") if link["href"].startswith("#")} <= ids
    named = {attributes["aria-labelledby"] for _, attributes in taken.elements if "aria-labelledby" in attributes}
    assert named <= ids


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_stands_out_from_its_ground(page, scheme):
    pairs = re.findall(r"--([a-z-]+): (?:light-dark\((#\w{6}), (#\w{6})\)|(#\w{6}));", page.decode("utf-8"))
    colours = {name: one or (light, dark)[scheme] for name, light, dark, one in pairs}
    tones = ("good", "weak", "info", "void", "bad")
    grounds = [(text, ground) for text in ("ink", "soft", "link", *tones) for ground in ("ground", "paper", "sunk")]
    grounds += [(tone, f"{tone}-ground") for tone in tones] + [("alarm", "alarm-ground")]
    for text, ground in grounds:
        dark, light = sorted((luminance(colours[text]), luminance(colours[ground])))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)
