"""The ledger: every requirement of the RFCs that refws implements, and what shows that each is kept.

The modules, from the bottom: `ledger` has the records, `citations` finds where the source names them, `evidence` what
tests them, `reference` brings it together, `rfctext` takes an RFC's own text apart, `audit` compares all of it, `page`
draws it. `refws clauses` is the command.
"""

from refws.clauses.ledger import Clause, Document, UnknownClause, documents, lookup

__all__ = ["Clause", "Document", "UnknownClause", "documents", "lookup"]
