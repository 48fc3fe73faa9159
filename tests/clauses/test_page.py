import base64
import hashlib
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest
import smallledger
from smallledger import HOSTILE, TEXT

from refws.clauses import page
from refws.clauses.ledger import documents
from refws.clauses.page.highlight import Highlighter
from refws.clauses.page.model import page_of
from refws.clauses.page.paragraphs import paragraphs_of
from refws.clauses.reference import Reference


class Parsed(HTMLParser):
    """The elements of a page, and the text within each that has an id."""

    VOID = frozenset({"meta", "input", "wbr", "rect", "br"})

    def __init__(self, text):
        super().__init__()
        self.elements, self.within, self.texts = [], [], {}
        self.feed(text)
        assert self.within == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.within.append((tag, dict(attrs).get("id")))

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.within.pop()[0] == tag

    def handle_data(self, data):
        for _, name in self.within:
            if name:
                self.texts[name] = self.texts.get(name, "") + data

    def values(self, attribute):
        return [attrs[attribute] for _, attrs in self.elements if attribute in attrs]


@pytest.fixture
def known(monkeypatch):
    return smallledger.use(monkeypatch)


@pytest.fixture(scope="module")
def whole():
    return page.render(Reference())


def test_the_page_has_the_whole_ledger_and_leads_to_each_part_of_it(whole):
    ids = Parsed(whole).values("id")
    assert len(set(ids)) == len(ids)
    for place, document in enumerate(documents().values()):
        prefix = f"{document.name}:" if place else ""
        wanted = {f"{prefix}{number}" for number in document.sections} | {document.name}
        for clause in document.clauses.values():
            wanted |= {prefix + clause.id, prefix + clause.sentence, prefix + clause.sentence.rpartition("-")[0]}
        assert wanted <= set(ids)


def test_every_link_within_the_page_leads_somewhere_and_no_other_loads_anything(whole):
    parsed = Parsed(whole)
    inside = {link[1:] for link in parsed.values("href") if link.startswith("#")}
    assert inside <= set(parsed.values("id"))
    outside = {link for link in parsed.values("href") if not link.startswith("#")}
    places = ("../refws/", "../tests/", "../docs/rulings.md", "index.html#case-", "https://www.rfc-editor.org/")
    assert {link for link in outside if not link.startswith(places)} == set()
    assert parsed.values("src") == []
    assert {tag for tag, _ in parsed.elements} & {"link", "img", "iframe", "base", "object"} == set()
    assert "url(" not in whole


