"""A ledger of two documents, one with hostile words in every field, and the RFC's text that goes with the other."""

from typing import Any

from refws.clauses import page
from refws.clauses.evidence import Evidence
from refws.clauses.ledger import Clause, Document
from refws.clauses.reference import Reference

HOSTILE = "</script><img src=x onerror=\"document.title='hostile'\">'" + "w" * 300
TEXT = """
1.  Greetings

   A peer MUST say hello before it says anything else.  It MAY add a
   Sec-WebSocket-
   Greeting.

   o  It MUST NOT shout.

   Warmth
      How warm a greeting is.

1.1.  Form

      hello = "hi" / "ho"
      name  = *ALPHA

     +-----+-----+
     | one | two |
     +-----+-----+

   Nothing here binds anybody.

2.  Farewells

   A peer SHOULD wave.
"""
LONG = [f"    step({number})" for number in range(1, 13)]


def clause(document: str, id_: str, **fields: Any) -> Clause:
    known = {"level": "MUST", "kind": "keyword", "who": ("both",), "rule": f"The rule of {id_}.", "digest": "0" * 12}
    return Clause(document, id_, **{"wire": "yes", **known, **fields})


def document(name: str, sections: dict[str, str], *clauses: Clause) -> Document:
    count = sum(one.is_requirement for one in clauses)
    return Document(name, f"Title of {name}", "https://example.org", count, sections, {one.id: one for one in clauses})


def code(line: int, first: int, *lines: str, path: str = "refws/one/s01.py", where: str = "greet") -> dict[str, Any]:
    return {"path": path, "line": line, "where": where, "first": first, "text": "\n".join(lines)}


def ledger() -> dict[str, Document]:
    first = document(
        "one",
        {"1": "Greetings", "1.1": "Form", "2": "Farewells"},
        clause("one", "1-p1-s1/1", who=("client",), obligation="sender", cases=("1.1-1.2", "7.*"), coverage="direct"),
        clause(
            "one", "1-p1-s1/2", who=("server", "application"), kind="def", wire="inside", rulings=(4,), errata=(77,)
        ),
        clause("one", "1-p1-s2", level="MAY", wire="no", excused="permission: nobody here adds one."),
        clause("one", "1-p2-s1", level="MUST NOT"),
        clause("one", "1.1-p1-s1", kind="abnf", todo="write it."),
        clause("one", "2-p1-s1", level="SHOULD", who=("browser",), cases=("*",), coverage="implicit"),
        clause("one", "2-p9-s1", level="meta", kind="meta", wire="no", rule="A sentence about the document."),
    )
    other = document(
        "two",
        {"1": HOSTILE},
        clause("two", "1-p1-s1", rule=HOSTILE, rulings=(5,)),
        clause("two", "1-p1-s2", excused=f"others: {HOSTILE}"),
    )
    return {"one": first, "two": other}


def source() -> dict[str, list[dict[str, Any]]]:
    """What cites each clause of the ledger."""
    return {
        "one:1-p1-s1/1": [
            code(4, 4, "    # §one:1-p1-s1/1 MUST greet", "    peer.greet()", path="refws/host/door.py"),
            code(
                9, 9, "    # §1-p1-s1/1 MUST greet; §1-p2-s1 MUST NOT shout; §9-p9-s9 MUST not be", '    say("hello")'
            ),
        ],
        "one:1-p1-s1/2": [code(20, 20, "# §1-p1-s1/2 MUST come first", "for step in steps:", *LONG)],
        "one:1-p2-s1": [
            code(
                41,
                40,
                "return (",
                "    # §1-p2-s1 MUST NOT shout",
                "    not loud",
                "    # another",
                "    and not long",
                ")",
            )
        ],
        "two:1-p1-s1": [code(1, 1, f"# §two:1-p1-s1 MUST {HOSTILE}", f'"""{HOSTILE}', 'second line"""', where="<b>")],
    }


class Known(Reference):
    """A reference that knows the small ledger; `code` and `tests` can be changed."""

    def __init__(self) -> None:
        self.code = source()
        tests = {
            "one:1-p1-s1/1": tuple(f"tests/test_{file}.py::test_{name}" for file in "ab" for name in ("x", "y", "z")),
            "one:1-p1-s1/2": ("tests/test_a.py::test_first",),
            "two:1-p1-s1": (f"tests/test_{HOSTILE}.py::test_{HOSTILE}",),
        }
        super().__init__(
            Evidence({name: tuple(one["path"] for one in found) for name, found in self.code.items()}, tests)
        )
        self.verdicts = {"1.1": ("OK", "OK"), "1.2": ("OK", "FAILED"), "7.1.1": ("INFORMATIONAL", "OK")}
        self.__dict__["rulings"] = {4: "who is first", 5: HOSTILE}

    def describe(self, clause: Clause) -> dict[str, Any]:
        return {**super().describe(clause), "code": self.code.get(clause.name, [])}


def use(monkeypatch, documents: dict[str, Document] | None = None) -> Known:
    """Make the small ledger the one that there is."""
    found = documents or ledger()
    monkeypatch.setattr("refws.clauses.reference.documents", lambda: found)
    monkeypatch.setattr(page.model, "documents", lambda: found)
    return Known()
