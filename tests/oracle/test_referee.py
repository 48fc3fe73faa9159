"""The referee as a whole: its clauses, and that refws' own conversations come out clean."""

import re
from pathlib import Path

from refws.clauses.ledger import lookup
from refws.oracle.referee import CLAUSES, Referee
from refws.oracle.referee.referee import BLAMED
from refws.oracle.referee.same import SAME
from refws.oracle.referee_deflate import CLAUSES as DEFLATE_CLAUSES
from refws.oracle.verdict import Role

HERE = Path(__file__).parent


def test_every_clause_is_one_of_the_ledger():
    for clause in CLAUSES:
        (record,) = lookup(clause)
        assert record.is_requirement


def test_every_clause_that_can_be_blamed_is_blamed_in_a_test():
    texts = "".join(path.read_text() for path in HERE.glob("test_referee_[hf]*.py"))
    quoted = set(re.findall(r'"((?:rfc\d+:)?[\d.]+-p[^"]*)"', texts))
    shown = {name if name.startswith("rfc") else f"rfc6455:{name}" for name in quoted}
    assert sorted(BLAMED - DEFLATE_CLAUSES - shown) == []


def test_what_says_the_same_is_said_of_a_clause_that_can_be_blamed():
    assert set(SAME) <= BLAMED


def test_nothing_is_judged_before_anything_has_come():
    referee = Referee()
    for role in Role:
        assert referee.findings(role) == []
        assert referee.judged(role) == frozenset()