def test_the_browser_is_told_to_run_this_script_and_style_and_no_other(whole):
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', whole)[1]
    for tag in ("style", "script"):
        content = re.search(rf"<{tag}>(.*?)</{tag}>", whole, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy.replace("&#39;", "'").replace("&#43;", "+")
    assert "default-src 'none'" in policy
    assert Parsed(whole).values("style") == []


def test_the_page_stays_small_and_the_same(whole):
    assert len(whole.encode()) < 3_000_000
    assert page.render(Reference()) == whole


def test_every_line_of_every_snippet_is_drawn():
    reference = Reference()
    found = [one for part in page_of(reference).parts for one in part.requirements]
    highlighter = Highlighter((one.name, one.anchor) for one in found)
    for requirement in found:
        for snippet in requirement.code:
            lines = [str(line.striptags()) for line in highlighter.lines(snippet, requirement.name)]
            assert len(lines) == len(snippet.lines)
            assert 0 <= snippet.begin < snippet.end <= len(lines)
            assert [line.split() for line in lines] == [line.split() for line in snippet.lines]


def test_totals_count_requirements_and_their_subsections(known):
    first, other = page_of(known).parts
    assert first.tally.total == 6
    assert dict(first.tally.states) == {"tested": 2, "implemented": 1, "open": 1, "todo": 1, "excused": 1}
    assert dict(first.tally.levels) == {"MUST": 3, "MUST NOT": 1, "SHOULD": 1, "MAY": 1}
    assert [(section.number, section.tally.total) for section in first.sections] == [("1", 5), ("1.1", 1), ("2", 1)]
    assert page_of(known).total == first.tally.total + other.tally.total == 8


def test_what_is_open_is_listed(known):
    listed = Parsed(page.render(known)).texts["open"]
    assert "3 of 8 requirements are neither" in " ".join(listed.split())
    assert re.findall(r"\S+-s\S+ \w+", listed) == ["1-p2-s1 implemented", "1.1-p1-s1 todo", "2-p1-s1 open"]


def test_nothing_open_is_said_in_a_line(monkeypatch):
    excused = smallledger.clause("one", "1-p1-s1", excused="others: binds the registry.")
    known = smallledger.use(monkeypatch, {"one": smallledger.document("one", {"1": "One"}, excused)})
    assert "Nothing: each of the 1 requirements" in Parsed(page.render(known)).texts["open"]


def test_a_requirement_says_all_that_is_known_of_it(known):
    texts = {name: " ".join(text.split()) for name, text in Parsed(page.render(known)).texts.items()}
    assert "MUST 1-p1-s1/1 client · sends · on the wire tested The rule of 1-p1-s1/1." in texts["1-p1-s1/1"]
    assert "6 in test_a.py, test_b.py" in texts["1-p1-s1/1"]
    assert "1.1\N{EN DASH}1.2, 7.* direct server 2 OK, 1 INFORMATIONAL; client 2 OK, 1 FAILED" in texts["1-p1-s1/1"]
    assert texts["1-p1-s1/1"].index("refws/one/s01.py:9 greet") < texts["1-p1-s1/1"].index("refws/host/door.py:4")
    assert "server, application · by definition · seen inside only" in texts["1-p1-s1/2"]
    assert "ruling 4 who is first erratum 77" in texts["1-p1-s1/2"]
    assert "excused The rule of 1-p1-s2. permission: nobody here adds one." in texts["1-p1-s2"]
    assert "implemented The rule of 1-p2-s1. No test with its marker has passed." in texts["1-p2-s1"]
    assert "todo The rule of 1.1-p1-s1. todo: write it." in texts["1.1-p1-s1"]
    assert "open The rule of 2-p1-s1. No code cites it." in texts["2-p1-s1"]
    assert "any case implicit" in texts["2-p1-s1"]
    assert "no requirement A sentence about the document." in texts["2-p9-s1"]


def test_a_citation_links_to_its_requirement_and_its_own_stands_out(known):
    drawn = page.render(known)
    assert "<b>§1-p1-s1/1</b> MUST greet; " in drawn
    assert '<a href="#1-p2-s1">§1-p2-s1</a> MUST NOT shout; §9-p9-s9 MUST' in drawn


def test_of_a_long_snippet_the_lines_about_the_citation_are_shown(known):
    found = {one.name: one for part in page_of(known).parts for one in part.requirements}
    long = found["one:1-p1-s1/2"].code[0]
    assert (len(long.lines), long.begin, long.end, long.marked) == (14, 0, 8, ())
    drawn = page.render(known)
    assert "<summary>6 more lines</summary>" in drawn
    known.code["one:1-p1-s1/2"][0]["line"] = 33
    assert "<summary>6 lines above</summary>" in page.render(known)
    known.code["one:1-p1-s1/2"][0]["line"] = 23
    assert "<summary>1 line above</summary>" in page.render(known)
    assert "<summary>5 more lines</summary>" in page.render(known)


def test_in_a_long_expression_the_lines_below_the_citation_are_marked(known):
    found = {one.name: one for part in page_of(known).parts for one in part.requirements}
    assert found["one:1-p2-s1"].code[0].marked == (41, 42)
    assert re.findall(r'class="l m" data-n="(\d+)"', page.render(known)) == ["41", "42"]


def test_hostile_words_are_words(known):
    drawn = page.render(known, {"one": TEXT.replace("wave", HOSTILE)})
    assert "<img" not in drawn
    assert drawn.count("</script>") == 1
    texts = Parsed(drawn).texts
    assert texts["two:1-p1-s1"].count(HOSTILE) >= 6
    assert HOSTILE in texts["two:1-p1-s2"]
    assert "".join(HOSTILE.split()) in "".join(texts["2-p1"].split())


def test_the_texts_paragraphs_stand_beside_their_requirements(known):
    drawn = page.render(known, {"one": TEXT})
    texts = {name: " ".join(text.split()) for name, text in Parsed(drawn).texts.items()}
    said = "A peer MUST say hello before it says anything else. It MAY add a Sec-WebSocket-Greeting."
    assert texts["1-p1"].startswith(f"{said} MUST 1-p1-s1/1")
    assert texts["1-p2"].startswith("o It MUST NOT shout. MUST NOT 1-p2-s1")
    assert texts["1-p3"] == "Warmth How warm a greeting is."
    assert texts["1.1-p3"] == "Nothing here binds anybody."
    assert (
        '<a class="said todo" data-s="1.1-p1-s1" href="#1.1-p1-s1">hello = &#34;hi&#34; / &#34;ho&#34;\n</a>' in drawn
    )
    assert "+-----+-----+\n| one | two |\n+-----+-----+</pre>" in drawn
    assert "2-p9-s1" in texts["2-p9"], "the text has no such paragraph, and the page has its requirement"
    assert "Warmth" not in page.render(known)
    ids = Parsed(drawn).values("id")
    assert len(set(ids)) == len(ids)


def test_a_sentence_has_the_state_that_most_needs_an_eye(known):
    drawn = page.render(known, {"one": TEXT})
    assert 'class="said tested" data-s="1-p1-s1"' in drawn
    known = smallledger.Known()
    del known.evidence.tests["one:1-p1-s1/2"]
    assert 'class="said implemented" data-s="1-p1-s1"' in page.render(known, {"one": TEXT})


def test_paragraphs_keep_what_tells_them_apart():
    one, form, _ = paragraphs_of(TEXT)["1"], paragraphs_of(TEXT)["1.1"], paragraphs_of(TEXT)["2"]
    assert [(shown.kind, shown.mark, shown.depth) for shown in one] == [
        ("text", "", 0),
        ("item", "o", 0),
        ("term", "Warmth", 0),
    ]
    assert [shown.kind for shown in form] == ["lines", "lines", "text"]
    assert [text for _, text in form[0].pieces] == ['hello = "hi" / "ho"\n', "name  = *ALPHA"]


@pytest.mark.parametrize("change", ["rule", "code", "tests", "verdicts", "ruling"])
def test_the_digest_follows_what_the_page_shows(known, monkeypatch, change):
    before = page.inputs(known)
    assert f'<meta name="inputs" content="{before}">' in page.render(known, {"one": TEXT})
    if change == "rule":
        ledger = smallledger.ledger()
        changed = replace(ledger["one"].clauses["2-p1-s1"], rule="Another rule.")
        clauses = {**ledger["one"].clauses, "2-p1-s1": changed}
        known = smallledger.use(monkeypatch, {**ledger, "one": replace(ledger["one"], clauses=clauses)})
    elif change == "code":
        known.code["one:1-p1-s1/1"][1]["text"] += " "
    elif change == "tests":
        known.evidence.tests["one:1-p1-s1/2"] = ("tests/test_a.py::test_second",)
    elif change == "verdicts":
        known.verdicts["1.2"] = ("OK", "OK")
    else:
        known.rulings[4] = "who is second"
    assert page.inputs(known) != before


def test_the_digest_follows_what_the_page_is_made_with(known, monkeypatch, tmp_path):
    before = page.inputs(known)
    for name in page._MAKERS:
        (tmp_path / name).write_bytes((page._FOLDER / name).read_bytes())
    monkeypatch.setattr(page, "_FOLDER", tmp_path)
    assert page.inputs(known) == before
    for name in page._MAKERS:
        with (tmp_path / name).open("a") as file:
            file.write(" ")
        assert page.inputs(known) != before
        before = page.inputs(known)


def test_an_audit_finds_a_page_that_is_missing_or_old(known, tmp_path):
    path = tmp_path / "reports" / "clauses.html"
    (missing,) = page.audit_page(known, path)
    assert str(missing) == "reports/clauses.html: is not there; refws clauses audit --bless writes it"
    path.parent.mkdir()
    path.write_text(page.render(known))
    assert list(page.audit_page(known, path)) == []
    known.code["one:1-p1-s1/1"][0]["line"] += 1
    (old,) = page.audit_page(known, path)
    assert old.where == "reports/clauses.html"
    assert "another state" in old.what
    path.write_text("something else")
    assert len(list(page.audit_page(known, path))) == 1


@pytest.mark.parametrize("missing", ["jinja2", "pygments"])
def test_a_missing_extra_is_named_and_audits_do_without(known, monkeypatch, missing):
    for name in [
        name for name in sys.modules if name.split(".")[0] == missing or name == "refws.clauses.page.highlight"
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(page.MissingExtra, match=rf"the page needs {missing}.*pip install 'refws\[oracle\]'"):
        page.render(known)
    assert re.fullmatch("[0-9a-f]{32}", page.inputs(known))
