"""Lines of Python as HTML: a few classes for tokens, and links where a comment cites a requirement."""

import re
from collections.abc import Iterable

from markupsafe import Markup, escape
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Literal, Name, Operator, _TokenType

from refws.clauses.citations import ID
from refws.clauses.page.snippet import Snippet

__all__ = ["Highlighter"]

_CLASSES: tuple[tuple[_TokenType, str], ...] = (
    (Comment, "c"),
    (Keyword, "k"),
    (Operator.Word, "k"),
    (Literal.String, "s"),
    (Literal.Number, "n"),
    (Name.Function, "f"),
    (Name.Class, "f"),
    (Name.Decorator, "d"),
)
_CITED = re.compile(rf"(§(?:(\w+):)?({ID}))")


class Highlighter:
    """Draws snippets; `anchors` are the requirements' anchors on the page by their names."""

    def __init__(self, anchors: Iterable[tuple[str, str]]) -> None:
        self._anchors = dict(anchors)
        self._lexer = PythonLexer(stripnl=False, ensurenl=False)

    def lines(self, snippet: Snippet, name: str) -> list[Markup]:
        """One element for each line; the citation of the requirement called `name` stands out."""
        inner: list[list[Markup]] = [[]]
        # In the folder of a document its own name is understood.
        understood = snippet.path.split("/")[1]
        for kind, text in self._lexer.get_tokens("\n".join(snippet.lines)):
            shown = next((letter for known, letter in _CLASSES if kind in known), "")
            for place, piece in enumerate(text.split("\n")):
                if place:
                    inner.append([])
                inner[-1].append(self._piece(piece, shown, understood, name))
        return [
            Markup('<span class="l{}" data-n="{}">{}\n</span>').format(
                " m" if number in snippet.marked else "", number, Markup().join(pieces)
            )
            for number, pieces in enumerate(inner, snippet.first)
        ]

    def _piece(self, text: str, shown: str, understood: str, name: str) -> Markup:
        if not shown or not text:
            return escape(text)
        body = self._linked(text, understood, name) if shown == "c" else escape(text)
        return Markup('<i class="{}">{}</i>').format(shown, body)

    def _linked(self, comment: str, understood: str, name: str) -> Markup:
        drawn = Markup()
        start = 0
        for found in _CITED.finditer(comment):
            cited = f"{found[2] or understood}:{found[3]}"
            drawn += comment[start : found.start()]
            if cited == name:
                drawn += Markup("<b>{}</b>").format(found[1])
            elif cited in self._anchors:
                drawn += Markup('<a href="#{}">{}</a>').format(self._anchors[cited], found[1])
            else:
                drawn += found[1]
            start = found.end()
        return drawn + comment[start:]
