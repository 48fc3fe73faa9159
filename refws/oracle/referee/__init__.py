"""The referee judges what each side of a conversation sends, whoever plays it: a module for each section.

It knows the sender's obligations, and those to answer. How a side treats what it receives, cases show.
"""

from refws.oracle.referee.referee import CLAUSES, Referee

__all__ = ["CLAUSES", "Referee"]
