"""The page on other libraries in a real browser: it fits, whatever the width, with all its details open."""

import pytest

from conformance.agreement import run
from conformance.agreement.differences import read_rulings
from conformance.agreement.page import render
from conformance.agreement.report import Judged


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_scrolls_sideways(visit, tmp_path, width, scheme):
    finding = {"verdict": "FAIL", "clause": "rfc6455:5.5-p2-s2", "cases": ["5.5/" + "x" * 200], "why": "w" * 400}
    peers = [
        Judged(f"server-{number}", "library", "server", "1.2", {"rfc6455:5.5": {"FAIL": 9}}, [finding], 2, 2, [])
        for number in range(12)
    ]
    (tmp_path / "peers.html").write_text(render(peers, read_rulings(run.RULINGS)))
    page = visit((tmp_path / "peers.html").as_uri(), width, color_scheme=scheme)
    page.eval_on_selector_all("details", "found => found.forEach(one => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == width
