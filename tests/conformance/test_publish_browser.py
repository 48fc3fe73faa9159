"""The page in a real browser, where there is one: it fits a phone, opens deep links, filters, runs nothing hostile."""

import json
from pathlib import Path

import pytest
from in_the_page import until

from conformance import results as verdicts
from conformance.publish import publish
from conformance.testees import TESTEES

GENUINE = json.loads((Path(__file__).parent / "test_publish_genuine.json").read_text(encoding="utf-8"))["first"]
HOSTILE = "<img src=x onerror=\"document.title='hostile'\"><script>document.title='hostile'</script>" + "w" * 400


def publish_in(folder, cases_by_testee, hosts, source=""):
    raw, testees = {}, {}
    for name, cases in cases_by_testee.items():
        raw[name] = folder / name
        raw[name].mkdir()
        for case_id, case in cases.items():
            (raw[name] / f"{case_id}.json").write_text(json.dumps(case))
        judged = {case_id: verdicts.case_from(case) for case_id, case in cases.items()}
        testees[name] = verdicts.TesteeResults("refws", judged, hosts.get(name, ""))
    publish(verdicts.Results(testees, source=source), raw, folder)
    return (folder / "index.html").as_uri()


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """A page on a server and a client that are not refws, one case hostile."""
    hostile = {"id": "1.1.1", "description": HOSTILE, "result": HOSTILE}
    cases = {role: {**genuine, "1.1.1": {**genuine["5.19"], **hostile}} for role, genuine in GENUINE.items()}
    return publish_in(tmp_path_factory.mktemp("page"), cases, {})


@pytest.fixture(scope="module")
def url_of_hosts(tmp_path_factory):
    """A page on every host of refws, where 5.19 went wrong on threads and uvicorn."""
    hosts = {testee.name: testee.host for testee in TESTEES}
    cases = {name: dict(GENUINE[verdicts.role_of(name)]) for name in hosts}
    for name in ("server-threads", "server-uvicorn"):
        cases[name]["5.19"] = {**cases[name]["5.19"], "behavior": "FAILED", "behaviorClose": "FAILED BY CLIENT"}
        del cases[name]["13.7.1"]
    return publish_in(tmp_path_factory.mktemp("hosts"), cases, hosts, "0123")


def shown_cases(page):
    return page.eval_on_selector_all("details.case:not([hidden])", "found => found.map(one => one.dataset.id)")


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_scrolls_sideways_with_every_case_open(visit, url, width, scheme):
    page = visit(url, width, color_scheme=scheme)
    page.click("#open")
    until(page, "() => document.querySelectorAll('.panel').length === 12")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_hostile_text_is_shown_and_does_nothing(visit, url):
    page = visit(f"{url}#server-1.1.1")
    assert HOSTILE in page.inner_text("[id='case-1.1.1'] .words >> nth=0")
    assert page.title() == "refws · conformance report"
    assert page.query_selector("main img") is None


def test_a_deep_link_opens_its_case_at_its_role(visit, url):
    page = visit(f"{url}#client-7.1.5")
    assert page.get_attribute(".panel.aimed", "aria-label") == "7.1.5 as a client"
    assert page.is_visible(".panel.aimed")
    log = page.inner_text(".panel.aimed .wire")
    assert "incomplete fragmented message" in log
    assert "no FIN · 9 octets · not masked" in log
    page.evaluate("location.hash = '#server-6.21.1'")
    page.wait_for_selector("[id='case-6.21.1'] .panel.aimed[data-role=server]")
    assert "ed a0 80 ed b0 80" in page.inner_text(".panel.aimed .wire")


def test_search_and_filters_by_keyboard(visit, url):
    page = visit(url)
    everything = ["1.1.1", "5.19", "6.21.1", "7.1.5", "9.3.1", "13.7.1"]
    assert shown_cases(page) == everything
    page.keyboard.press("/")
    page.keyboard.type("7.1")
    assert shown_cases(page) == ["7.1.5"]
    assert page.inner_text("#shown") == "1 of 6 cases"
    page.keyboard.press("Escape")
    assert shown_cases(page) == everything
    page.select_option("#verdict", "!")
    assert shown_cases(page) == ["7.1.5", "9.3.1"]
    page.select_option("#about", "rfc6455-5.5.1")
    assert shown_cases(page) == ["7.1.5"]
    page.fill("#find", "no such words")
    assert page.is_visible("#nothing")
    page.click("#reset")
    assert shown_cases(page) == everything
    page.select_option("#host", "client")
    assert page.is_hidden("[id='server-5.19']")
    assert page.is_visible("[id='client-5.19']")


def test_a_case_opens_by_keyboard(visit, url):
    page = visit(url)
    page.focus("[id='case-5.19'] > summary")
    page.keyboard.press("Enter")
    page.wait_for_selector("[id='case-5.19'] .panel")
    page.keyboard.press("Enter")
    assert page.is_hidden("[id='case-5.19'] .panel >> nth=0")


def test_the_colours_can_be_switched_and_stay(visit, url):
    page = visit(url, color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.click("#theme")
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    assert page.evaluate(ground) == dark


def test_without_a_script_the_verdicts_can_be_read(visit, url):
    page = visit(url, java_script_enabled=False)
    assert page.is_visible("noscript .note")
    assert page.is_hidden("#filter")
    assert "closing WRONG CODE" in page.inner_text("[id='client-7.1.5']")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_every_host_fits_with_every_case_open(visit, url_of_hosts, width):
    page = visit(url_of_hosts, width)
    page.click("#open")
    # A panel for what all servers share, one for all clients, and one for the two servers that differ.
    until(page, "() => document.querySelectorAll('.panel').length === 11")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_host_can_be_chosen(visit, url_of_hosts):
    page = visit(url_of_hosts)
    everything = shown_cases(page)
    line = "[id='case-5.19'] > summary .verdict:not([hidden])"
    assert page.eval_on_selector_all(line, "all => all.map(one => one.innerText)") == [
        "server asyncio, http.server OK",
        "server threads, uvicorn FAILED closing FAILED BY CLIENT",
        "2 clients OK",
    ]
    page.select_option("#host", "server-uvicorn")
    assert shown_cases(page) == [case for case in everything if case != "13.7.1"]
    assert page.inner_text(line) == "server on uvicorn FAILED closing FAILED BY CLIENT"
    page.select_option("#verdict", "!")
    assert "5.19" in shown_cases(page)
    page.select_option("#host", "server")
    assert "5.19" not in shown_cases(page)
    page.select_option("#host", "every server")
    assert "5.19" in shown_cases(page)
    page.click("table.hosts [data-host=client-threads]")
    assert page.input_value("#host") == "client-threads"
    assert page.is_hidden("[id='server-5.19']")


def test_a_deep_link_opens_its_case_at_its_host(visit, url_of_hosts):
    page = visit(f"{url_of_hosts}#server-uvicorn-5.19")
    assert page.get_attribute(".panel.aimed", "aria-label") == "5.19 as a server on threads, uvicorn"
    page.select_option("#host", "client")
    page.evaluate("location.hash = '#server-http.server-7.1.5'")
    page.wait_for_selector("[id='case-7.1.5'] .panel.aimed[data-on~='server-http.server']")
    assert page.input_value("#host") == ""
