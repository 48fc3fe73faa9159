import pytest

from conformance import results as model
from conformance.failure import HarnessFailure
from conformance.results import Results
from conformance.source import check_blessed, digest
from conformance.testees import TESTEES


def test_the_digest_is_of_paths_and_texts(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "inner/b.py").write_text("2")
    first = digest(tmp_path)
    assert digest(tmp_path) == first
    (tmp_path / "notes.txt").write_text("not source")
    assert digest(tmp_path) == first
    (tmp_path / "inner/b.py").write_text("3")
    changed = digest(tmp_path)
    (tmp_path / "inner/b.py").rename(tmp_path / "b.py")
    assert len({first, changed, digest(tmp_path)}) == 3


def test_comments_and_the_ledger_do_not_count(tmp_path):
    (tmp_path / "a.py").write_text("# why\nx = '# no comment'  # because\n")
    before = digest(tmp_path)
    (tmp_path / "a.py").write_text("\nx = '# no comment'\n")
    (tmp_path / "clauses").mkdir()
    (tmp_path / "clauses/ledger.py").write_text("1")
    assert digest(tmp_path) == before
    (tmp_path / "a.py").write_text("x = '# another'\n")
    assert digest(tmp_path) != before


def test_an_octet_cannot_move_from_one_module_to_the_next(tmp_path):
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "b.py").write_text("23")
    before = digest(tmp_path)
    (tmp_path / "a.py").write_text("12")
    (tmp_path / "b.py").write_text("3")
    assert digest(tmp_path) != before


ALL = {testee.name: model.TesteeResults("refws", {}) for testee in TESTEES}


def test_reports_of_another_source_are_noticed():
    check_blessed(Results(ALL, source="0123"), "0123")
    for judged, told in (("4567", "source 4567"), ("", "source unknown")):
        with pytest.raises(HarnessFailure, match=f"{told}, and this is 0123: run"):
            check_blessed(Results({}, source=judged), "0123")


def test_reports_that_lack_a_host_are_noticed():
    with pytest.raises(HarnessFailure, match="the reports lack server-uvicorn: run"):
        check_blessed(Results({name: ALL[name] for name in ALL if name != "server-uvicorn"}, source="0123"), "0123")
