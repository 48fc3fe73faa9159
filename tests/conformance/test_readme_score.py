import pytest

from conformance.failure import HarnessFailure
from conformance.readme import BEGIN, END, put_score


def test_only_what_stands_between_the_marks_is_replaced(tmp_path):
    readme, summary = tmp_path / "README.md", tmp_path / "summary.md"
    readme.write_text(f"before\n{BEGIN}old\n{END}\nafter\n")
    for score in ("298 OK", "299 OK"):
        summary.write_text(f"{score}\n\n")
        put_score(readme, summary)
        assert readme.read_text() == f"before\n{BEGIN}{score}\n{END}\nafter\n"


@pytest.mark.parametrize("text", ["no marks", BEGIN, f"{END} {BEGIN}"])
def test_a_readme_without_a_place_for_it_is_left_alone(tmp_path, text):
    readme, summary = tmp_path / "README.md", tmp_path / "summary.md"
    readme.write_text(text)
    summary.write_text("298 OK")
    with pytest.raises(HarnessFailure, match="no place for the score"):
        put_score(readme, summary)
    assert readme.read_text() == text
