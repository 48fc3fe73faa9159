"""The page in a real browser, where there is one: deep links, search, filters, keys, a phone, colours, no script."""

import pytest
import smallledger
from in_the_page import until

from refws.clauses import page
from refws.clauses.reference import Reference

# The top of an element below the bar, once the page is still.
IN_PLACE = """id => {
  const top = document.getElementById(id).getBoundingClientRect().top;
  return Math.abs(top - parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop)) < 2;
}"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The page of the real ledger."""
    path = tmp_path_factory.mktemp("whole") / "clauses.html"
    path.write_text(page.render(Reference()), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The page of the small ledger, with a text."""
    path = tmp_path_factory.mktemp("small") / "clauses.html"
    with pytest.MonkeyPatch.context() as monkeypatch:
        known = smallledger.use(monkeypatch)
        path.write_text(page.render(known, {"one": smallledger.TEXT}), encoding="utf-8")
    return path.as_uri()


def shown(page):
    return page.eval_on_selector_all(".clause:not([hidden])", "found => found.map(one => one.id)")


def focused(page):
    return page.evaluate("document.activeElement.id")


EVERYTHING = [
    "1-p1-s1/1",
    "1-p1-s1/2",
    "1-p1-s2",
    "1-p2-s1",
    "1.1-p1-s1",
    "2-p1-s1",
    "2-p9-s1",
    "two:1-p1-s1",
    "two:1-p1-s2",
]


@pytest.mark.parametrize(
    ("fragment", "aimed"),
    [
        ("5.5.1-p6-s1", "5.5.1-p6-s1"),
        ("5.5-p3-s1/2", "5.5-p3-s1/2"),
        ("5.5-p3-s1", "5.5-p3-s1/1"),
        ("5.5.1-p6", "5.5.1-p6-s1"),
        ("rfc6455:5.5.1-p6-s1", "5.5.1-p6-s1"),
        ("§5.5.1-p6-s1", "5.5.1-p6-s1"),
        ("rfc7692:7.2.1-p3-s1", "rfc7692:7.2.1-p3-s1"),
    ],
)
def test_a_deep_link_brings_its_requirement_to_the_top(visit, whole, fragment, aimed):
    page = visit(f"{whole}#{fragment}")
    page.wait_for_selector(f"[id='{aimed}'].aimed")
    until(page, "() => Math.abs(document.querySelector('.aimed').getBoundingClientRect().top - 64) < 8")
    assert page.locator(".aimed").count() == 1
    assert page.eval_on_selector_all(".clause.aimed details", "all => all.every(one => one.open)")


def test_a_link_to_a_section_marks_it_in_the_contents(visit, whole):
    page = visit(f"{whole}#7.4.1")
    until(page, IN_PLACE, "7.4.1")
    page.wait_for_selector("#toc a[aria-current][href='#7.4.1']")
    page.evaluate("location.hash = '#5.5.2'")
    until(page, IN_PLACE, "5.5.2")
    page.wait_for_selector("#toc a[aria-current][href='#5.5.2']")
    assert page.locator("#toc [aria-current]").count() == 1


def test_an_id_that_is_not_there_leads_to_what_is_around_it(visit, small):
    page = visit(f"{small}#1-p2-s7/3")
    assert page.get_attribute(".clause.aimed", "id") == "1-p2-s1"
    page.evaluate("location.hash = '#%'")
    page.evaluate("location.hash = '#2.9.9-p1'")
    until(page, IN_PLACE, "2")
    page.evaluate("location.hash = '#nothing'")
    assert page.url.endswith("#nothing")


def test_search_finds_ids_rules_code_tests_levels_and_cases(visit, small):
    page = visit(small)
    assert shown(page) == EVERYTHING
    page.keyboard.press("/")
    for words, found in {
        "1.1": ["1.1-p1-s1"],
        "1-p1": ["1-p1-s1/1", "1-p1-s1/2", "1-p1-s2", "two:1-p1-s1", "two:1-p1-s2"],
        "§one:1-p1-s1": ["1-p1-s1/1", "1-p1-s1/2"],
        "two:1-p1-s2": ["two:1-p1-s2"],
        "RULE 2-p1-s1": ["2-p1-s1"],
        "rule browser": ["2-p1-s1"],
        'say("hello")': ["1-p1-s1/1"],
        "test_first": ["1-p1-s1/2"],
        "should": ["2-p1-s1"],
        "case:1.2": ["1-p1-s1/1"],
        "case:7.1.1": ["1-p1-s1/1"],
        "case:1.3": [],
        "case:7": [],
        "rule shout": ["1-p1-s1/1", "1-p2-s1"],
    }.items():
        page.fill("#find", words)
        assert shown(page) == found, words
        assert page.is_visible("#nothing") is (found == [])
    page.keyboard.press("Escape")
    assert shown(page) == EVERYTHING
    assert page.inner_text("#shown") == "8 requirements"


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("document", "two", ["two:1-p1-s1", "two:1-p1-s2"]),
        ("level", "MUST NOT", ["1-p2-s1"]),
        ("level", "MAY", ["1-p1-s2"]),
        ("state", "excused", ["1-p1-s2", "two:1-p1-s2"]),
        ("state", "todo", ["1.1-p1-s1"]),
        ("who", "browser", ["2-p1-s1"]),
        ("who", "server", [one for one in EVERYTHING if one not in ("1-p1-s1/1", "2-p1-s1")]),
    ],
)
def test_each_filter(visit, small, name, value, found):
    page = visit(small)
    page.select_option(f"#{name}", value)
    assert shown(page) == found
    assert page.locator(".row:visible").count() == len({one.rpartition("-s")[0] for one in found})
    assert page.is_visible(".opening") is False
    counted = len([one for one in found if one != "2-p9-s1"])
    assert page.inner_text("#shown") == f"{counted} of 8"
    page.click("#reset")
    assert shown(page) == EVERYTHING


def test_what_the_wire_shows_and_what_the_totals_lead_to(visit, small):
    page = visit(small)
    page.check("#wire")
    assert shown(page) == [one for one in EVERYTHING if one not in ("1-p1-s1/2", "1-p1-s2", "2-p9-s1")]
    page.keyboard.press("Escape")
    assert page.is_checked("#wire") is False
    page.click(".counts button:text('MUST NOT')")
    assert shown(page) == ["1-p2-s1"]
    assert page.input_value("#document") == "one"


def test_a_link_to_what_a_filter_hides_clears_the_filter(visit, small):
    page = visit(small)
    page.select_option("#state", "todo")
    page.evaluate("location.hash = '#1-p2-s1'")
    page.wait_for_selector("[id='1-p2-s1'].aimed")
    assert shown(page) == EVERYTHING


def test_the_keys(visit, small):
    page = visit(small)
    page.keyboard.press("j")
    assert focused(page) == "1-p1-s1/1"
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert focused(page) == "1-p1-s1/2"
    fold = page.locator("[id='1-p1-s1/2'] .code details")
    assert fold.get_attribute("open") is None
    page.keyboard.press("Enter")
    assert fold.get_attribute("open") == ""
    page.keyboard.press("Enter")
    assert fold.get_attribute("open") is None
    page.keyboard.press("?")
    assert page.is_visible("#help")
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    assert page.is_hidden("#help")
    page.keyboard.press("/")
    page.keyboard.type("j/k?")
    assert page.input_value("#find") == "j/k?"
    page.fill("#find", "shout")
    page.keyboard.press("Enter")
    assert focused(page) == "1-p1-s1/1"
    page.keyboard.press("j")
    assert focused(page) == "1-p2-s1"
    page.keyboard.press("j")
    assert focused(page) == "1-p2-s1"


def test_tab_reaches_the_skip_link_first_and_each_requirement(visit, small):
    page = visit(small)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.focus("[id='1-p1-s1/1'] .id")
    assert page.evaluate("document.activeElement.matches(':focus-visible')")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.clause').id") == "1-p1-s1/1"


def test_a_sentence_and_what_it_binds_light_up_together(visit, small):
    page = visit(small)
    page.hover("[id='1-p1-s1/2'] .rule")
    assert page.eval_on_selector_all(".lit", "all => all.map(one => one.id || one.dataset.s)") == [
        "1-p1-s1",
        "1-p1-s1/1",
        "1-p1-s1/2",
    ]
    page.focus(".said[data-s='1-p2-s1']")
    assert page.get_attribute(".clause.lit", "id") == "1-p2-s1"
    page.click(".said[data-s='1-p1-s1']")
    page.wait_for_selector("[id='1-p1-s1/1']:focus")


@pytest.mark.parametrize(
    ("which", "width"), [("whole", 320), ("whole", 1280), *(("small", width) for width in (320, 390, 768, 1280, 1920))]
)
def test_nothing_scrolls_sideways_with_everything_open(visit, request, which, width):
    page = visit(request.getfixturevalue(which), width)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.evaluate("for (const one of document.querySelectorAll('.row')) one.style.contentVisibility = 'visible'")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_on_a_phone_the_contents_and_the_filters_come_when_asked(visit, whole):
    page = visit(whole, 390)
    assert page.is_hidden("#toc")
    assert page.is_hidden("#level")
    page.click("#narrow")
    page.select_option("#level", "SHOULD NOT")
    assert page.get_attribute("#narrow", "aria-expanded") == "true"
    page.click("#contents")
    assert page.is_visible("#toc")
    page.keyboard.press("Escape")
    page.wait_for_selector("#toc", state="hidden")
    assert page.input_value("#level") == "SHOULD NOT"
    page.click("#contents")
    page.click("#toc a[href='#5.5']")
    page.wait_for_selector("#toc", state="hidden")
    until(page, IN_PLACE, "5.5")


def test_the_colours_follow_the_system_and_the_button(visit, small):
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = visit(small, color_scheme="dark").evaluate(ground)
    page = visit(small, color_scheme="light")
    light = page.evaluate(ground)
    assert dark != light
    page.click("#theme")
    assert page.evaluate(ground) == dark
    page.reload()
    assert page.evaluate(ground) == dark


def test_without_a_script_everything_is_there_and_open(visit, small):
    page = visit(f"{small}#1-p2-s1", java_script_enabled=False)
    assert page.is_visible("noscript .note")
    assert page.is_hidden("#filter")
    assert "step(12)" in page.inner_text("[id='1-p1-s1/2']")
    assert page.inner_text("[id='1-p1-s1/1']").count("test_z") == 2
    assert page.is_visible("#toc")


def test_hostile_words_are_shown_and_do_nothing(visit, small):
    page = visit(f"{small}#two:1-p1-s1")
    assert page.inner_text("[id='two:1-p1-s1'] .rule") == smallledger.HOSTILE
    assert page.title() == "refws · annotated reference"
    assert page.query_selector("main img") is None


def test_print_shows_everything(visit, small):
    page = visit(small)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.is_hidden(".top")
    assert "step(12)" in page.inner_text("[id='1-p1-s1/2']")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.get_attribute("[id='1-p1-s1/2'] .code details", "open") is None


def test_a_search_answers_while_one_types(visit, whole):
    page = visit(whole)
    page.evaluate("""() => {
      const find = document.getElementById("find");
      window.took = (words) => {
        find.value = words;
        const start = performance.now();
        find.dispatchEvent(new Event("input", { bubbles: true }));
        return performance.now() - start;
      };
    }""")
    page.evaluate("took('mask')")
    # The limit leaves room for a machine that is busy with other tests; the aim is 50 ms.
    assert min(page.evaluate("took('mask')"), page.evaluate("took('close frame')"), page.evaluate("took('mask')")) < 200
